"""What Parley needs from a carrier, whichever it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sms.consent.gate import Cleared


@dataclass(frozen=True, slots=True)
class Account:
    """The credentials of one shop with a carrier."""

    sid: str
    key: str
    auth_token: str

    def __repr__(self) -> str:
        """Show nothing that opens the account: tracebacks print their values."""
        return f"Account(sid={self.sid!r})"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The carrier has the text and named it."""

    carrier_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The carrier said no, so nothing left. `code` is the carrier's own; 0 when it gave none."""

    code: int


@dataclass(frozen=True, slots=True)
class NothingSent:
    """No connection came about: the text did not leave, and may be tried again."""

    detail: str


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """The answer was lost. The text may have left; it must be looked for, never just repeated."""

    detail: str


SendOutcome = Accepted | Refused | NothingSent | Ambiguous


@dataclass(frozen=True, slots=True)
class CarrierMessage:
    """A text as the carrier's list shows it. `status` and `error_code` are the carrier's own."""

    carrier_id: str
    to: str
    sender: str
    body: str
    status: str
    error_code: int | None
    created_at: datetime
    inbound: bool


class CarrierUnavailableError(Exception):
    """The carrier could not be asked. Nothing is known; ask again later."""


class Carrier(Protocol):
    """One carrier. Safe to use from many threads at once."""

    name: str

    def send(
        self,
        cleared: Cleared,
        account: Account,
        *,
        status_url: str,
        valid_seconds: int | None,
        on_begin: Callable[[], None],
    ) -> SendOutcome:
        """Hand one text to the carrier, in one request that is never repeated here.

        `on_begin` is called right before the request starts; where it raises, the request must not
        start, and the exception goes on to the caller. `valid_seconds` is how long the
        carrier may keep the text before it drops it.
        """

    def texts_to(self, account: Account, to: str, *, since: datetime) -> Sequence[CarrierMessage]:
        """List what the carrier has for this number from `since` on, newest first.

        Raises:
            CarrierUnavailableError: it did not answer.
        """
