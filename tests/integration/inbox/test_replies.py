"""Answers leave once, knowingly, and never past the gate."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from models import Database, Sender
from models.enums import Author, ConversationStatus, MessageStatus, Purpose, Registration
from sms.inbox.replies import LONGEST, AnsweredMeanwhile, Refused, Sent, SentBefore
from tests.integration.inbox.making import Inbox


def test_an_answer_is_a_text_of_its_author_and_ends_the_waiting(inbox: Inbox) -> None:
    mira, conversation = inbox.staff("Mira"), inbox.writes()
    before = inbox.conversation(conversation)
    assert before.waiting_since is not None
    assert before.unread == 1

    assert isinstance(inbox.reply(conversation, "It left\r\ntoday. ", staff_id=mira), Sent)

    (text,) = inbox.sent()
    assert (text.body, text.author, text.staff_id) == ("It left\ntoday.", Author.STAFF, mira)
    assert (text.purpose, text.lane) == (Purpose.CONVERSATIONAL_REPLY, 0)
    after = inbox.conversation(conversation)
    assert (after.waiting_since, after.unread, after.replies) == (None, 0, 1)
    assert after.first_replied_at == inbox.now
    assert after.version > before.version


@pytest.mark.parametrize("body", ["", "   ", "\n\t\n", "\u200b\u200f\u2060", "\0"])
def test_nothing_to_say_is_refused_with_a_sentence(inbox: Inbox, body: str) -> None:
    mira, conversation = inbox.staff("Mira"), inbox.writes()
    refused = inbox.reply(conversation, body, staff_id=mira)
    assert refused == Refused("empty", "Write something first.")
    assert not inbox.sent()


def test_a_text_may_be_1600_characters_and_no_more(inbox: Inbox) -> None:
    mira, conversation = inbox.staff("Mira"), inbox.writes()
    refused = inbox.reply(conversation, "x" * (LONGEST + 1), staff_id=mira)
    assert isinstance(refused, Refused)
    assert "1,601 characters" in refused.sentence
    assert isinstance(inbox.reply(conversation, "x" * LONGEST, staff_id=mira), Sent)


def test_a_double_click_and_a_retry_post_once(inbox: Inbox) -> None:
    mira, conversation = inbox.staff("Mira"), inbox.writes()
    with ThreadPoolExecutor(7) as threads:
        results = list(threads.map(lambda _: inbox.reply(conversation, staff_id=mira), range(7)))
    assert sorted(type(each).__name__ for each in results) == ["Sent"] + 6 * ["SentBefore"]
    assert len(inbox.sent()) == 1
    assert isinstance(inbox.reply(conversation, staff_id=mira), SentBefore)


def test_a_retry_with_other_words_is_not_lost_without_a_word(inbox: Inbox) -> None:
    mira, conversation = inbox.staff("Mira"), inbox.writes()
    inbox.reply(conversation, "It left.", staff_id=mira)
    again = inbox.reply(conversation, "It left, sorry!", staff_id=mira)
    assert isinstance(again, Refused)
    assert again.code == "other_words"


def test_of_seven_people_who_answer_at_once_one_does_and_six_are_asked(inbox: Inbox) -> None:
    people = [inbox.staff(f"Agent {number}") for number in range(7)]
    conversation = inbox.writes()
    with ThreadPoolExecutor(7) as threads:
        results = list(
            threads.map(lambda one: inbox.reply(conversation, f"I am {one}", staff_id=one), people)
        )
    assert len([each for each in results if isinstance(each, Sent)]) == 1
    asked = [each for each in results if isinstance(each, AnsweredMeanwhile)]
    assert len(asked) == 6
    (text,) = inbox.sent()
    assert {each.body for each in asked} == {text.body}


def test_who_was_told_that_a_colleague_answered_may_send_all_the_same(inbox: Inbox) -> None:
    jonas, mira = inbox.staff("Jonas"), inbox.staff("Mira")
    conversation = inbox.writes()
    inbox.reply(conversation, "It left.", staff_id=jonas)
    asked = inbox.reply(conversation, "And it is blue.", staff_id=mira)
    assert isinstance(asked, AnsweredMeanwhile)
    assert (asked.by, asked.body) == ("Jonas", "It left.")
    sent = inbox.reply(conversation, "And it is blue.", staff_id=mira, replies=asked.replies)
    assert isinstance(sent, Sent)


def test_ones_own_second_answer_asks_nothing(inbox: Inbox) -> None:
    mira, conversation = inbox.staff("Mira"), inbox.writes()
    inbox.reply(conversation, "One.", staff_id=mira, nonce="1")
    assert isinstance(inbox.reply(conversation, "Two.", staff_id=mira, nonce="2"), Sent)


def test_after_stop_an_answer_is_refused_and_nothing_of_it_stays(inbox: Inbox) -> None:
    mira, conversation = inbox.staff("Mira"), inbox.writes()
    inbox.writes("STOP")
    before = len(inbox.sent())
    refused = inbox.reply(conversation, staff_id=mira)
    assert isinstance(refused, Refused)
    assert "texted STOP" in refused.sentence
    assert refused.undone_by is not None
    assert "START" in refused.undone_by
    assert len(inbox.sent()) == before
    inbox.writes("START")
    # The same form, sent again once it is allowed.
    assert isinstance(inbox.reply(conversation, staff_id=mira), Sent)


def test_while_the_number_is_paused_an_answer_waits_and_says_until_when(
    inbox: Inbox, database: Database
) -> None:
    mira, conversation = inbox.staff("Mira"), inbox.writes()
    until = inbox.now + timedelta(minutes=10)
    with database.shop_session(inbox.shop.id) as session:
        session.get_one(Sender, inbox.shop.sender_id).paused_until = until
    sent = inbox.reply(conversation, staff_id=mira)
    assert isinstance(sent, Sent)
    assert sent.waits_until == until
    assert sent.why
    assert inbox.sent()[0].status is MessageStatus.QUEUED


def test_an_unapproved_number_refuses_with_a_reason(inbox: Inbox, database: Database) -> None:
    mira, conversation = inbox.staff("Mira"), inbox.writes()
    with database.shop_session(inbox.shop.id) as session:
        session.get_one(Sender, inbox.shop.sender_id).registration = Registration.PENDING
    refused = inbox.reply(conversation, staff_id=mira)
    assert isinstance(refused, Refused)
    assert "approved" in refused.sentence
    assert not inbox.sent()


def test_answering_a_closed_conversation_opens_it(inbox: Inbox) -> None:
    mira, conversation = inbox.staff("Mira"), inbox.writes("HELP")
    assert inbox.conversation(conversation).status is ConversationStatus.CLOSED
    inbox.reply(conversation, staff_id=mira)
    assert inbox.conversation(conversation).status is ConversationStatus.OPEN
