"""Sharing the work between several people."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from models import Database, Message
from models.enums import ConversationStatus
from sms.inbox import desk
from sms.inbox.desk import Done, NewTextArrived, TakenBy
from sms.inbox.presence import note_presence, others_in
from tests.factories import make_shop
from tests.integration.inbox.making import Inbox


def _newest(inbox: Inbox) -> uuid.UUID:
    with inbox.database.shop_session(inbox.shop.id) as session:
        return session.scalars(select(Message.id).order_by(Message.id.desc()).limit(1)).one()


def test_of_two_who_take_a_conversation_at_once_the_second_sees_who_has_it(inbox: Inbox) -> None:
    people = {inbox.staff(name): name for name in ("Jonas", "Mira", "Tom")}
    conversation = inbox.writes()

    def take(who: uuid.UUID) -> Done | TakenBy:
        with inbox.database.shop_session(inbox.shop.id) as session:
            return desk.assign(session, conversation, to=who, expected=None)

    with ThreadPoolExecutor(3) as threads:
        results = list(threads.map(take, people))
    has_it = inbox.conversation(conversation).assignee_id
    assert has_it is not None
    assert results.count(Done()) == 1
    assert results.count(TakenBy(has_it, people[has_it])) == 2


def test_nobody_of_another_shop_can_be_given_a_conversation(inbox: Inbox) -> None:
    stranger = Inbox(inbox.database, make_shop(inbox.database, now=inbox.now), inbox.now)
    theirs, conversation = stranger.staff("Eve"), inbox.writes()
    with pytest.raises(IntegrityError), inbox.database.shop_session(inbox.shop.id) as session:
        desk.assign(session, conversation, to=theirs, expected=None)


def test_a_closed_conversation_opens_again_when_they_write(inbox: Inbox) -> None:
    conversation = inbox.writes()
    with inbox.database.shop_session(inbox.shop.id) as session:
        assert desk.close(session, conversation, seen=_newest(inbox), now=inbox.now) == Done()
    closed = inbox.conversation(conversation)
    assert (closed.status, closed.unread, closed.waiting_since) == (
        ConversationStatus.CLOSED,
        0,
        None,
    )
    inbox.writes("Hello?")
    again = inbox.conversation(conversation)
    assert (again.status, again.unread) == (ConversationStatus.OPEN, 1)
    assert again.version > closed.version


def test_a_text_that_no_screen_has_shown_is_not_put_away(inbox: Inbox) -> None:
    conversation, seen = inbox.writes(), None
    seen = _newest(inbox)
    inbox.writes("One more thing")
    with inbox.database.shop_session(inbox.shop.id) as session:
        assert desk.close(session, conversation, seen=seen, now=inbox.now) == NewTextArrived()
        desk.mark_read(session, conversation, seen=seen)
    assert inbox.conversation(conversation).status is ConversationStatus.OPEN
    assert inbox.conversation(conversation).unread == 2


def test_every_change_moves_the_version(inbox: Inbox, database: Database) -> None:
    mira, conversation = inbox.staff("Mira"), inbox.writes()
    versions = [inbox.conversation(conversation).version]
    newest = _newest(inbox)
    with database.shop_session(inbox.shop.id) as session:
        desk.mark_read(session, conversation, seen=newest)
    versions.append(inbox.conversation(conversation).version)
    with database.shop_session(inbox.shop.id) as session:
        desk.assign(session, conversation, to=mira, expected=None)
    versions.append(inbox.conversation(conversation).version)
    with database.shop_session(inbox.shop.id) as session:
        desk.close(session, conversation, seen=newest, now=inbox.now)
    versions.append(inbox.conversation(conversation).version)
    with database.shop_session(inbox.shop.id) as session:
        desk.reopen(session, conversation)
    versions.append(inbox.conversation(conversation).version)
    assert versions == sorted(set(versions))


def test_colleagues_are_seen_while_their_screen_is_heard_of(inbox: Inbox) -> None:
    jonas, mira = inbox.staff("Jonas"), inbox.staff("Mira")
    conversation = inbox.writes()
    with inbox.database.shop_session(inbox.shop.id) as session:
        note_presence(session, conversation, me=jonas, is_typing=True, now=inbox.now)
        note_presence(session, conversation, me=jonas, is_typing=False, now=inbox.now)
        note_presence(session, conversation, me=mira, is_typing=False, now=inbox.now)
        (seen,) = others_in(session, conversation, me=mira, now=inbox.now)
        assert (seen.name, seen.is_typing) == ("Jonas", True)
        later = inbox.now + timedelta(seconds=16)
        assert not others_in(session, conversation, me=mira, now=later)
    assert len(inbox.presences()) == 2


def test_who_has_sent_their_answer_no_longer_types(inbox: Inbox) -> None:
    jonas, mira = inbox.staff("Jonas"), inbox.staff("Mira")
    conversation = inbox.writes()
    with inbox.database.shop_session(inbox.shop.id) as session:
        note_presence(session, conversation, me=jonas, is_typing=True, now=inbox.now)
    inbox.reply(conversation, staff_id=jonas)
    with inbox.database.shop_session(inbox.shop.id) as session:
        (seen,) = others_in(session, conversation, me=mira, now=inbox.now)
    assert not seen.is_typing
