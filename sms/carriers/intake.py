"""What the carrier calls us for. Nothing is believed before the signature and the number fit."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionError
from twilio.request_validator import (
    RequestValidator,
    get_signature_algorithm,
)

from models import (
    CarrierAccount,
    Database,
    OutboxEntry,
    Sender,
    ShopSession,
    WebhookReceipt,
    new_id,
)
from models.across_shops import InShop, carrier_account_of_key
from models.enums import ReceiptStatus, WebhookSource
from sms.inbox.inbound import answer_at_the_door, read_inbound
from sms.work import UnusablePayloadError

log = structlog.get_logger(__name__)

CARRIER_INBOUND = "carrier_inbound"
CARRIER_STATUS = "carrier_status"
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Call:
    """A webhook as it came: the address it was signed for, its form fields and headers."""

    url: str
    form: Mapping[str, str]
    signature: str
    signature_settings: str
    message_id: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What to answer; `code` says why, for the log."""

    status: HTTPStatus
    code: str


FORBIDDEN = HTTPStatus.FORBIDDEN


class CarrierIntake:
    """Takes the carrier's webhooks in: check, commit, answer. The work is done later, by a job."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def receive_inbound(self, account_key: str, call: Call) -> Answer:
        """Take a shopper's text in. An opt-out word takes effect before this returns."""
        return self._receive(account_key, call, WebhookSource.CARRIER_INBOUND)

    def receive_status(self, account_key: str, call: Call) -> Answer:
        """Take news about one of our texts in."""
        return self._receive(account_key, call, WebhookSource.CARRIER_STATUS)

    def _receive(self, account_key: str, call: Call, source: WebhookSource) -> Answer:
        try:
            return _logged(self._answer(account_key, call, source), source)
        except (OperationalError, NoConnectionError):
            # The carrier tries once more; what it gives up on, the reconciler asks it for.
            unavailable = Answer(HTTPStatus.SERVICE_UNAVAILABLE, "database_unavailable")
            return _logged(unavailable, source)

    def _answer(self, account_key: str, call: Call, source: WebhookSource) -> Answer:
        if not _is_plain(account_key):
            return Answer(FORBIDDEN, "unknown_account")
        with self._database.shared_session() as session:
            account = carrier_account_of_key(session, account_key)
        if account is None:
            return Answer(FORBIDDEN, "unknown_account")
        with self._database.shop_session(account.shop_id) as session:
            refused = _refuse(session, account, call, source)
            return refused or self._commit(session, account, call, source)

    def _commit(
        self, session: ShopSession, account: InShop, call: Call, source: WebhookSource
    ) -> Answer:
        now = self._clock()
        receipt_id = _keep(session, account, call, source, now=now)
        if receipt_id is None:
            return Answer(HTTPStatus.OK, "duplicate")
        message_id = call.message_id if _is_plain(call.message_id or "") else None
        args: dict[str, str | bool | None] = {"m": message_id}
        if source is WebhookSource.CARRIER_INBOUND:
            args = _at_the_door(session, call.form, now=now)
        kind = CARRIER_INBOUND if source is WebhookSource.CARRIER_INBOUND else CARRIER_STATUS
        session.add(
            OutboxEntry(
                kind=kind,
                receipt_id=receipt_id,
                args=args,
                run_after=now,
                attempts=0,
                created_at=now,
            )
        )
        session.wake(kind)
        return Answer(HTTPStatus.OK, "received")


def _refuse(
    session: ShopSession, account: InShop, call: Call, source: WebhookSource
) -> Answer | None:
    row = session.get_one(CarrierAccount, account.id)
    if not _signed(session, row, call):
        return Answer(FORBIDDEN, "bad_signature")
    if call.form.get("AccountSid") != row.account_sid:
        return Answer(FORBIDDEN, "foreign_account")
    ours = "To" if source is WebhookSource.CARRIER_INBOUND else "From"
    named = (call.form.get(ours, ""), call.form.get("MessagingServiceSid", ""))
    numbers = [name for name in named if _is_plain(name)]
    owned = session.scalars(
        select(Sender.id).where(Sender.carrier_account_id == row.id, Sender.number.in_(numbers))
    ).first()
    return None if owned is not None else Answer(FORBIDDEN, "foreign_number")


def _signed(session: ShopSession, account: CarrierAccount, call: Call) -> bool:
    """Check Twilio's signature over the public address and the fields.

    It is made with the auth token, or with a shared key where the account has one (both HMAC).
    """
    secret = account.auth_token_encrypted
    if call.signature_settings:
        if account.webhook_shared_key_encrypted is None:
            return False
        secret = account.webhook_shared_key_encrypted
    if not call.signature.isascii():
        return False
    validator = RequestValidator(session.vault.decrypt(secret).decode())
    algorithm = get_signature_algorithm(call.signature_settings)
    return bool(validator.validate(call.url, call.form, call.signature, algorithm))


def _keep(
    session: ShopSession, account: InShop, call: Call, source: WebhookSource, *, now: datetime
) -> uuid.UUID | None:
    """Store the webhook, or return None if it was stored before."""
    receipt_id: uuid.UUID | None = session.execute(
        insert(WebhookReceipt)
        .values(
            id=new_id(),
            shop_id=session.shop_id,
            source=source,
            external_id=_identity(call.form, source),
            topic=source,
            carrier_account_id=account.id,
            body_encrypted=session.vault.encrypt_json(dict(call.form)),
            status=ReceiptStatus.RECEIVED,
            triggered_at=now,
            received_at=now,
        )
        .on_conflict_do_nothing(index_elements=["source", "external_id"])
        .returning(WebhookReceipt.id)
    ).scalar_one_or_none()
    return receipt_id


def _identity(form: Mapping[str, str], source: WebhookSource) -> str:
    """Name this piece of news. The signature does not expire, so only this stops a replay."""
    sid = form.get("MessageSid", "")
    name = sid
    if source is WebhookSource.CARRIER_STATUS:
        name = f"{sid}:{form.get('MessageStatus', '')}:{form.get('ErrorCode', '')}"
    if sid and _is_plain(name):
        return name
    body = json.dumps(sorted(form.items())).encode()
    return f"no-sid:{hashlib.sha256(body).hexdigest()}"


def _is_plain(name: str) -> bool:
    """Say whether this can be one of our or the carrier's names: PostgreSQL refuses a NUL."""
    return name.isascii() and name.isprintable() and len(name) <= _LONGEST_NAME


def _at_the_door(
    session: ShopSession, form: Mapping[str, str], *, now: datetime
) -> dict[str, str | bool | None]:
    try:
        text = read_inbound(form, received_at=now)
    except UnusablePayloadError:
        # Kept; the job will say in the receipt what is wrong with it.
        return {}
    door = answer_at_the_door(session, text, now=now)
    return {
        "intent": door.intent,
        "decided_by": door.decided_by,
        "newly_revoked": door.newly_revoked,
    }


def _logged(answer: Answer, source: WebhookSource) -> Answer:
    log.info("carrier_webhook", source=source, status=int(answer.status), code=answer.code)
    return answer
