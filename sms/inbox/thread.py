"""One conversation as it is shown: its head, a page of its texts, and what may be answered."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import select

from models import Contact, Conversation, Message, ShopSession, StaffMember, new_id
from models.enums import Author, ConversationStatus, Direction, MessageStatus, Purpose
from sms.consent.facts import facts_about
from sms.consent.gate import Blocked, Wait, decide
from sms.consent.reasons import Reason, sentence_for
from sms.delivery.outbound import usual_sender
from sms.inbox.about_them import AboutThem, about
from sms.inbox.attachments import Attachment, attachments_of
from sms.inbox.conversations import full_name
from sms.inbox.presence import Colleague, others_in
from sms.inbox.status_words import Told, told, what_undoes, written_by_automation

PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text of a thread. `by` names who wrote it, None for the shopper."""

    id: uuid.UUID
    direction: Direction
    author: Author
    by: str | None
    by_me: bool
    body: str
    at: datetime
    status: MessageStatus
    told: Told
    leaves_at: datetime | None
    files: tuple[Attachment, ...] = ()
    # How many more came than are kept.
    more_files: int = 0


@dataclass(frozen=True, slots=True)
class Day:
    """The texts of one day in the shop's zone."""

    day: date
    texts: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Texts:
    """A page of a thread, oldest first; `earlier` and `later` are cursors or None at an end."""

    days: tuple[Day, ...]
    earlier: uuid.UUID | None
    later: uuid.UUID | None

    @property
    def newest(self) -> Text | None:
        return self.days[-1].texts[-1] if self.days else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a thread says of itself. `replies` counts answers of people: see `send_reply`."""

    id: uuid.UUID
    contact_id: uuid.UUID
    name: str | None
    phone: str | None
    status: ConversationStatus
    unread: int
    waiting_since: datetime | None
    assignee_id: uuid.UUID | None
    assignee: str | None
    version: int
    replies: int
    erased: bool


@dataclass(frozen=True, slots=True)
class NoReply:
    """Why nothing can be answered at the moment, and what would undo it."""

    reason: Reason
    sentence: str
    undone_by: str | None


@dataclass(frozen=True, slots=True)
class LaterReply:
    """An answer may be written, but leaves at `until` only."""

    sentence: str
    until: datetime


Answerable = NoReply | LaterReply | None


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation with all that is shown around it."""

    head: Head
    texts: Texts
    about: AboutThem
    answerable: Answerable
    others: tuple[Colleague, ...]


def zone_of(session: ShopSession) -> ZoneInfo:
    """Return the shop's zone, in which its people read days and times."""
    try:
        return ZoneInfo(session.shop.iana_timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def open_thread(
    session: ShopSession, conversation_id: uuid.UUID, *, me: uuid.UUID, now: datetime
) -> Thread | None:
    """Read all of a conversation that is shown at once; None where this shop has none such.

    A fixed number of queries, whatever is in it.
    """
    found = session.execute(
        select(Conversation, Contact, StaffMember.name)
        .join(Contact, Contact.id == Conversation.contact_id)
        .outerjoin(StaffMember, StaffMember.id == Conversation.assignee_id)
        .where(Conversation.id == conversation_id)
        .execution_options(populate_existing=True)
    ).first()
    if found is None:
        return None
    # Held on to until the end, so that nobody below reads them a second time.
    conversation, contact, assignee = found
    head = _head(conversation, contact, assignee)
    return Thread(
        head,
        texts_of(session, conversation_id, me=me, now=now),
        about(session, contact),
        answerable(session, conversation, now=now),
        others_in(session, conversation_id, me=me, now=now),
    )


def _head(conversation: Conversation, contact: Contact, assignee: str | None) -> Head:
    return Head(
        id=conversation.id,
        contact_id=contact.id,
        name=full_name(contact.first_name, contact.last_name),
        phone=contact.phone,
        status=conversation.status,
        unread=conversation.unread,
        waiting_since=conversation.waiting_since,
        assignee_id=conversation.assignee_id,
        assignee=assignee,
        version=conversation.version,
        replies=conversation.replies,
        erased=contact.redacted_at is not None,
    )


def texts_of(
    session: ShopSession,
    conversation_id: uuid.UUID,
    *,
    me: uuid.UUID,
    now: datetime,
    before: uuid.UUID | None = None,
    after: uuid.UUID | None = None,
    size: int = PAGE,
) -> Texts:
    """Read the newest texts, or those next to a cursor, by the thread's index, and their files."""
    query = (
        select(Message, StaffMember.name)
        .outerjoin(StaffMember, StaffMember.id == Message.staff_id)
        .where(Message.conversation_id == conversation_id)
        .order_by(Message.id.asc() if after else Message.id.desc())
        .limit(size + 1)
    )
    if before or after:
        query = query.where(Message.id > after if after else Message.id < before)
    found = session.execute(query.execution_options(populate_existing=True)).all()
    has_more, found = len(found) > size, found[:size]
    rows = list(found) if after else list(reversed(found))
    files = attachments_of(session, [message.id for message, _ in rows])
    texts = [_text(message, name, files[message.id], me=me, now=now) for message, name in rows]
    earlier = bool(after) or has_more
    later = bool(before) or (bool(after) and has_more)
    return Texts(
        _days(texts, zone_of(session)),
        earlier=texts[0].id if texts and earlier else None,
        later=texts[-1].id if texts and later else None,
    )


def _text(
    message: Message,
    staff_name: str | None,
    files: tuple[Attachment, ...],
    *,
    me: uuid.UUID,
    now: datetime,
) -> Text:
    is_scheduled = message.status is MessageStatus.QUEUED and message.send_after > now
    return Text(
        id=message.id,
        direction=message.direction,
        author=message.author,
        by=_by(message, staff_name),
        by_me=message.staff_id == me,
        body=message.body,
        at=message.queued_at,
        status=message.status,
        told=told(message.status, message.reason, send_after=message.send_after, now=now),
        leaves_at=message.send_after if is_scheduled else None,
        files=files,
        more_files=max(0, message.media_count - len(files)),
    )


def _by(message: Message, staff_name: str | None) -> str | None:
    match message.author:
        case Author.SHOPPER:
            return None
        case Author.STAFF:
            return staff_name or "A colleague"
        case Author.AUTOMATION:
            return written_by_automation(message.purpose)


def _days(texts: Sequence[Text], zone: ZoneInfo) -> tuple[Day, ...]:
    """Part texts by day. One that was written before midnight and came after stays where it came:
    no day comes twice.
    """
    days: dict[date, list[Text]] = {}
    latest = date.min
    for text in texts:
        latest = max(latest, text.at.astimezone(zone).date())
        days.setdefault(latest, []).append(text)
    return tuple(Day(day, tuple(of_day)) for day, of_day in days.items())


def answerable(session: ShopSession, conversation: Conversation, *, now: datetime) -> Answerable:
    """Ask the gate beforehand about an answer: it says the same as when one is sent."""
    draft = Message(
        id=new_id(),
        contact_id=conversation.contact_id,
        conversation_id=conversation.id,
        sender_id=usual_sender(session, conversation),
        purpose=Purpose.CONVERSATIONAL_REPLY,
        body="",
    )
    decision = decide(facts_about(session, [draft])[draft.id], now)
    if isinstance(decision, Blocked):
        return NoReply(decision.reason, sentence_for(decision.reason), what_undoes(decision.reason))
    if isinstance(decision, Wait):
        return LaterReply(sentence_for(decision.reason), decision.until)
    return None
