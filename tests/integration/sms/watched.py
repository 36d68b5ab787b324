"""A carrier with a hand on it, for races: before a request, as it begins, and after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sms.carriers.protocol import Account, Carrier, CarrierMessage, SendOutcome
from sms.consent.gate import Cleared


def _goes_on(_: Cleared) -> None:
    """Nothing happens before the request."""


def _as_it_is(_: Cleared, outcome: SendOutcome) -> SendOutcome:
    return outcome


@dataclass
class Watched:
    """A carrier in this process, where a race needs a hand on it: before and after a request."""

    carrier: Carrier
    before: Callable[[Cleared], None] = _goes_on
    begins: Callable[[Cleared], None] = _goes_on
    after: Callable[[Cleared, SendOutcome], SendOutcome] = _as_it_is
    name: str = "twilio"

    def send(
        self,
        cleared: Cleared,
        account: Account,
        *,
        status_url: str,
        valid_seconds: int | None,
        on_begin: Callable[[], None],
    ) -> SendOutcome:
        def begin() -> None:
            on_begin()
            self.begins(cleared)

        self.before(cleared)
        outcome = self.carrier.send(
            cleared,
            account,
            status_url=status_url,
            valid_seconds=valid_seconds,
            on_begin=begin,
        )
        return self.after(cleared, outcome)

    def texts_to(self, account: Account, to: str, *, since: datetime) -> Sequence[CarrierMessage]:
        return self.carrier.texts_to(account, to, since=since)
