"""Whether an account and a number at a carrier are as Parley needs them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from sms.carriers.protocol import Account

# Twilio tries a failing webhook once more only if it is told to, in the address's fragment.
TRY_ONCE_MORE = "#rc=5&rp=all"


class Webhook(StrEnum):
    """Where the carrier takes what people text. `UNKNOWN`: it does not say for this kind of sender.

    `EMPTY` counts a carrier's own demonstration page, which a new number comes with.
    """

    OURS = "ours"
    EMPTY = "empty"
    ELSEWHERE = "elsewhere"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The account is open and the number is in it. `elsewhere` is the address in Parley's place."""

    account_name: str
    number_id: str | None
    webhook: Webhook
    elsewhere: str | None = None


@dataclass(frozen=True, slots=True)
class WrongCredentials:
    """The carrier knows no such account with this token."""


@dataclass(frozen=True, slots=True)
class AccountClosed:
    """The account may not be used; `status` is the carrier's own word for it."""

    status: str


@dataclass(frozen=True, slots=True)
class NumberNotThere:
    """The number is not in this account; `others` are, E.164, a few of them."""

    others: tuple[str, ...]


Check = Found | WrongCredentials | AccountClosed | NumberNotThere


class CarrierDesk(Protocol):
    """Asking a carrier about accounts and numbers, and telling it where texts are to go."""

    def check(self, account: Account, number: str, *, inbound_url: str | None) -> Check:
        """Look at an account and a number in it.

        Args:
            account: the credentials to try; `key` is not used.
            number: E.164, a short code or a service's id.
            inbound_url: where what people text should go; None while nobody knows yet.

        Raises:
            CarrierUnavailableError: the carrier did not answer.
        """

    def point_at(self, account: Account, number_id: str, inbound_url: str) -> None:
        """Have the carrier take what people text to `inbound_url`, and try twice.

        Raises:
            CarrierUnavailableError: the carrier did not answer, or refused.
        """
