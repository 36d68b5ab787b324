"""The four ways to a token for the Admin API, each one request to Shopify.

The requests are `shopify_app`'s, apart from the authorization code's, which no library sends with
`expiring=1`. Nothing here is stored, and its `http_logs` are never looked at: they hold secrets.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import httpx
from shopify_app import (  # type: ignore[attr-defined]  # it exports them without saying so
    exchange_using_client_credentials,
    refresh_access_token,
    token_exchange,
)
from shopify_app.types import (
    AppConfig,
    IdTokenDetails,
    TokenExchangeResult,
)

from shopify.session_tokens import Identity
from shopify.transport import (
    ACCESS_LIVES_SECONDS,
    TOKEN_PATH,
    AnswerLostError,
    NotSentError,
    json_object,
)


@dataclass(frozen=True, slots=True)
class Granted:
    """A token and what may be done with it. `expires_at` None: it does not expire."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_at: datetime | None
    refresh_expires_at: datetime | None
    scopes: str
    staff: StaffFacts | None = None


@dataclass(frozen=True, slots=True)
class StaffFacts:
    """What Shopify tells of the person behind a session token."""

    name: str | None
    locale: str | None
    account_owner: bool


class Denied(StrEnum):
    """Why there is no token. `UNREACHABLE` says nothing of the token that there was."""

    GRANT_IS_DEAD = "grant_is_dead"
    CREDENTIALS_REFUSED = "credentials_refused"
    UNREACHABLE = "unreachable"
    UNEXPECTED = "unexpected"


# Shopify's error codes, and those with which `shopify_app` tells of its own troubles.
_DENIED = {
    "invalid_grant": Denied.GRANT_IS_DEAD,
    "invalid_subject_token": Denied.GRANT_IS_DEAD,
    "refresh_token_expired": Denied.GRANT_IS_DEAD,
    "invalid_client": Denied.CREDENTIALS_REFUSED,
    "network_error": Denied.UNREACHABLE,
    "server_error": Denied.UNREACHABLE,
    "rate_limit_exceeded": Denied.UNREACHABLE,
}
_LONGEST_NAME = 200


class Grants:
    """Asks Shopify for tokens in the app's name."""

    def __init__(self, http: httpx.Client, *, client_id: str, secret: str) -> None:
        self._http = http
        self._config = AppConfig(client_id=client_id, client_secret=secret, old_client_secret=None)

    def exchange(self, who: Identity, *, online: bool = False) -> Granted | Denied:
        """Exchange a session token for an expiring offline token, or for one of the person's."""
        about = IdTokenDetails(exchangeable=True, token=who.token, claims=who.claims)
        try:
            result = token_exchange(
                "online" if online else "offline",
                self._config,
                id_token=about,
                expiring=True,
                http_client=self._http,
            )
        except (NotSentError, AnswerLostError):
            return Denied.UNREACHABLE
        return _read(result)

    def refresh(self, domain: str, refresh_token: str) -> Granted | Denied:
        """Exchange a refresh token for two new ones."""
        # Without an expiry, because the library would else judge for itself whether it is time.
        old = {
            "shop": domain.removesuffix(".myshopify.com"),
            "refresh_token": refresh_token,
            "expires": "",
            "refresh_token_expires": "",
            "access_mode": "offline",
        }
        try:
            return _read(refresh_access_token(old, self._config, self._http))
        except (NotSentError, AnswerLostError):
            return Denied.UNREACHABLE

    def client_credentials(self, domain: str) -> Granted | Denied:
        """Get a day's token for a shop that belongs to whoever owns the app."""
        name = domain.removesuffix(".myshopify.com")
        try:
            result = exchange_using_client_credentials(name, self._config, self._http)
        except (NotSentError, AnswerLostError):
            return Denied.UNREACHABLE
        token = result.access_token
        if not result.ok or token is None or not token.token:
            return _DENIED.get(result.log.code, Denied.UNEXPECTED)
        return Granted(
            access_token=token.token,
            refresh_token=None,
            expires_at=_moment(token.expires) or _in(ACCESS_LIVES_SECONDS),
            refresh_expires_at=None,
            scopes=token.scope or "",
        )

    def authorization_code(self, domain: str, code: str) -> Granted | Denied:
        """Exchange what a merchant's browser brought back from an install."""
        form = {
            "client_id": self._config["client_id"],
            "client_secret": self._config["client_secret"],
            "code": code,
            "expiring": 1,
        }
        try:
            answer = self._http.post(f"https://{domain}{TOKEN_PATH}", json=form)
        except (NotSentError, AnswerLostError):
            return Denied.UNREACHABLE
        told = json_object(answer.content) or {}
        token = told.get("access_token")
        if answer.is_success and isinstance(token, str) and token:
            refresh = told.get("refresh_token")
            expires_in = told.get("expires_in")
            return Granted(
                access_token=token,
                refresh_token=refresh or None,
                expires_at=None if expires_in is None else _in(expires_in),
                refresh_expires_at=_in(told["refresh_token_expires_in"]) if refresh else None,
                scopes=str(told.get("scope") or ""),
            )
        if answer.is_server_error or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            return Denied.UNREACHABLE
        if told.get("error") == "invalid_request":
            return Denied.GRANT_IS_DEAD  # the code was used, or is older than its minute
        return _DENIED.get(str(told.get("error")), Denied.UNEXPECTED)


def _read(result: TokenExchangeResult) -> Granted | Denied:
    token = result.access_token
    if not result.ok or token is None or not token.token:
        return _DENIED.get(result.log.code, Denied.UNEXPECTED)
    user = token.user
    staff = None
    if user is not None:
        name = f"{user.first_name or ''} {user.last_name or ''}".strip()[:_LONGEST_NAME]
        staff = StaffFacts(
            name=name or None,
            locale=(user.locale or "")[:20] or None,
            account_owner=user.account_owner is True,
        )
    return Granted(
        access_token=token.token,
        refresh_token=token.refresh_token or None,
        expires_at=_moment(token.expires),
        refresh_expires_at=_moment(token.refresh_token_expires) if token.refresh_token else None,
        scopes=token.scope or "",
        staff=staff,
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def _in(seconds: int) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)
