"""Settling what may have left by what the carrier lists: found, absent, or not to be known."""

from __future__ import annotations

import uuid

import pytest

from models import Sender, ShopSession
from models.enums import MessageStatus
from sms.carriers.accounts import credentials_of
from sms.carriers.protocol import Account, CarrierMessage
from sms.carriers.twilio import Twilio
from sms.delivery.dispatch import Dispatcher
from sms.delivery.reconcile import Reconciler
from tests.factories import ADA, BEN
from tests.integration.sandbox_carrier.running import Running, eventually, free_port
from tests.integration.sms.making import (
    Clock,
    Desk,
    dispatcher_for,
    reconciler_for,
    through_twilio,
)


@pytest.fixture
def dispatcher(desk: Desk, stand_in: Running, clock: Clock) -> Dispatcher:
    return dispatcher_for(desk.database, through_twilio(stand_in), clock)


@pytest.fixture
def reconciler(desk: Desk, stand_in: Running, clock: Clock) -> Reconciler:
    return reconciler_for(desk.database, through_twilio(stand_in), clock)


def settle(desk: Desk, reconciler: Reconciler) -> None:
    reconciler.settle(desk.shop.id, desk.shop.sender_id)


def send(desk: Desk, dispatcher: Dispatcher) -> None:
    dispatcher.run(desk.shop.id, desk.shop.sender_id)


def in_doubt(
    desk: Desk,
    stand_in: Running,
    dispatcher: Dispatcher,
    *,
    arrives: bool,
    phone: str = ADA,
    **more: object,
) -> uuid.UUID:
    """Send a text whose answer is lost; it `arrives` at the carrier or not."""
    fault = "drop_after_accept" if arrives else "error_before_accept"
    stand_in.control("/faults", {"rules": [{"fault": fault, "count": 1}]})
    text = desk.queued(phone, **more)
    send(desk, dispatcher)
    assert desk.message(text).status is MessageStatus.UNKNOWN
    return text


def test_should_find_a_text_that_had_arrived_and_tie_it(
    desk: Desk, stand_in: Running, dispatcher: Dispatcher, reconciler: Reconciler
) -> None:
    desk.contact()
    body = "Maple & Rye: “It’s” on its way – soon…"
    text = in_doubt(desk, stand_in, dispatcher, arrives=True, body=body)
    sid = stand_in.accepted(ADA)[0]["sid"]
    assert eventually(lambda: stand_in.accepted(ADA)[0]["status"] == "delivered")
    settle(desk, reconciler)
    message = desk.message(text)
    assert (message.status, message.carrier_id) == (MessageStatus.DELIVERED, sid)
    desk.clock.advance(minutes=20)
    settle(desk, reconciler)
    send(desk, dispatcher)
    assert len(stand_in.accepted(ADA)) == 1


def test_should_send_an_absent_text_once_more_and_then_give_up(
    desk: Desk, stand_in: Running, dispatcher: Dispatcher, reconciler: Reconciler
) -> None:
    desk.contact()
    text = in_doubt(desk, stand_in, dispatcher, arrives=False)
    settle(desk, reconciler)
    desk.clock.advance(minutes=4)
    settle(desk, reconciler)
    assert desk.message(text).status is MessageStatus.UNKNOWN
    desk.clock.advance(minutes=1, seconds=1)
    settle(desk, reconciler)
    again = desk.message(text)
    assert (again.status, again.resends) == (MessageStatus.QUEUED, 1)
    stand_in.control("/faults", {"rules": [{"fault": "error_before_accept", "count": 1}]})
    send(desk, dispatcher)
    settle(desk, reconciler)
    assert desk.message(text).status is MessageStatus.UNKNOWN
    desk.clock.advance(minutes=6)
    settle(desk, reconciler)
    given_up = desk.message(text)
    assert (given_up.status, given_up.reason) == (MessageStatus.FAILED, "outcome_never_learned")
    assert given_up.attempts == 2


def test_should_arrive_by_its_second_sending(
    desk: Desk, stand_in: Running, dispatcher: Dispatcher, reconciler: Reconciler
) -> None:
    desk.contact()
    text = in_doubt(desk, stand_in, dispatcher, arrives=False)
    settle(desk, reconciler)
    desk.clock.advance(minutes=6)
    settle(desk, reconciler)
    send(desk, dispatcher)
    assert desk.message(text).status is MessageStatus.ACCEPTED
    assert len(stand_in.accepted(ADA)) == 1


def test_should_not_send_news_again_that_is_no_news_any_more(
    desk: Desk, stand_in: Running, dispatcher: Dispatcher, reconciler: Reconciler
) -> None:
    desk.contact()
    before = desk.clock.later(minutes=3)
    text = in_doubt(desk, stand_in, dispatcher, arrives=False, send_before=before)
    settle(desk, reconciler)
    desk.clock.advance(minutes=6)
    settle(desk, reconciler)
    send(desk, dispatcher)
    message = desk.message(text)
    assert (message.status, message.reason) == (MessageStatus.EXPIRED, "too_late")
    assert stand_in.accepted(ADA) == []


def test_should_not_send_again_to_one_who_opted_out_meanwhile(
    desk: Desk, stand_in: Running, dispatcher: Dispatcher, reconciler: Reconciler
) -> None:
    desk.contact()
    text = in_doubt(desk, stand_in, dispatcher, arrives=False)
    desk.opts_out()
    settle(desk, reconciler)
    desk.clock.advance(minutes=6)
    settle(desk, reconciler)
    send(desk, dispatcher)
    message = desk.message(text)
    assert (message.status, message.reason) == (MessageStatus.BLOCKED, "opted_out")
    assert stand_in.accepted(ADA) == []


def test_should_settle_same_words_as_a_multiset(
    desk: Desk, stand_in: Running, dispatcher: Dispatcher, reconciler: Reconciler
) -> None:
    """Three times the same words; two arrived, one of them with an answer."""
    desk.contact()
    answered = desk.queued()
    send(desk, dispatcher)
    lost = in_doubt(desk, stand_in, dispatcher, arrives=True)
    never = in_doubt(desk, stand_in, dispatcher, arrives=False)
    settle(desk, reconciler)
    ids = {desk.message(each).carrier_id for each in (answered, lost)}
    assert ids == {text["sid"] for text in stand_in.accepted(ADA)}
    assert desk.message(never).status is MessageStatus.UNKNOWN
    desk.clock.advance(minutes=6)
    settle(desk, reconciler)
    send(desk, dispatcher)
    assert len(stand_in.accepted(ADA)) == 3
    assert len({message.carrier_id for message in desk.outbound()}) == 3


def test_should_take_late_news_for_the_text_that_has_its_carrier_id(
    desk: Desk, stand_in: Running, dispatcher: Dispatcher, reconciler: Reconciler
) -> None:
    """Of two with the same words the one that never arrived was tied; the news names the other."""
    desk.contact()
    never = in_doubt(desk, stand_in, dispatcher, arrives=False)
    lost = in_doubt(desk, stand_in, dispatcher, arrives=True)
    settle(desk, reconciler)
    sid = stand_in.accepted(ADA)[0]["sid"]
    assert desk.message(never).carrier_id == sid
    desk.hears("delivered", sid=sid, message_id=lost)
    desk.works()
    assert desk.message(never).status is MessageStatus.DELIVERED
    assert all(entry.done_at for entry in desk.entries())
    assert desk.message(lost).status is MessageStatus.UNKNOWN


def test_should_wait_while_the_same_person_is_being_texted(
    desk: Desk, stand_in: Running, dispatcher: Dispatcher, reconciler: Reconciler
) -> None:
    """The list may hold the text whose answer is on its way; its words may be the same."""
    desk.contact()
    never = in_doubt(desk, stand_in, dispatcher, arrives=False)
    desk.clock.advance(minutes=2)
    under_way = desk.queued()
    send(desk, dispatcher)
    sid = desk.message(under_way).carrier_id
    desk.change(
        desk.message(under_way), status=MessageStatus.SENDING, carrier_id=None, accepted_at=None
    )
    settle(desk, reconciler)
    waiting = desk.message(never)
    assert (waiting.status, waiting.carrier_id) == (MessageStatus.UNKNOWN, None)
    desk.change(desk.message(under_way), status=MessageStatus.ACCEPTED, carrier_id=sid)
    settle(desk, reconciler)
    assert desk.message(never).missing_since is not None


def test_should_settle_what_a_killed_worker_left_as_sending_once_it_is_stale(
    desk: Desk, stand_in: Running, dispatcher: Dispatcher, reconciler: Reconciler
) -> None:
    desk.contact()
    text = in_doubt(desk, stand_in, dispatcher, arrives=True)
    desk.change(desk.message(text), status=MessageStatus.SENDING)
    settle(desk, reconciler)
    assert desk.message(text).status is MessageStatus.SENDING
    desk.clock.advance(seconds=61)
    settle(desk, reconciler)
    assert desk.message(text).carrier_id == stand_in.accepted(ADA)[0]["sid"]


def test_should_not_take_the_same_words_from_another_number_for_its_own(
    desk: Desk, stand_in: Running, dispatcher: Dispatcher, reconciler: Reconciler
) -> None:
    desk.contact()
    text = in_doubt(desk, stand_in, dispatcher, arrives=True)
    with desk.database.shop_session(desk.shop.id) as session:
        session.get_one(Sender, desk.shop.sender_id).number = "+12065559999"
    settle(desk, reconciler)
    message = desk.message(text)
    assert (message.status, message.carrier_id) == (MessageStatus.UNKNOWN, None)
    assert message.missing_since is not None


def test_should_change_nothing_when_the_carrier_cannot_be_asked(
    desk: Desk, stand_in: Running, dispatcher: Dispatcher, clock: Clock
) -> None:
    desk.contact()
    text = in_doubt(desk, stand_in, dispatcher, arrives=False)
    nobody = Twilio(timeout=1, pool_size=4, base_url=f"http://127.0.0.1:{free_port()}")
    unreachable = reconciler_for(desk.database, nobody, clock)
    for _ in range(3):
        settle(desk, unreachable)
        clock.advance(minutes=10)
    message = desk.message(text)
    assert (message.status, message.missing_since) == (MessageStatus.UNKNOWN, None)


def test_should_close_what_is_in_doubt_about_a_person_who_was_erased(
    desk: Desk, stand_in: Running, dispatcher: Dispatcher, reconciler: Reconciler
) -> None:
    desk.contact()
    desk.contact(BEN)
    text = in_doubt(desk, stand_in, dispatcher, arrives=True)
    other = in_doubt(desk, stand_in, dispatcher, arrives=True, phone=BEN)
    desk.change(desk.person(), phone=None, redacted_at=desk.clock())
    settle(desk, reconciler)
    message = desk.message(text)
    assert (message.status, message.reason) == (MessageStatus.FAILED, "contact_erased")
    assert desk.message(other).carrier_id is not None


def test_should_read_through_more_than_a_thousand_listed_texts(
    desk: Desk, stand_in: Running, dispatcher: Dispatcher
) -> None:
    desk.contact()
    in_doubt(desk, stand_in, dispatcher, arrives=True)
    first = stand_in.accepted(ADA)[0]["sid"]
    account = {
        "account_sid": desk.shop.account_sid,
        "auth_token": desk.shop.auth_token,
        "number": desk.shop.number,
    }
    for number in range(1_050):
        stand_in.send(account, Body=f"Number {number}")
    with desk.database.shop_session(desk.shop.id) as session:
        credentials = credentials_of_shop(session, desk)
    since = desk.message(desk.outbound()[0].id).attempted_at
    assert since is not None
    listed = through_twilio(stand_in, timeout=10).texts_to(
        credentials, ADA, since=since.replace(microsecond=0)
    )
    assert len(listed) == 1_051
    assert isinstance(listed[-1], CarrierMessage)
    assert listed[-1].carrier_id == first


def credentials_of_shop(session: ShopSession, desk: Desk) -> Account:
    sender = session.get_one(Sender, desk.shop.sender_id)
    return credentials_of(session, sender.carrier_account_id)
