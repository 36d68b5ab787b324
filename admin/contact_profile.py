"""What is known of one person: what they allow and why, their orders, and what happened when."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from admin.words import (
    CONSENT,
    CONSENT_TONE,
    MILESTONE,
    NOT_ARRIVED,
    PURPOSE,
    SCOPE,
    STATUS,
    ShopClock,
    money,
    why,
)
from models import ConsentEvent, Contact, Message, Order, ShopSession
from models.enums import (
    Author,
    ConsentKind,
    Direction,
    MessageStatus,
    Milestone,
    Purpose,
    Scope,
)
from sms.consent.gate import Blocked, Decision, Wait
from sms.consent.outlook import outlook
from sms.consent.reasons import SENTENCES

# So many moments of a time line at once; the rest is a click away.
MOMENTS = 40
MOST_ORDERS = 5

HOW = {
    "order": "they gave this number with an order",
    "checkout": "they agreed at checkout",
    "inbound_text": "they wrote it in a text",
    "opt_in_form": "they agreed on a form",
    "carrier_block": "the carrier says that they opted out",
    "redaction": "their data was erased",
}
_KIND = {
    ConsentKind.GRANTED: "Agreed to",
    ConsentKind.PENDING: "Was asked about",
    ConsentKind.CONFIRMED: "Confirmed",
    ConsentKind.REVOKED: "Opted out of",
    ConsentKind.SCOPE_CHANGE: "Changed",
    ConsentKind.IMPORTED: "Brought in from elsewhere:",
    ConsentKind.REASSIGNED: "Number changed hands:",
    ConsentKind.REDACTED: "Erased:",
}
_ASKED = {
    Purpose.CONVERSATIONAL_REPLY: "A reply from you",
    Purpose.TRANSACTIONAL: "News about an order",
    Purpose.MARKETING: "Marketing",
}
_YES = {
    Purpose.CONVERSATIONAL_REPLY: "They wrote to you, so you may answer.",
    Purpose.TRANSACTIONAL: "They gave this number with an order.",
    Purpose.MARKETING: "They agreed to marketing texts.",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where they stand in one scope, how that came about and since when."""

    scope: str
    state: str
    tone: str | None
    how: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gate would say now about one kind of text."""

    asked: str
    verdict: str
    tone: str
    because: str


@dataclass(frozen=True, slots=True)
class OrderLine:
    name: str
    when: str
    total: str | None
    state: str


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened."""

    at: datetime
    when: str
    title: str
    tone: str | None = None
    text: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """A part of the time line, latest first; `before` is where the next part begins."""

    days: tuple[tuple[str, tuple[Moment, ...]], ...]
    before: datetime | None


def standings(session: ShopSession, contact: Contact, clock: ShopClock) -> tuple[Standing, ...]:
    ids = [each for each in (contact.marketing_event_id, contact.transactional_event_id) if each]
    events = {
        event.id: event
        for event in session.scalars(select(ConsentEvent).where(ConsentEvent.id.in_(ids)))
    }
    scopes = (
        (Scope.TRANSACTIONAL, contact.transactional, contact.transactional_event_id),
        (Scope.MARKETING, contact.marketing, contact.marketing_event_id),
    )
    return tuple(
        Standing(SCOPE[scope], CONSENT[state], CONSENT_TONE[state], _how(events, event_id, clock))
        for scope, state, event_id in scopes
    )


def _how(
    events: Mapping[uuid.UUID, ConsentEvent], event_id: uuid.UUID | None, clock: ShopClock
) -> str:
    event = events.get(event_id) if event_id else None
    if event is None:
        return "They were never asked, and never said."
    how = HOW.get(event.method, event.method.replace("_", " "))
    return f"Since {clock.moment(event.occurred_at)}: {how}."


def answers(session: ShopSession, contact: Contact, clock: ShopClock) -> tuple[Answer, ...]:
    """Ask the gate about texts that nobody sends (B6)."""
    said = outlook(session, contact, now=clock.now)
    return tuple(_answer(purpose, decision, clock) for purpose, decision in said.items())


def _answer(purpose: Purpose, decision: Decision, clock: ShopClock) -> Answer:
    asked = _ASKED[purpose]
    if isinstance(decision, Blocked):
        return Answer(asked, "No", "critical", SENTENCES[decision.reason])
    if isinstance(decision, Wait):
        return Answer(
            asked,
            "Not yet",
            "warning",
            f"{SENTENCES[decision.reason]} Possible from {clock.moment(decision.until)} on.",
        )
    return Answer(asked, "Yes", "success", _YES[purpose])


def orders_of(session: ShopSession, contact: Contact, clock: ShopClock) -> tuple[OrderLine, ...]:
    rows = session.scalars(
        select(Order)
        .where(Order.contact_id == contact.id)
        .order_by(Order.placed_at.desc())
        .limit(MOST_ORDERS)
    )
    return tuple(
        OrderLine(order.name, clock.day(order.placed_at), _total(order), _state(order))
        for order in rows
    )


def _total(order: Order) -> str | None:
    return money(order.total_minor, order.currency)


def _state(order: Order) -> str:
    if order.cancelled_at is not None:
        return "Cancelled"
    return (order.fulfillment_status or "unfulfilled").replace("_", " ").capitalize()


def story(
    session: ShopSession, contact: Contact, clock: ShopClock, *, before: datetime | None
) -> Story:
    """Tell what happened before a moment: three queries, each no longer than what is shown."""
    moments = sorted(
        (
            *_texts(session, contact, clock, before),
            *_orders(session, contact, clock, before),
            *_consents(session, contact, clock, before),
        ),
        key=lambda moment: moment.at,
        reverse=True,
    )
    shown = moments[:MOMENTS]
    days: dict[str, list[Moment]] = {}
    for moment in shown:
        days.setdefault(clock.day(moment.at), []).append(moment)
    more = len(moments) > MOMENTS
    return Story(
        tuple((day, tuple(of_day)) for day, of_day in days.items()),
        shown[-1].at if more else None,
    )


def _texts(
    session: ShopSession, contact: Contact, clock: ShopClock, before: datetime | None
) -> Iterator[Moment]:
    query = select(Message).where(Message.contact_id == contact.id)
    if before is not None:
        query = query.where(Message.queued_at < before)
    latest_first = (Message.queued_at.desc(), Message.id.desc())
    for text in session.scalars(query.order_by(*latest_first).limit(MOMENTS + 1)):
        inbound = text.direction is Direction.INBOUND
        failed = text.status in NOT_ARRIVED
        good = text.status in {MessageStatus.DELIVERED, MessageStatus.READ}
        yield Moment(
            at=text.queued_at,
            when=clock.time(text.queued_at),
            title=_title(text),
            tone="in" if inbound else "bad" if failed else "good" if good else None,
            text=text.body,
            detail=None if inbound else _detail(text),
        )


def _title(text: Message) -> str:
    if text.direction is Direction.INBOUND:
        return "They wrote"
    if text.author is Author.STAFF:
        return "You wrote"
    if text.purpose is Purpose.TRANSACTIONAL and text.dedupe_key.startswith("shipping:"):
        milestone = text.dedupe_key.rpartition(":")[2]
        if milestone in set(Milestone):
            return f"Shipping text: {MILESTONE[Milestone(milestone)].lower()}"
    return PURPOSE[Purpose(text.purpose or "")]


def _detail(text: Message) -> str:
    status = STATUS[text.status]
    reason = why(text.reason, text.error_code)
    return f"{status}. {reason}" if reason else status


def _orders(
    session: ShopSession, contact: Contact, clock: ShopClock, before: datetime | None
) -> Iterable[Moment]:
    query = select(Order).where(Order.contact_id == contact.id)
    if before is not None:
        query = query.where(Order.placed_at < before)
    for order in session.scalars(query.order_by(Order.placed_at.desc()).limit(MOMENTS + 1)):
        total = _total(order)
        yield Moment(
            at=order.placed_at,
            when=clock.time(order.placed_at),
            title=f"Ordered {order.name}" + (f" for {total}" if total else ""),
            detail=_state(order),
        )


def _consents(
    session: ShopSession, contact: Contact, clock: ShopClock, before: datetime | None
) -> Iterable[Moment]:
    query = select(ConsentEvent).where(ConsentEvent.contact_id == contact.id)
    if before is not None:
        query = query.where(ConsentEvent.occurred_at < before)
    latest_first = (ConsentEvent.occurred_at.desc(), ConsentEvent.id.desc())
    for event in session.scalars(query.order_by(*latest_first).limit(MOMENTS + 1)):
        how = HOW.get(event.method, event.method.replace("_", " "))
        yield Moment(
            at=event.occurred_at,
            when=clock.time(event.occurred_at),
            title=f"{_KIND[event.kind]} {SCOPE[event.scope].lower()}",
            tone="bad" if event.kind is ConsentKind.REVOKED else "good",
            detail=f"{how[0].upper()}{how[1:]}.",
        )
