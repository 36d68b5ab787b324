"""Twilio, through its own library.

The library is Twilio's; its HTTP transport is ours, for three reasons: its default has no timeout,
it keeps the last response on the shared client (the pattern that mixed up answers in its C#
sibling), and its hosts are fixed, while a stand-in must be able to take their place.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import requests
import twilio.rest.api  # noqa: F401 - else loaded at the first text, by all threads at once
from requests.adapters import HTTPAdapter
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.base.values import unset
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from sms.carriers.protocol import (
    Accepted,
    Account,
    Ambiguous,
    CarrierMessage,
    CarrierUnavailableError,
    NothingSent,
    Refused,
    SendOutcome,
)
from sms.consent.gate import Cleared

# Twilio drops what it could not hand on within this many seconds; its own limits are 1 and 36000.
SHORTEST_VALIDITY, LONGEST_VALIDITY = 6, 36_000


class _Transport(HttpClient):  # type: ignore[misc]  # the library ships no types
    """Pooled connections with a timeout, one pool for all accounts, and no retries at all."""

    def __init__(self, *, timeout: float, pool_size: int, base_url: str | None) -> None:
        self._timeout = timeout
        self._base_url = base_url
        self._session = requests.Session()
        adapter = HTTPAdapter(pool_connections=4, pool_maxsize=pool_size, max_retries=0)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        # The environment's proxies and .netrc are no business of a carrier's credentials.
        self._session.trust_env = False

    def request(  # noqa: PLR0917 - the library's signature
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,  # noqa: FBT001, FBT002 - as above
    ) -> Response:
        answer = self._session.request(
            method,
            self._placed(url),
            params=params,
            data=data,
            headers=headers,
            auth=auth,
            timeout=timeout or self._timeout,
            allow_redirects=allow_redirects,
        )
        return Response(answer.status_code, answer.text, answer.headers)

    def _placed(self, url: str) -> str:
        if self._base_url is None:
            return url
        parts = urlsplit(url)
        return self._base_url + parts.path + (f"?{parts.query}" if parts.query else "")


class Twilio:
    """The adapter. One for the whole process; clients are kept per account and thread."""

    name = "twilio"

    def __init__(self, *, timeout: float, pool_size: int, base_url: str | None = None) -> None:
        self._transport = _Transport(timeout=timeout, pool_size=pool_size, base_url=base_url)
        self._clients = threading.local()

    def send(
        self,
        cleared: Cleared,
        account: Account,
        *,
        status_url: str,
        valid_seconds: int | None,
        on_begin: Callable[[], None],
    ) -> SendOutcome:
        """Hand one text over. See `sms.carriers.protocol.Carrier.send`."""
        client = self.client(account)
        text = cleared.text
        service = text.sender.startswith("MG")
        on_begin()
        try:
            created = client.messages.create(
                to=text.to,
                # It takes words, pictures or both, but not an empty one of either.
                body=text.body or unset,
                media_url=list(text.media) or unset,
                from_=unset if service else text.sender,
                messaging_service_sid=text.sender if service else unset,
                status_callback=status_url,
                validity_period=_within_limits(valid_seconds),
                smart_encoded=True,
            )
        except TwilioRestException as error:
            return _refusal(error)
        except requests.ConnectTimeout as error:
            return NothingSent(type(error).__name__)
        except requests.ConnectionError as error:
            return _was_never_connected(error)
        except (requests.RequestException, TwilioException, ValueError) as error:
            # An answer that cannot be read may still have been a yes.
            return Ambiguous(type(error).__name__)
        return Accepted(str(created.sid))

    def texts_to(self, account: Account, to: str, *, since: datetime) -> Sequence[CarrierMessage]:
        """List what Twilio has for a number. See `sms.carriers.protocol.Carrier.texts_to`.

        There is no filter on DateSent: it is null until a text was sent, so it would hide exactly
        the ones that are looked for.
        """
        found = []
        try:
            for record in self.client(account).messages.stream(to=to, page_size=200):
                if record.date_created is not None and record.date_created < since:
                    break
                found.append(_as_carrier_message(record))
        except (requests.RequestException, TwilioException, ValueError) as error:
            raise CarrierUnavailableError(type(error).__name__) from error
        return found

    def client(self, account: Account) -> Any:
        """Return Twilio's own client for an account, on this adapter's connections."""
        clients: dict[tuple[str, str], Client] = self._clients.__dict__.setdefault("by_account", {})
        known = (account.sid, account.auth_token)
        if known not in clients:
            clients[known] = Client(account.sid, account.auth_token, http_client=self._transport)
        return clients[known]


def _refusal(error: TwilioRestException) -> SendOutcome:
    # "Sending an SMS is not idempotent": after a 5xx it may have been sent (Twilio, error 20500).
    if error.status >= requests.codes.server_error:
        return Ambiguous(f"HTTP {error.status}")
    if error.status == requests.codes.too_many_requests:
        return Refused(20429)
    return Refused(int(error.code or error.status))


def _was_never_connected(error: requests.ConnectionError) -> SendOutcome:
    """Tell a connection that never came about from one that broke after the request began."""
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    if type(reason).__name__ in {
        "NewConnectionError",
        "NameResolutionError",
        "ConnectTimeoutError",
    }:
        return NothingSent(type(reason).__name__)
    return Ambiguous(type(error).__name__)


def _within_limits(seconds: int | None) -> object:
    if seconds is None:
        return unset
    return min(max(seconds, SHORTEST_VALIDITY), LONGEST_VALIDITY)


def _as_carrier_message(record: Any) -> CarrierMessage:
    return CarrierMessage(
        carrier_id=str(record.sid),
        to=str(record.to),
        sender=str(record.from_ or record.messaging_service_sid or ""),
        body=str(record.body or ""),
        status=str(record.status),
        error_code=int(record.error_code) if record.error_code else None,
        created_at=record.date_created or datetime.now(UTC),
        inbound=str(record.direction) == "inbound",
    )
