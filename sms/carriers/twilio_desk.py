"""Twilio's accounts and numbers, through the same library and transport as its texts."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException

from sms.carriers.checks import (
    TRY_ONCE_MORE,
    AccountClosed,
    Check,
    Found,
    NumberNotThere,
    Webhook,
    WrongCredentials,
)
from sms.carriers.protocol import Account, CarrierUnavailableError
from sms.carriers.twilio import Twilio

# How many of the account's numbers are named to someone who entered another one.
MOST_NAMED = 5
# What a number points at when it is bought (Twilio's console).
_DEMONSTRATION = "demo.twilio.com"
_UNREACHABLE = (requests.RequestException, TwilioException, ValueError)


class TwilioDesk:
    """See `sms.carriers.checks.CarrierDesk`."""

    def __init__(self, twilio: Twilio) -> None:
        self._twilio = twilio

    def check(self, account: Account, number: str, *, inbound_url: str | None) -> Check:
        """See `sms.carriers.checks.CarrierDesk.check`."""
        try:
            client = self._twilio.client(account)
            record = client.api.v2010.accounts(account.sid).fetch()
            if record.status != "active":
                return AccountClosed(str(record.status))
            if not number.startswith("+"):
                # Short codes and services keep their webhooks elsewhere in Twilio's API.
                return Found(
                    account_name=str(record.friendly_name),
                    number_id=None,
                    webhook=Webhook.UNKNOWN,
                )
            numbers = client.incoming_phone_numbers.list(phone_number=number, limit=1)
            if not numbers:
                return NumberNotThere(_others(client))
        except TwilioRestException as error:
            if error.status in {requests.codes.unauthorized, requests.codes.not_found}:
                return WrongCredentials()
            raise CarrierUnavailableError(f"HTTP {error.status}") from error
        except _UNREACHABLE as error:
            raise CarrierUnavailableError(type(error).__name__) from error
        return _found(str(record.friendly_name), numbers[0], inbound_url)

    def point_at(self, account: Account, number_id: str, inbound_url: str) -> None:
        """See `sms.carriers.checks.CarrierDesk.point_at`."""
        try:
            number = self._twilio.client(account).incoming_phone_numbers(number_id)
            number.update(sms_url=inbound_url + TRY_ONCE_MORE, sms_method="POST")
        except _UNREACHABLE as error:
            raise CarrierUnavailableError(type(error).__name__) from error


def _others(client: Any) -> tuple[str, ...]:
    records = client.incoming_phone_numbers.list(limit=MOST_NAMED)
    return tuple(str(record.phone_number) for record in records)


def _found(account_name: str, record: Any, inbound_url: str | None) -> Found:
    """Compare addresses without their fragment: it only says how often to try."""
    current = str(record.sms_url or "")
    there = current.partition("#")[0]
    if inbound_url is not None and there == inbound_url and record.sms_method == "POST":
        webhook = Webhook.OURS
    elif not there or urlsplit(there).hostname == _DEMONSTRATION:
        webhook = Webhook.EMPTY
    else:
        webhook = Webhook.ELSEWHERE
    return Found(
        account_name=account_name,
        number_id=str(record.sid),
        webhook=webhook,
        elsewhere=there if webhook is Webhook.ELSEWHERE else None,
    )
