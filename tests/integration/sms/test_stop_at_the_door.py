"""STOP takes effect before its webhook is answered, and is confirmed once or not at all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from models import CarrierAccount, ConsentEvent, Sender, WebhookReceipt
from models.enums import ConsentState, MessageStatus, Purpose, Scope, SenderType
from tests.factories import ADA, BEN
from tests.integration.sandbox_carrier.running import Running
from tests.integration.sms.making import Clock, Desk, dispatcher_for, through_twilio

SID = "SM" + "d" * 32


def answers(desk: Desk, purpose: Purpose) -> list[MessageStatus]:
    return [text.status for text in desk.outbound() if text.purpose is purpose]


def send(desk: Desk, stand_in: Running) -> None:
    dispatcher = dispatcher_for(desk.database, through_twilio(stand_in), desk.clock)
    dispatcher.run(desk.shop.id, desk.shop.sender_id)


@pytest.mark.parametrize(
    "word", ["STOP", "stop!! 🛑", "Arrêt", " Unsubscribe \n\nSent from my iPhone"]
)
def test_should_suppress_and_cancel_in_the_webhooks_own_transaction(word: str, desk: Desk) -> None:
    """What the tables hold before any job ran."""
    desk.contact(marketing=True)
    desk.contact(BEN)
    texts = [
        desk.queued(),
        desk.queued(purpose=Purpose.MARKETING, send_after=desk.clock.later(days=1)),
    ]
    others = desk.queued(BEN)
    assert desk.texts(word).status == 200
    person = desk.person()
    assert (person.marketing, person.transactional) == (ConsentState.REVOKED,) * 2
    assert desk.suppressed() == set(Scope)
    for text in texts:
        message = desk.message(text)
        assert (message.status, message.reason) == (MessageStatus.CANCELLED, "opted_out")
    assert desk.message(others).status is MessageStatus.QUEUED
    (entry,) = desk.entries()
    assert entry.done_at is None
    assert entry.args["intent"] == "stop"


def test_should_take_a_replayed_webhook_once(desk: Desk) -> None:
    desk.contact()
    codes = [desk.texts("STOP", sid=SID).code for _ in range(3)]
    assert codes == ["received", "duplicate", "duplicate"]
    desk.works()
    desk.texts("STOP", sid=SID)
    desk.works()
    with desk.database.shop_session(desk.shop.id) as session:
        assert len(session.scalars(select(WebhookReceipt)).all()) == 1
        ends = select(ConsentEvent).where(ConsentEvent.kind == "revoked")
        assert len(session.scalars(ends).all()) == 2
    assert answers(desk, Purpose.OPTOUT_CONFIRM) == [MessageStatus.QUEUED]


def test_should_confirm_once_however_often_and_at_once_they_say_it(
    desk: Desk, stand_in: Running
) -> None:
    desk.contact()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(desk.texts, ["STOP"] * 4))
    desk.works()
    desk.texts("stop")
    desk.works()
    send(desk, stand_in)
    (confirmation,) = stand_in.accepted(ADA)
    assert "unsubscribed" in confirmation["body"]
    assert len(desk.outbound()) == 1


def test_should_not_confirm_later_than_five_minutes_after(desk: Desk, stand_in: Running) -> None:
    desk.contact()
    desk.texts("STOP")
    desk.clock.advance(minutes=5, seconds=1)
    desk.works()
    (confirmation,) = desk.outbound()
    assert (confirmation.status, confirmation.reason) == (
        MessageStatus.EXPIRED,
        "confirmation_too_late",
    )
    send(desk, stand_in)
    assert stand_in.accepted(ADA) == []


def test_should_not_send_a_confirmation_that_waited_too_long_in_the_queue(
    desk: Desk, stand_in: Running
) -> None:
    desk.contact()
    desk.texts("STOP")
    desk.works()
    assert answers(desk, Purpose.OPTOUT_CONFIRM) == [MessageStatus.QUEUED]
    desk.clock.advance(minutes=6)
    send(desk, stand_in)
    assert stand_in.accepted(ADA) == []
    assert desk.outbound()[0].reason == "confirmation_too_late"


@pytest.mark.parametrize("how", ["by its settings", "by its own reading"])
def test_should_leave_the_answer_to_a_carrier_that_answers_itself(how: str, desk: Desk) -> None:
    desk.contact()
    fields = {"OptOutType": "STOP"} if how == "by its own reading" else {}
    if how == "by its settings":
        with desk.database.shop_session(desk.shop.id) as session:
            session.scalars(select(CarrierAccount)).one().answers_stop_itself = True
    desk.texts("STOP", **fields)
    desk.works()
    assert desk.outbound() == []
    assert desk.suppressed() == set(Scope)


def test_should_believe_the_carriers_own_reading_of_a_stop(desk: Desk) -> None:
    desk.contact()
    desk.texts("Abmelden", OptOutType="STOP")
    assert desk.suppressed() == set(Scope)
    assert desk.entries()[0].args["decided_by"] == "carrier"


def test_should_hear_stop_from_one_who_was_never_texted(desk: Desk) -> None:
    desk.texts("STOP", phone=BEN)
    desk.works()
    assert desk.suppressed() == set(Scope)
    desk.contact(BEN, marketing=True)
    assert desk.message(desk.queued(BEN)).reason == "opted_out"


def test_should_answer_help_after_a_stop(desk: Desk, stand_in: Running) -> None:
    desk.contact()
    desk.opts_out()
    desk.texts("HELP")
    desk.works()
    send(desk, stand_in)
    (answer,) = stand_in.accepted(ADA)
    assert "help@maple.example" in answer["body"]
    assert "STOP" in answer["body"]


@pytest.mark.parametrize("author", ["a person", "a person without a question", "an automation"])
def test_should_take_no_for_a_stop_unless_it_answers_a_persons_question(
    author: str, desk: Desk, stand_in: Running, clock: Clock
) -> None:
    desk.contact()
    desk.texts("Hello, is somebody there?")
    desk.works()
    if author == "an automation":
        desk.queued()
    else:
        desk.asks("Shall we send a new one?" if author == "a person" else "We sent a new one.")
    send(desk, stand_in)
    desk.texts("No")
    assert desk.suppressed() == (set() if author == "a person" else set(Scope))
    desk.works()
    assert len(desk.messages()) == (3 if author == "a person" else 4)


@pytest.mark.parametrize("kind", [SenderType.LONG_CODE, SenderType.TOLL_FREE])
def test_should_take_yes_for_a_start_only_where_it_opens_the_door(
    kind: SenderType, desk: Desk
) -> None:
    desk.contact()
    with desk.database.shop_session(desk.shop.id) as session:
        session.get_one(Sender, desk.shop.sender_id).type = kind
    desk.texts("yes")
    desk.works()
    assert desk.outbound() == []
    desk.opts_out()
    desk.clock.advance(minutes=1)
    desk.texts("YES")
    desk.works()
    opened = kind is SenderType.LONG_CODE
    assert (desk.person().transactional is ConsentState.GRANTED) == opened
    assert len(answers(desk, Purpose.OPTIN_CONFIRM)) == opened
