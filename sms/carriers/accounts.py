"""A shop's accounts with a carrier: connecting one, and reading its credentials when needed."""

from __future__ import annotations

import re
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select

from models import CarrierAccount, Sender, ShopSession, new_id
from models.enums import Registration, SenderType
from sms.carriers.protocol import Account

# What the carriers give a sender before anyone asks for more, in segments a second (Twilio:
# toll-free 3, 10DLC of the lowest trust 4, short code 100).
USUAL_PACE = {
    SenderType.TOLL_FREE: Decimal(3),
    SenderType.LONG_CODE: Decimal(4),
    SenderType.SHORT_CODE: Decimal(100),
    SenderType.MESSAGING_SERVICE: Decimal(4),
}


_ACCOUNT_SID = re.compile("AC[0-9a-fA-F]{32}")
_ACCOUNT_KEY = re.compile("[A-Za-z0-9_-]{1,64}")
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}|[0-9]{3,8}|MG[0-9a-fA-F]{32}")
_FASTEST = Decimal(1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What a merchant enters to connect a number. `number` is E.164, a short code or an MG sid.

    Raises:
        ValueError: one of them cannot be what it should be; the message is a sentence.
    """

    account_sid: str
    auth_token: str
    number: str
    type: SenderType
    registration: Registration
    answers_stop_itself: bool
    segments_per_second: Decimal | None = None
    account_key: str | None = None

    def __post_init__(self) -> None:
        if not _ACCOUNT_SID.fullmatch(self.account_sid):
            raise ValueError("The account SID is AC and 32 hexadecimal digits.")
        if not _NUMBER.fullmatch(self.number):
            raise ValueError(
                f"{self.number} is not a number to text from: write it as +12065550155, "
                "or give a short code or a messaging service (MG...)."
            )
        if self.account_key is not None and not _ACCOUNT_KEY.fullmatch(self.account_key):
            raise ValueError("The account key is 1 to 64 letters, digits, _ and -.")
        pace = self.segments_per_second
        if pace is not None and not (pace.is_finite() and Decimal("0.01") <= pace <= _FASTEST):
            raise ValueError(f"The pace is 0.01 to {_FASTEST} segments a second.")


def credentials_of(session: ShopSession, account_id: uuid.UUID) -> Account:
    """Decrypt the credentials of one account, for a request that is about to be made."""
    row = session.get_one(CarrierAccount, account_id)
    token = session.vault.decrypt(row.auth_token_encrypted).decode()
    return Account(sid=row.account_sid, key=row.account_key, auth_token=token)


def connect(session: ShopSession, connection: Connection, *, now: datetime) -> CarrierAccount:
    """Connect a carrier account and a number, or bring what is connected up to date.

    Raises:
        sqlalchemy.exc.IntegrityError: the number belongs to another shop.
    """
    account = session.scalars(
        select(CarrierAccount).where(CarrierAccount.account_sid == connection.account_sid)
    ).first()
    if account is None:
        account = CarrierAccount(
            id=new_id(),
            carrier="twilio",
            account_sid=connection.account_sid,
            account_key=connection.account_key or secrets.token_urlsafe(18),
            auth_token_encrypted=b"",
            answers_stop_itself=False,
            created_at=now,
        )
        session.add(account)
    account.auth_token_encrypted = session.vault.encrypt(connection.auth_token.encode())
    account.answers_stop_itself = connection.answers_stop_itself
    session.flush()
    _connect_number(session, account, connection, now=now)
    return account


def disconnect(session: ShopSession, sender: Sender, *, now: datetime) -> None:
    """Let nothing leave from a number any more, and forget its account's token.

    The rows stay for the texts that name them. In the token's place comes one that nobody knows:
    with an empty one, anyone could sign a webhook.
    """
    sender.disconnected_at = now
    others = select(Sender.id).where(
        Sender.carrier_account_id == sender.carrier_account_id,
        Sender.id != sender.id,
        Sender.disconnected_at.is_(None),
    )
    if session.scalars(others.limit(1)).first() is None:
        account = session.get_one(CarrierAccount, sender.carrier_account_id)
        account.auth_token_encrypted = session.vault.encrypt(secrets.token_hex(32).encode())
    session.flush()


def _connect_number(
    session: ShopSession, account: CarrierAccount, connection: Connection, *, now: datetime
) -> None:
    sender = session.scalars(select(Sender).where(Sender.number == connection.number)).first()
    if sender is None:
        sender = Sender(
            id=new_id(),
            carrier_account_id=account.id,
            number=connection.number,
            type=connection.type,
            registration=connection.registration,
            segments_per_second=USUAL_PACE[connection.type],
            lease_fence=0,
            created_at=now,
        )
        session.add(sender)
    sender.carrier_account_id = account.id
    sender.disconnected_at = None
    sender.type = connection.type
    sender.registration = connection.registration
    if connection.segments_per_second is not None:
        sender.segments_per_second = connection.segments_per_second
    session.flush()
