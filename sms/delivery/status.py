"""What the carrier tells about a text after it took it. News may repeat and overtake itself."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select, update

from models import Contact, Conversation, Message, ShopSession
from models.enums import MessageStatus, Purpose
from sms.carriers.errors import Action, explain
from sms.consent.reasons import Reason
from sms.delivery.outbound import Queued, queue_message
from sms.delivery.outcomes import learn_from_error

log = structlog.get_logger(__name__)

# Twilio's words for ours. What it says of inbound texts, or may say one day, moves nothing.
FROM_CARRIER = {
    "queued": MessageStatus.ACCEPTED,
    "accepted": MessageStatus.ACCEPTED,
    "scheduled": MessageStatus.ACCEPTED,
    "sending": MessageStatus.ACCEPTED,
    "sent": MessageStatus.SENT,
    "delivered": MessageStatus.DELIVERED,
    "undelivered": MessageStatus.UNDELIVERED,
    "failed": MessageStatus.FAILED,
    "canceled": MessageStatus.CANCELLED,
    "read": MessageStatus.READ,
}
# Statuses only move up. Those that never left have the lowest rank: a carrier that has the text
# knows better than our belief that it stayed here. No two ranks are equal, so that the end does not
# depend on the order in which news arrives.
_RANK = {
    MessageStatus.ACCEPTED: 2,
    MessageStatus.SENT: 3,
    MessageStatus.CANCELLED: 4,
    MessageStatus.FAILED: 5,
    MessageStatus.UNDELIVERED: 6,
    MessageStatus.DELIVERED: 7,
    MessageStatus.READ: 8,
}
_ARRIVED = frozenset({MessageStatus.DELIVERED, MessageStatus.READ})
# A report of these says that the text did not arrive for a passing reason.
_PASSING = frozenset({Action.RETRY, Action.HOLD_UNTIL_TOMORROW})
_AGAIN = "again:"


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierNews:
    """One status of one text. `message_id` is ours, from the address we asked to be called at."""

    message_id: uuid.UUID | None
    carrier_id: str
    status: str
    error_code: int | None


def apply_news(session: ShopSession, news: CarrierNews, *, now: datetime) -> bool:
    """Move a text's status up if the news is newer; return whether the text is one of ours."""
    message = _find(session, news)
    if message is None:
        return False
    if message.carrier_id is None:
        message.carrier_id = news.carrier_id
    elif message.carrier_id != news.carrier_id:
        log.error("two_carrier_ids", message_id=str(message.id), carrier_id=news.carrier_id)
        return True
    status = FROM_CARRIER.get(news.status)
    if status is not None and _RANK[status] > rank_of(message):
        _move_up(session, message, status, news.error_code, now=now)
    return True


def _find(session: ShopSession, news: CarrierNews) -> Message | None:
    # The carrier's id first: of two texts with the same words, reconciling may have given it to
    # the one that our own id does not name.
    for known in (Message.carrier_id == news.carrier_id, Message.id == news.message_id):
        found = session.scalars(
            select(Message).where(known).with_for_update().execution_options(populate_existing=True)
        ).first()
        if found is not None:
            return found
    return None


def rank_of(message: Message) -> int:
    """Say how far a text has come. What the carrier never confirmed has come nowhere."""
    if message.accepted_at is None:
        return 0
    return _RANK.get(message.status, 0)


def _move_up(
    session: ShopSession,
    message: Message,
    status: MessageStatus,
    error_code: int | None,
    *,
    now: datetime,
) -> None:
    if status in _ARRIVED:
        _arrived(session, message, now=now)
    message.status = status
    message.accepted_at = message.accepted_at or now
    message.reason = None
    if status is MessageStatus.SENT or status in _ARRIVED:
        message.sent_at = message.sent_at or now
    if status in {MessageStatus.UNDELIVERED, MessageStatus.FAILED}:
        message.error_code = error_code
        message.reason = f"carrier_{error_code or 0}"
        if error_code is not None:
            learn_from_error(session, message, error_code, now=now)
            _try_once_more(session, message, error_code, now=now)
    conversation = session.get_one(Conversation, message.conversation_id)
    conversation.version = Conversation.version + 1


def _arrived(session: ShopSession, message: Message, *, now: datetime) -> None:
    """Note that it is on the phone, and take back a second try if there was to be one."""
    message.delivered_at, message.error_code = message.delivered_at or now, None
    if message.status not in {MessageStatus.UNDELIVERED, MessageStatus.FAILED}:
        return
    log.info("delivered_after_all", message_id=str(message.id))
    session.execute(
        update(Message)
        .where(Message.dedupe_key == _again_key(message), Message.status == MessageStatus.QUEUED)
        .values(status=MessageStatus.CANCELLED, reason=Reason.ARRIVED_AFTER_ALL)
    )


def _try_once_more(
    session: ShopSession, message: Message, error_code: int, *, now: datetime
) -> None:
    """Repeat news about an order that a switched-off phone missed, as a text of its own.

    A final status stays final; the second try has its own row, and never a third.
    """
    error = explain(error_code)
    if not (error.retry_once or error.action in _PASSING):
        return
    if message.purpose is not Purpose.TRANSACTIONAL or message.dedupe_key.startswith(_AGAIN):
        return
    tomorrow = error.action is Action.HOLD_UNTIL_TOMORROW
    pause = timedelta(days=1) if tomorrow else error.retry_after
    again = queue_message(
        session,
        session.get_one(Contact, message.contact_id),
        purpose=Purpose.TRANSACTIONAL,
        body=message.body,
        dedupe_key=_again_key(message),
        now=now,
        send_after=now + pause,
        send_before=message.send_before,
        sender_id=message.sender_id,
    )
    if isinstance(again, Queued):
        log.info("second_try", message_id=str(message.id), again=str(again.message_id))


def _again_key(message: Message) -> str:
    return f"{_AGAIN}{message.id}"
