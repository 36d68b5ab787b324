"""News from the carrier about a text: in any order, any number of times, with the same end."""

from __future__ import annotations

import itertools
import random
import uuid
from datetime import timedelta

import pytest

from models import Message
from models.enums import ConsentState, MessageStatus
from sms.carriers.protocol import SendOutcome
from sms.consent.gate import Cleared
from sms.delivery.status import CarrierNews, apply_news
from tests.factories import ADA
from tests.integration.sandbox_carrier.running import Running, eventually
from tests.integration.sms.making import Clock, Desk, dispatcher_for, through_twilio
from tests.integration.sms.watched import Watched

NEWS = ("queued", "sending", "sent", "delivered", "undelivered", "failed", "read", "canceled")
SID = "SM" + "a" * 32


@pytest.fixture
def accepted(desk: Desk) -> uuid.UUID:
    desk.contact()
    return accepted_by_carrier(desk, SID)


def accepted_by_carrier(desk: Desk, sid: str) -> uuid.UUID:
    message_id = desk.queued()
    desk.change(
        desk.message(message_id),
        status=MessageStatus.ACCEPTED,
        carrier_id=sid,
        accepted_at=desk.clock(),
        attempted_at=desk.clock(),
    )
    return message_id


def tell(desk: Desk, status: str, *, code: int | None = None, sid: str = SID) -> bool:
    news = CarrierNews(message_id=None, carrier_id=sid, status=status, error_code=code)
    with desk.database.shop_session(desk.shop.id) as session:
        return apply_news(session, news, now=desk.clock())


def end_of(desk: Desk, message_id: uuid.UUID) -> tuple[object, ...]:
    """Where a text and its second try have come to; when exactly is another matter."""
    message = desk.message(message_id)
    again = desk.messages(Message.dedupe_key == f"again:{message_id}")
    return (
        message.status,
        message.error_code,
        message.reason,
        message.delivered_at is not None,
        any(each.status is MessageStatus.QUEUED for each in again),
    )


@pytest.mark.parametrize("seed", range(6))
def test_should_end_the_same_in_every_order_and_with_every_repetition(
    seed: int, desk: Desk
) -> None:
    dice = random.Random(seed)
    news = dice.sample(NEWS, 4)
    codes = {"undelivered": 30003, "failed": 30001}
    desk.contact()
    ends = set()
    for number, order in enumerate(dice.sample(list(itertools.permutations(news)), 8)):
        sid = f"SM{number:032x}"
        message_id = accepted_by_carrier(desk, sid)
        for each in [*order, *dice.choices(order, k=2)]:
            tell(desk, each, code=codes.get(each), sid=sid)
        ends.add(end_of(desk, message_id))
    assert len(ends) == 1


def test_should_take_news_that_overtook_the_answer_to_the_create(
    desk: Desk, stand_in: Running, clock: Clock
) -> None:
    """The callback comes while our request is still waiting for its answer."""
    desk.contact()
    message_id = desk.queued()

    def calls_back_first(_: Cleared, outcome: SendOutcome) -> SendOutcome:
        sid = stand_in.accepted(ADA)[0]["sid"]
        desk.hears("delivered", sid=sid, message_id=message_id)
        desk.works()
        return outcome

    carrier = Watched(through_twilio(stand_in), after=calls_back_first)
    dispatcher_for(desk.database, carrier, clock).run(desk.shop.id, desk.shop.sender_id)
    message = desk.message(message_id)
    assert (message.status, message.attempts) == (MessageStatus.DELIVERED, 1)
    assert message.carrier_id == stand_in.accepted(ADA)[0]["sid"]


def test_should_settle_a_text_in_doubt_by_its_callback(desk: Desk, accepted: uuid.UUID) -> None:
    doubtful = desk.message(accepted)
    desk.change(doubtful, status=MessageStatus.UNKNOWN, carrier_id=None, accepted_at=None)
    desk.hears("sent", sid=SID, message_id=accepted)
    desk.works()
    message = desk.message(accepted)
    assert (message.status, message.carrier_id) == (MessageStatus.SENT, SID)


def test_should_believe_the_carrier_over_our_belief_that_it_stayed_here(
    desk: Desk, accepted: uuid.UUID
) -> None:
    lost = desk.message(accepted)
    desk.change(
        lost,
        status=MessageStatus.FAILED,
        reason="outcome_never_learned",
        carrier_id=None,
        accepted_at=None,
    )
    desk.hears("delivered", sid=SID, message_id=accepted)
    desk.works()
    message = desk.message(accepted)
    assert (message.status, message.reason) == (MessageStatus.DELIVERED, None)


def test_should_ignore_news_of_texts_that_are_not_ours(desk: Desk, accepted: uuid.UUID) -> None:
    assert not tell(desk, "delivered", sid="SM" + "b" * 32)
    assert desk.hears("delivered", sid="SM" + "c" * 32, message_id=uuid.uuid4()).status == 200
    desk.works()
    assert all(entry.done_at for entry in desk.entries())
    assert desk.message(accepted).status is MessageStatus.ACCEPTED


def test_should_keep_the_first_of_two_carrier_ids(desk: Desk, accepted: uuid.UUID) -> None:
    desk.hears("delivered", sid="SM" + "b" * 32, message_id=accepted)
    desk.works()
    message = desk.message(accepted)
    assert (message.status, message.carrier_id) == (MessageStatus.ACCEPTED, SID)


def test_should_leave_a_text_where_it_is_for_words_it_does_not_know(
    desk: Desk, accepted: uuid.UUID
) -> None:
    for status in ("receiving", "teleported", ""):
        assert tell(desk, status)
    assert desk.message(accepted).status is MessageStatus.ACCEPTED


def test_should_repeat_news_about_an_order_once_when_the_phone_was_off(
    desk: Desk, accepted: uuid.UUID
) -> None:
    before = desk.clock()
    tell(desk, "undelivered", code=30003)
    tell(desk, "undelivered", code=30003)
    (again,) = desk.messages(Message.dedupe_key == f"again:{accepted}")
    assert again.body == desk.message(accepted).body
    assert before + timedelta(minutes=29) < again.send_after < before + timedelta(minutes=31)
    desk.change(again, status=MessageStatus.ACCEPTED, carrier_id="SM2", accepted_at=desk.clock())
    tell(desk, "undelivered", code=30003, sid="SM2")
    assert len(desk.outbound()) == 2


def test_should_not_repeat_what_arrived_after_all(desk: Desk, accepted: uuid.UUID) -> None:
    tell(desk, "undelivered", code=30003)
    tell(desk, "delivered")
    (again,) = desk.messages(Message.dedupe_key == f"again:{accepted}")
    assert (again.status, again.reason) == (MessageStatus.CANCELLED, "arrived_after_all")
    message = desk.message(accepted)
    assert (message.status, message.error_code) == (MessageStatus.DELIVERED, None)


def test_should_not_repeat_a_text_that_the_person_blocked(desk: Desk, accepted: uuid.UUID) -> None:
    tell(desk, "undelivered", code=30007)
    assert len(desk.outbound()) == 1
    assert desk.message(accepted).reason == "carrier_30007"


def test_should_write_a_revocation_when_a_report_says_they_opted_out(
    desk: Desk, accepted: uuid.UUID
) -> None:
    waiting = desk.queued()
    tell(desk, "failed", code=21610)
    assert desk.person().transactional is ConsentState.REVOKED
    assert desk.message(waiting).status is MessageStatus.CANCELLED


def test_should_move_the_conversation_with_each_new_status_and_not_with_old_news(
    desk: Desk, accepted: uuid.UUID
) -> None:
    before = desk.conversation().version
    for status in ("sent", "sent", "queued", "delivered", "sent"):
        tell(desk, status)
    assert desk.conversation().version == before + 2


def test_should_follow_the_carriers_own_callbacks_in_reverse(
    desk: Desk, stand_in: Running, clock: Clock
) -> None:
    desk.contact()
    message_id = desk.queued()
    dispatcher = dispatcher_for(desk.database, through_twilio(stand_in), clock)
    dispatcher.run(desk.shop.id, desk.shop.sender_id)
    sid = stand_in.accepted(ADA)[0]["sid"]
    assert eventually(lambda: stand_in.accepted(ADA)[0]["status"] == "delivered")
    for status in ("delivered", "sent", "queued"):
        assert desk.hears(status, sid=sid, message_id=message_id).code == "received"
        assert desk.hears(status, sid=sid, message_id=message_id).code == "duplicate"
    desk.works()
    assert desk.message(message_id).status is MessageStatus.DELIVERED
