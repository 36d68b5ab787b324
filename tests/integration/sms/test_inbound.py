"""What shoppers text lands in their conversation, whatever it is made of."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from models import Contact, Message, WebhookReceipt
from models.enums import ConversationStatus, Direction, MessageStatus, ReceiptStatus
from sms.inbox.inbound import AtTheDoor, InboundText, take_in
from sms.inbox.understanding import Intent
from tests.factories import ADA, BEN
from tests.integration.sms.making import Desk


def inbound(desk: Desk) -> list[str]:
    return [text.body for text in desk.messages(Message.direction == Direction.INBOUND)]


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("Where is my parcel?", "Where is my parcel?"),
        ("👩‍👩‍👧‍👦❤️🧵 ¿dónde? 在哪里", "👩‍👩‍👧‍👦❤️🧵 ¿dónde? 在哪里"),
        ("x" * 1_600, "x" * 1_600),
        ("be\0fore", "before"),
        ("\0", ""),
        ("line\r\nbreaks\tand \u202eturns", "line\r\nbreaks\tand \u202eturns"),
        ("'; DROP TABLE messages; --", "'; DROP TABLE messages; --"),
        ("{{ 7 * 7 }} <script>", "{{ 7 * 7 }} <script>"),
    ],
    ids=["words", "emoji", "1600", "nul", "only nul", "controls", "sql", "markup"],
)
def test_should_keep_the_words_as_they_came(body: str, kept: str, desk: Desk) -> None:
    assert desk.texts(body).status == 200
    desk.works()
    assert inbound(desk) == [kept]
    assert desk.conversation().unread == 1


def test_should_take_in_a_picture_without_words(desk: Desk) -> None:
    fields = {"NumMedia": "1", "MediaUrl0": "https://example.com/1.jpg"}
    desk.texts("", **fields)
    desk.works()
    assert inbound(desk) == [""]
    assert desk.conversation().status is ConversationStatus.OPEN


def test_should_move_version_unread_and_waiting_with_each_text(desk: Desk) -> None:
    desk.texts("One")
    desk.works()
    first = desk.conversation()
    assert (first.status, first.unread) == (ConversationStatus.OPEN, 1)
    assert first.waiting_since is not None
    desk.clock.advance(minutes=3)
    desk.texts("Two")
    desk.texts("Three")
    desk.works()
    second = desk.conversation()
    assert (second.unread, second.version) == (3, first.version + 2)
    assert second.waiting_since == first.waiting_since
    assert second.last_inbound_at is not None
    assert second.last_inbound_at > first.waiting_since


def test_should_keep_one_persons_texts_in_the_order_in_which_they_came(desk: Desk) -> None:
    words = [f"Part {number} of my story" for number in range(12)]
    for word in words:
        desk.texts(word)
    desk.works()
    assert inbound(desk) == words


def test_should_land_free_text_of_an_opted_out_person_in_the_conversation(desk: Desk) -> None:
    desk.contact()
    desk.opts_out()
    desk.texts("But where is my parcel?")
    desk.works()
    assert inbound(desk) == ["But where is my parcel?"]
    assert desk.conversation().unread == 1
    assert desk.message(desk.asks("It comes tomorrow.")).reason == "opted_out"


@pytest.mark.parametrize(
    "sender", ["32665", "MAPLE", "", "whatsapp:+14155550101", "+1", "＋14155550101"]
)
def test_should_keep_what_came_from_no_phone_as_unusable(sender: str, desk: Desk) -> None:
    assert desk.texts("STOP", phone=sender).status == 200
    desk.works()
    with desk.database.shop_session(desk.shop.id) as session:
        receipt = session.scalars(select(WebhookReceipt)).one()
        assert (receipt.status, receipt.body_encrypted is None) == (ReceiptStatus.UNUSABLE, False)
        assert receipt.problem
        assert "STOP" not in receipt.problem
        assert session.scalars(select(Contact)).all() == []
    assert desk.messages() == []


def test_should_take_in_many_texts_of_one_person_at_once(desk: Desk) -> None:
    """Several workers, one person: nobody waits for ever, and every text is counted."""
    desk.contact()
    desk.opts_out()
    desk.clock.advance(minutes=1)
    together = threading.Barrier(6)

    def takes_in(number: int) -> None:
        intent = Intent.START if number % 2 else Intent.NONE
        text = InboundText(
            carrier_id=f"SM{number}",
            sender=ADA,
            to=desk.shop.number,
            body="START" if number % 2 else "Hello",
            opt_out_type=None,
            received_at=desk.clock(),
        )
        with desk.database.shop_session(desk.shop.id) as session:
            together.wait(5)
            take_in(session, text, AtTheDoor(intent, "", newly_revoked=False), now=desk.clock())

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(takes_in, range(6)))
    conversation = desk.conversation()
    assert conversation.unread == 3
    assert len(inbound(desk)) == 6
    assert len(desk.outbound()) == 1
    assert conversation.version == 7


def test_should_keep_people_apart_who_write_at_once(desk: Desk) -> None:
    for phone in (ADA, BEN, ADA):
        desk.texts("Hello", phone=phone)
    desk.works()
    assert (desk.conversation().unread, desk.conversation(BEN).unread) == (2, 1)
    statuses = {message.status for message in desk.messages()}
    assert statuses == {MessageStatus.RECEIVED}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"AccountSid": "AC" + "f" * 32}, "foreign_account"),
        ({"To": "+12065559999"}, "foreign_number"),
    ],
)
def test_should_leave_no_row_for_a_signed_text_to_somebody_else(
    fields: dict[str, str], code: str, desk: Desk
) -> None:
    answer = desk.texts("STOP", **fields)
    assert (answer.status, answer.code) == (403, code)
    assert desk.entries() == []
    assert desk.suppressed() == set()
