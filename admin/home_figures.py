"""What App Home shows, read in a fixed number of queries."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ScalarSelect, String, Uuid, cast, func, select

from admin.words import NOT_ARRIVED, ShopClock, name_of, why
from models import CarrierAccount, Contact, Conversation, Message, Sender, ShippingText, ShopSession
from models.enums import ConversationStatus, Direction, MessageStatus, Milestone, WebhookSource
from models.work import WebhookReceipt

# More kinds of failure than this on one day have one cause, which the first ones show.
MOST_FAILURES = 5
MOST_WAITING = 3
_OUTBOUND = Message.direction == Direction.OUTBOUND


@dataclass(frozen=True, slots=True)
class Today:
    """Texts since midnight in the shop's zone. `left` is what the carrier took."""

    received: int
    left: int
    delivered: int
    on_their_way: int
    failed: int


@dataclass(frozen=True, slots=True)
class Failure:
    """One reason why texts did not arrive today, and the last conversation where it struck."""

    sentence: str
    count: int
    conversation_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class Waiting:
    conversation_id: uuid.UUID
    contact_id: uuid.UUID
    name: str
    since: datetime


@dataclass(frozen=True, slots=True)
class WaitingList:
    """Conversations that nobody has answered, the longest wait first."""

    count: int
    longest: tuple[Waiting, ...]


@dataclass(frozen=True, slots=True)
class Number:
    """The number in use, and why it may stand still."""

    sender: Sender
    account: CarrierAccount

    def pause(self, now: datetime) -> tuple[datetime, str | None] | None:
        """Return until when texts wait and why, if they do."""
        pauses = [
            (each.paused_until, each.paused_reason)
            for each in (self.account, self.sender)
            if each.paused_until is not None and each.paused_until > now
        ]
        return max(pauses, key=lambda pause: pause[0]) if pauses else None


@dataclass(frozen=True, slots=True)
class Signs:
    """What has worked at least once."""

    shopify_called_at: datetime | None
    carrier_called_at: datetime | None
    first_text_left: bool


def number_in_use(session: ShopSession) -> Number | None:
    """Return the number that texts leave from, or None where none is connected."""
    row = session.execute(
        select(Sender, CarrierAccount)
        .join(CarrierAccount, CarrierAccount.id == Sender.carrier_account_id)
        .where(Sender.disconnected_at.is_(None))
        .order_by(Sender.created_at.desc(), Sender.id.desc())
        .limit(1)
    ).first()
    return Number(row[0], row[1]) if row else None


def texts_today(session: ShopSession, clock: ShopClock) -> Today:
    accepted = Message.accepted_at.is_not(None)
    delivered = Message.status.in_([MessageStatus.DELIVERED, MessageStatus.READ])
    failed = Message.status.in_(NOT_ARRIVED)
    row = session.execute(
        select(
            func.count().filter(Message.direction == Direction.INBOUND),
            func.count().filter(_OUTBOUND, accepted),
            func.count().filter(_OUTBOUND, accepted, delivered),
            func.count().filter(_OUTBOUND, accepted, ~delivered, ~failed),
            func.count().filter(_OUTBOUND, failed),
        )
        .select_from(Message)
        .where(Message.queued_at >= clock.day_began)
    ).one()
    return Today(*row)


def failures_today(session: ShopSession, clock: ShopClock) -> tuple[Failure, ...]:
    """Name today's failures by their reason, the most frequent first."""
    count = func.count().label("count")
    latest = func.max(cast(Message.id, String)).label("latest")
    grouped = (
        select(Message.reason, Message.error_code, count, latest)
        .where(
            Message.queued_at >= clock.day_began,
            _OUTBOUND,
            Message.status.in_(NOT_ARRIVED),
            Message.reason.is_not(None),
        )
        .group_by(Message.reason, Message.error_code)
        .order_by(count.desc())
        .limit(MOST_FAILURES)
        .subquery()
    )
    rows = session.execute(
        select(grouped.c.reason, grouped.c.error_code, grouped.c.count, Message.conversation_id)
        .join(Message, Message.id == cast(grouped.c.latest, Uuid))
        .order_by(grouped.c.count.desc())
    )
    return tuple(
        Failure(why(reason, code) or "", count, conversation)
        for reason, code, count, conversation in rows
    )


def waiting_conversations(session: ShopSession) -> WaitingList:
    rows = session.execute(
        select(
            Conversation.id,
            Contact.id,
            Contact.first_name,
            Contact.last_name,
            Contact.phone,
            Conversation.waiting_since,
            func.count().over(),
        )
        .join(Contact, Contact.id == Conversation.contact_id)
        .where(
            Conversation.status == ConversationStatus.OPEN,
            Conversation.waiting_since.is_not(None),
        )
        .order_by(Conversation.waiting_since)
        .limit(MOST_WAITING)
    ).all()
    longest = tuple(
        Waiting(conversation, contact, name_of(first, last, phone), since)
        for conversation, contact, first, last, phone, since, _ in rows
        if since is not None
    )
    return WaitingList(rows[0][6] if rows else 0, longest)


def signs(session: ShopSession) -> Signs:
    def last(*sources: WebhookSource) -> ScalarSelect[datetime]:
        return (
            select(func.max(WebhookReceipt.received_at))
            .where(WebhookReceipt.source.in_(sources))
            .scalar_subquery()
        )

    left = select(Message.id).where(_OUTBOUND, Message.accepted_at.is_not(None)).exists()
    row = session.execute(
        select(
            last(WebhookSource.SHOPIFY),
            last(WebhookSource.CARRIER_INBOUND, WebhookSource.CARRIER_STATUS),
            left,
        )
    ).one()
    return Signs(row[0], row[1], bool(row[2]))


def shipping_choices(session: ShopSession) -> dict[Milestone, ShippingText]:
    return {choice.milestone: choice for choice in session.scalars(select(ShippingText))}
