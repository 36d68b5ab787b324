"""The list: its views, its pages in both directions, its search, and what it costs."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event

from models import Database, Order
from models.search import find_conversations
from sms.contacts import conversation_with
from sms.inbox.changes import Look, look
from sms.inbox.conversations import Page, Sort, View, Wanted, counts_of, page_of
from sms.inbox.thread import NoReply, open_thread, texts_of
from tests.factories import ADA, make_contact, make_shop
from tests.integration.inbox.making import Inbox

ME = uuid.UUID(int=1)


def _page(inbox: Inbox, *, size: int = 25, **wanted: object) -> Page:
    with inbox.database.shop_session(inbox.shop.id) as session:
        return page_of(session, Wanted(**{"me": ME, **wanted}), size=size)  # type: ignore[arg-type] # names are checked by the call


def _look(inbox: Inbox, conversation: uuid.UUID | None = None, **wanted: object) -> Look:
    with inbox.database.shop_session(inbox.shop.id) as session:
        return look(session, Wanted(**{"me": ME, **wanted}), conversation, now=inbox.now)  # type: ignore[arg-type] # as above


def _phone(number: int) -> str:
    return f"+1415555{number:04}"


def _many(inbox: Inbox, count: int) -> list[uuid.UUID]:
    """The first has waited longest, the last has written last."""
    return [
        inbox.writes(
            f"Text {number}",
            phone=_phone(number),
            name=(f"Person{number}", None),
            at=inbox.now - timedelta(minutes=count - number),
        )
        for number in range(count)
    ]


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield statements
    event.remove(database.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("view", [View.OPEN, View.WAITING, View.UNREAD, View.ALL])
@pytest.mark.parametrize("sort", list(Sort))
def test_pages_lead_forth_and_back_without_a_gap(inbox: Inbox, view: View, sort: Sort) -> None:
    made = _many(inbox, 7)
    order = made if sort is Sort.LONGEST_WAITING else made[::-1]
    first = _page(inbox, size=3, view=view, sort=sort)
    second = _page(inbox, size=3, view=view, sort=sort, after=first.after)
    third = _page(inbox, size=3, view=view, sort=sort, after=second.after)
    assert [row.id for page in (first, second, third) for row in page.rows] == order
    assert (first.before, third.after) == (None, None)
    back = _page(inbox, size=3, view=view, sort=sort, before=third.before)
    assert [row.id for row in back.rows] == order[3:6]
    home = _page(inbox, size=3, view=view, sort=sort, before=back.before)
    assert [row.id for row in home.rows] == order[:3]
    assert home.before is None


def test_a_bent_cursor_is_the_first_page(inbox: Inbox) -> None:
    _many(inbox, 2)
    for cursor in ("x", "%%%", "AAAA", "bm9uc2Vuc2U", "é"):
        assert len(_page(inbox, after=cursor).rows) == 2


def test_a_row_tells_the_last_text_and_who_waits(inbox: Inbox) -> None:
    inbox.writes("Hello")
    conversation = inbox.writes("Anyone?", name=("Ada", "Byron"))
    (row,) = _page(inbox, view=View.WAITING).rows
    assert (row.id, row.name, row.phone) == (conversation, "Ada Byron", ADA)
    assert (row.last_text, row.unread, row.waiting_since) == ("Anyone?", 2, inbox.now)
    assert not row.opted_out
    inbox.writes("STOP")
    (row,) = _page(inbox, view=View.ALL).rows
    assert row.opted_out


def test_views_are_counted(inbox: Inbox) -> None:
    mira = inbox.staff("Mira")
    made = _many(inbox, 3)
    inbox.reply(made[0], staff_id=mira)
    inbox.writes("HELP", phone=_phone(99))
    with inbox.database.shop_session(inbox.shop.id) as session:
        counts = counts_of(session, mira)
    assert (counts.open, counts.waiting, counts.unread, counts.mine) == (3, 2, 2, 0)
    assert len(_page(inbox, view=View.CLOSED).rows) == 1


def test_queries_do_not_grow_with_what_is_shown(inbox: Inbox) -> None:
    def cost() -> tuple[int, int, int]:
        with counted(inbox.database) as of_list:
            _page(inbox)
        with (
            counted(inbox.database) as of_thread,
            inbox.database.shop_session(inbox.shop.id) as session,
        ):
            assert open_thread(session, conversation, me=ME, now=inbox.now)
        with counted(inbox.database) as of_look:
            _look(inbox, conversation)
        return len(of_list), len(of_thread), len(of_look)

    conversation = inbox.writes()
    few = cost()
    _many(inbox, 30)
    for number in range(60):
        inbox.writes(f"Text {number}")
    assert cost() == few
    assert few[0] == 3
    assert few[2] == 2


@pytest.mark.parametrize(
    "query",
    [
        *("chloé", "CHLOÉ", "tremb", "chloé tremblay", "5145550103", "555-01", "(514) 555-0103"),
        *("+1 514 555 0103", "#1042", "1042", "ch"),
    ],
)
def test_people_are_found_by_name_number_or_order(inbox: Inbox, query: str) -> None:
    _many(inbox, 3)
    wanted = inbox.writes("Bonjour", phone="+15145550103", name=("Chloé", "Tremblay"))
    with inbox.database.shop_session(inbox.shop.id) as session:
        contact = make_contact(session, now=inbox.now, phone="+15145550103")
        session.add(_order(inbox, contact.id))
    assert wanted in [row.id for row in _page(inbox, query=query).rows]


def _order(inbox: Inbox, contact_id: uuid.UUID) -> Order:
    return Order(
        shopify_id=1042,
        contact_id=contact_id,
        name="#1042",
        line_items=[],
        is_test=False,
        placed_at=inbox.now,
        shopify_updated_at=inbox.now,
        triggered_at=inbox.now,
    )


@pytest.mark.parametrize("query", ["%", "___", "\\", "';--", "zzz", "\0", "  ", "x" * 5000, "%%%"])
def test_what_looks_like_a_pattern_is_only_letters(inbox: Inbox, query: str) -> None:
    _many(inbox, 3)
    with inbox.database.shop_session(inbox.shop.id) as session:
        assert not find_conversations(session, query, limit=10)


def test_a_search_stays_in_its_shop(inbox: Inbox) -> None:
    other = Inbox(inbox.database, make_shop(inbox.database, now=inbox.now), inbox.now)
    inbox.writes(name=("Chloé", None))
    with inbox.database.shop_session(other.shop.id) as session:
        assert not find_conversations(session, "chloé", limit=10)


def test_a_look_moves_with_all_that_is_shown_and_with_nothing_else(inbox: Inbox) -> None:
    mira, conversation = inbox.staff("Mira"), inbox.writes()
    first = _look(inbox, conversation)
    assert _look(inbox, conversation) == first
    assert first.must_note_presence
    inbox.writes(phone=_phone(1))
    second = _look(inbox, conversation)
    assert second.now.list != first.now.list
    assert second.now.thread == first.now.thread
    inbox.reply(conversation, staff_id=mira)
    third = _look(inbox, conversation)
    assert third.now.thread != second.now.thread
    with inbox.database.shop_session(inbox.shop.id) as session:
        message = session.get_one(type(inbox.sent()[0]), inbox.sent()[0].id)
        message.reason = "sender_paused"
    assert _look(inbox, conversation).now.thread != third.now.thread


@pytest.mark.parametrize("view", list(View))
@pytest.mark.parametrize("sort", list(Sort))
def test_every_view_can_be_looked_at(inbox: Inbox, view: View, sort: Sort) -> None:
    _many(inbox, 2)
    assert _look(inbox, view=view, sort=sort).now.list


def test_a_long_thread_is_read_in_pages_both_ways(inbox: Inbox) -> None:
    for number in range(10):
        conversation = inbox.writes(f"{number}")

    def read(**cursor: uuid.UUID | None) -> tuple[str, uuid.UUID | None, uuid.UUID | None]:
        with inbox.database.shop_session(inbox.shop.id) as session:
            page = texts_of(session, conversation, me=ME, now=inbox.now, size=4, **cursor)
        letters = "".join(text.body for day in page.days for text in day.texts)
        return letters, page.earlier, page.later

    newest, earlier, later = read()
    assert (newest, later) == ("6789", None)
    middle, earlier, later = read(before=earlier)
    assert middle == "2345"
    oldest, none, later = read(before=earlier)
    assert (oldest, none) == ("01", None)
    assert read(after=later)[0] == "2345"


def test_whoever_never_wrote_cannot_be_answered_and_the_thread_says_why(inbox: Inbox) -> None:
    with inbox.database.shop_session(inbox.shop.id) as session:
        contact = make_contact(session, now=inbox.now)
        conversation = conversation_with(session, contact, now=inbox.now)
        thread = open_thread(session, conversation.id, me=ME, now=inbox.now)
    assert thread is not None
    assert isinstance(thread.answerable, NoReply)
    assert "have not written" in thread.answerable.sentence


def test_a_conversation_of_another_shop_is_not_there(inbox: Inbox) -> None:
    other = Inbox(inbox.database, make_shop(inbox.database, now=inbox.now), inbox.now)
    conversation = inbox.writes()
    with inbox.database.shop_session(other.shop.id) as session:
        assert open_thread(session, conversation, me=ME, now=inbox.now) is None
