"""The list of the shared inbox: one page of rows, and how many there are in each view."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, literal_column, select, tuple_

from models import Contact, Conversation, Message, ShopSession, StaffMember
from models.base import UtcDateTime
from models.enums import Author, ConsentState, ConversationStatus, Direction, MessageStatus
from models.search import find_conversations

PAGE = 25
# Counting further would cost more than anybody learns from it: "99+".
MOST_COUNTED = 100
SNIPPET = 120

# In the words of the partial indexes: a bound value would keep the planner from them.
_OPEN = Conversation.status == literal_column("'open'")
_CLOSED = Conversation.status == literal_column("'closed'")
_NEVER: ColumnElement[Any] = literal_column("'infinity'::timestamptz")
_WAITING_KEY: ColumnElement[Any] = func.coalesce(Conversation.waiting_since, _NEVER)
_IS_WAITING = _WAITING_KEY < _NEVER
_FAILED = (MessageStatus.FAILED, MessageStatus.UNDELIVERED, MessageStatus.BLOCKED)


class View(StrEnum):
    """The tabs of the inbox. Values stand in addresses."""

    OPEN = "open"
    WAITING = "waiting"
    UNREAD = "unread"
    MINE = "mine"
    CLOSED = "closed"
    ALL = "all"


class Sort(StrEnum):
    NEWEST = "newest"
    LONGEST_WAITING = "waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One conversation in the list. `name` is None where only the number is known."""

    id: uuid.UUID
    contact_id: uuid.UUID
    name: str | None
    phone: str | None
    last_text: str
    last_direction: Direction | None
    last_author: Author | None
    last_has_files: bool
    last_failed: bool
    last_at: datetime
    unread: int
    waiting_since: datetime | None
    status: ConversationStatus
    assignee_id: uuid.UUID | None
    assignee: str | None
    opted_out: bool
    erased: bool
    version: int


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, and the cursors of the pages before and after, or None where there is none."""

    rows: tuple[Row, ...]
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many conversations are in each view, counted up to `MOST_COUNTED`."""

    open: int
    waiting: int
    unread: int
    mine: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which page of which view somebody looks at; at most one of the cursors is given."""

    me: uuid.UUID
    view: View = View.OPEN
    sort: Sort = Sort.NEWEST
    query: str = ""
    before: str | None = None
    after: str | None = None

    @property
    def is_search(self) -> bool:
        return bool(self.query.strip())


def page_of(session: ShopSession, wanted: Wanted, *, size: int = PAGE) -> Page:
    """Read one page with two queries, however long the list is and wherever the page begins."""
    if wanted.is_search:
        return Page(_rows(session, find_conversations(session, wanted.query, limit=2 * size)))
    ids = list(session.scalars(_ids(wanted, limit=size + 1)))
    has_more = len(ids) > size
    ids = ids[:size]
    if wanted.before:
        ids.reverse()
    rows = _rows(session, ids)
    if not rows:
        return Page(rows)
    is_first = not has_more if wanted.before else not wanted.after
    is_last = False if wanted.before else not has_more
    return Page(
        rows,
        before=None if is_first else _cursor(rows[0], wanted.sort),
        after=None if is_last else _cursor(rows[-1], wanted.sort),
    )


def _ids(wanted: Wanted, *, limit: int) -> Select[uuid.UUID]:
    """Select the ids of a page in the order of its view's index, backwards before a cursor."""
    by_waiting = wanted.sort is Sort.LONGEST_WAITING
    keys = (_WAITING_KEY if by_waiting else Conversation.last_at, Conversation.id)
    ascending = by_waiting != bool(wanted.before)
    query = select(Conversation.id).where(_in_view(wanted))
    place = _place(wanted.before or wanted.after)
    if place is not None:
        query = query.where(tuple_(*keys) > place if ascending else tuple_(*keys) < place)
    return query.order_by(*(key.asc() if ascending else key.desc() for key in keys)).limit(limit)


def _cursor(row: Row, sort: Sort) -> str:
    moment = row.waiting_since if sort is Sort.LONGEST_WAITING else row.last_at
    plain = f"{moment.isoformat() if moment else ''} {row.id}"
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def _place(cursor: str | None) -> ColumnElement[Any] | None:
    """Read a cursor; one that somebody bent is the first page."""
    if not cursor:
        return None
    try:
        plain = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        moment, _, which = plain.partition(" ")
        at = literal(datetime.fromisoformat(moment), UtcDateTime) if moment else _NEVER
        return tuple_(at, literal(uuid.UUID(which)))
    except ValueError:
        return None


def _in_view(wanted: Wanted) -> ColumnElement[bool]:
    match wanted.view:
        case View.OPEN:
            return _OPEN
        case View.WAITING:
            return and_(_OPEN, _IS_WAITING)
        case View.UNREAD:
            return Conversation.unread > literal_column("0")
        case View.MINE:
            return and_(_OPEN, Conversation.assignee_id == wanted.me)
        case View.CLOSED:
            return and_(_CLOSED, Conversation.last_inbound_at.is_not(None))
        case View.ALL:
            return literal_column("true")


def counts_of(session: ShopSession, me: uuid.UUID) -> Counts:
    """Count the views in one query, each as far as it is worth."""
    views = (View.OPEN, View.WAITING, View.UNREAD, View.MINE)
    columns: list[Any] = [_count(Wanted(me=me, view=view)) for view in views]
    counted = tuple(session.execute(select(*columns)).one())
    return Counts(*counted)


def _count(wanted: Wanted) -> ColumnElement[int]:
    some: Select[Any] = (
        select(literal_column("1")).select_from(Conversation).where(_in_view(wanted))
    )
    return select(func.count()).select_from(some.limit(MOST_COUNTED).subquery()).scalar_subquery()


def _rows(session: ShopSession, ids: Sequence[uuid.UUID]) -> tuple[Row, ...]:
    """Read the rows of these ids, in their order. The last text is looked up for them alone."""
    last = (
        select(Message.body, Message.direction, Message.author, Message.status, Message.media_count)
        .where(Message.conversation_id == Conversation.id)
        .order_by(Message.id.desc())
        .limit(1)
        .lateral("last")
    )
    found = session.execute(
        select(
            Conversation,
            Contact.first_name,
            Contact.last_name,
            Contact.phone,
            Contact.transactional,
            Contact.redacted_at,
            StaffMember.name,
            func.left(last.c.body, SNIPPET),
            last.c.direction,
            last.c.author,
            last.c.status,
            last.c.media_count,
        )
        .join(Contact, Contact.id == Conversation.contact_id)
        .outerjoin(last, literal_column("true"))
        .outerjoin(StaffMember, StaffMember.id == Conversation.assignee_id)
        .where(Conversation.id.in_(ids))
        .execution_options(populate_existing=True)
    ).all()
    rows = {each[0].id: _row(*each) for each in found}
    return tuple(rows[each] for each in ids if each in rows)


def _row(  # noqa: PLR0913, PLR0917 - the columns of the query, in its order
    conversation: Conversation,
    first_name: str | None,
    last_name: str | None,
    phone: str | None,
    transactional: ConsentState,
    redacted_at: datetime | None,
    assignee: str | None,
    body: str | None,
    direction: Direction | None,
    author: Author | None,
    status: MessageStatus | None,
    media_count: int | None,
) -> Row:
    return Row(
        id=conversation.id,
        contact_id=conversation.contact_id,
        name=full_name(first_name, last_name),
        phone=phone,
        last_text=body or "",
        last_direction=direction,
        last_author=author,
        last_has_files=bool(media_count),
        last_failed=status in _FAILED,
        last_at=conversation.last_at,
        unread=conversation.unread,
        waiting_since=conversation.waiting_since,
        status=conversation.status,
        assignee_id=conversation.assignee_id,
        assignee=assignee,
        opted_out=transactional is ConsentState.REVOKED,
        erased=redacted_at is not None,
        version=conversation.version,
    )


def full_name(first: str | None, last: str | None) -> str | None:
    """Join what is known of a name; None where nothing is."""
    return " ".join(part.strip() for part in (first, last) if part and part.strip()) or None
