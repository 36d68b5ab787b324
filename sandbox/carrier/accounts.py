"""The accounts this carrier knows: who may send, from which numbers, and who answers STOP."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


class AccountLike(Protocol):
    """What the carrier needs of an account described elsewhere (`sandbox/world.py`)."""

    @property
    def account_sid(self) -> str: ...
    @property
    def auth_token(self) -> str: ...
    @property
    def account_key(self) -> str: ...
    @property
    def number(self) -> str: ...
    @property
    def number_type(self) -> str: ...
    @property
    def brand(self) -> str: ...
    @property
    def answers_stop_itself(self) -> bool: ...


@dataclass(frozen=True)
class Account:
    """One customer of the carrier with one number.

    `answers_stop_itself` false means the carrier's own opt-out handling was switched off, so the
    app hears STOP and has to act. True means the toll-free network (`number_type` "toll_free") or
    Twilio's default word filter (any other type) blocks and replies by itself.
    `advanced_opt_out` adds OptOutType to inbound webhooks, as Twilio's paid feature does.
    `sms_url` is where inbound texts go until someone configures the number over REST.
    """

    account_sid: str
    auth_token: str
    number: str
    number_type: str = "10dlc"
    brand: str = ""
    answers_stop_itself: bool = True
    advanced_opt_out: bool = False
    messaging_service_sid: str | None = None
    sms_url: str = ""

    @property
    def number_sid(self) -> str:
        """The same number has the same PN sid after every restart."""
        digest = hashlib.sha256(f"{self.account_sid}{self.number}".encode()).hexdigest()
        return f"PN{digest[:32]}"

    @property
    def is_toll_free(self) -> bool:
        return self.number_type == "toll_free"

    @classmethod
    def described_by(cls, other: AccountLike, *, parley_url: str = "") -> Account:
        """An account of the sandbox's world; its inbound texts go to Parley at `parley_url`.

        The `#rc=5&rp=all` fragment asks the carrier to retry, as Parley's own set-up guide does.
        """
        path = f"/webhooks/twilio/{other.account_key}/inbound#rc=5&rp=all"
        return cls(
            account_sid=other.account_sid,
            auth_token=other.auth_token,
            number=other.number,
            number_type=other.number_type,
            brand=other.brand,
            answers_stop_itself=other.answers_stop_itself,
            sms_url=parley_url.rstrip("/") + path if parley_url else "",
        )


def read_accounts(path: Path) -> tuple[Account, ...]:
    """Read a JSON list of objects with `Account`'s field names. Raises `ValueError` on nonsense."""
    rows = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(rows, list):
        raise ValueError(f"{path} must hold a JSON list of accounts")
    return tuple(_account(row) for row in rows)


def _account(row: Mapping[str, Any]) -> Account:
    unknown = set(row) - set(Account.__dataclass_fields__)
    if unknown:
        raise ValueError(f"unknown account fields: {', '.join(sorted(unknown))}")
    return Account(**row)


class Directory:
    """Finds an account by its sid or by a number it owns."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self.accounts = tuple(accounts)
        self._by_sid = {account.account_sid: account for account in self.accounts}
        self._by_number = {account.number: account for account in self.accounts}

    def by_sid(self, account_sid: str) -> Account | None:
        return self._by_sid.get(account_sid)

    def by_number(self, number: str) -> Account | None:
        return self._by_number.get(number)

    def brand_of(self, number: str) -> str:
        """The name a phone shows for a number; the number itself when it is nobody's."""
        account = self._by_number.get(number)
        return (account.brand if account else "") or number
