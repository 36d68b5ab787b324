"""Sending what is due: each once, in order, at the number's pace, by one dispatcher at a time."""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from cryptography.fernet import InvalidToken
from sqlalchemy import text, update

from models import Database, Message, Sender
from models.enums import MessageStatus, Purpose
from sms.consent.gate import Cleared
from sms.delivery.dispatch import Dispatcher
from sms.delivery.lease import release_lease, renew_lease, take_lease
from sms.delivery.marking import mark_sending, what_is_due
from tests.factories import ADA, BEN, MadeShop, make_shop
from tests.integration.sandbox_carrier.running import Running
from tests.integration.sms.making import Clock, Desk, dispatcher_for, through_twilio
from tests.integration.sms.watched import Watched


def nowhere(_shop_id: uuid.UUID, _media_id: uuid.UUID) -> str:
    return ""


@pytest.fixture
def dispatcher(desk: Desk, stand_in: Running, clock: Clock) -> Dispatcher:
    return dispatcher_for(desk.database, through_twilio(stand_in), clock)


def run(desk: Desk, dispatcher: Dispatcher) -> bool:
    return dispatcher.run(desk.shop.id, desk.shop.sender_id)


def received(stand_in: Running, shop: MadeShop) -> list[dict[str, object]]:
    found: list[dict[str, object]] = stand_in.control(f"/messages?account={shop.account_sid}")[
        "messages"
    ]
    return found


def test_should_send_each_due_text_once_from_two_dispatchers_at_once(
    desk: Desk, stand_in: Running, clock: Clock
) -> None:
    phones = desk.campaign(60)
    dispatchers = [dispatcher_for(desk.database, through_twilio(stand_in), clock) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        more = list(pool.map(lambda each: run(desk, each), dispatchers))
    assert more == [False, False]
    assert Counter(text["recipient"] for text in received(stand_in, desk.shop)) == Counter(phones)
    statuses = {(message.status, message.attempts) for message in desk.outbound()}
    assert statuses == {(MessageStatus.ACCEPTED, 1)}


def test_should_name_our_message_in_the_status_address_and_say_how_long_it_holds(
    desk: Desk, stand_in: Running, dispatcher: Dispatcher
) -> None:
    desk.contact()
    text = desk.queued(send_before=desk.clock.later(minutes=5))
    run(desk, dispatcher)
    (at_carrier,) = stand_in.accepted(ADA)
    path = f"/webhooks/twilio/{desk.shop.account_key}/status?m={text}"
    assert at_carrier["status_callback"].endswith(path)
    message = desk.message(text)
    assert (message.carrier_id, message.status) == (at_carrier["sid"], MessageStatus.ACCEPTED)


def test_should_send_replies_before_news_and_news_before_promotions(
    desk: Desk, stand_in: Running, clock: Clock
) -> None:
    with desk.database.shop_session(desk.shop.id) as session:
        session.execute(update(Sender).values(segments_per_second=Decimal(40)))
    desk.campaign(12, purpose=Purpose.MARKETING, body="promotion")
    desk.campaign(12, body="news")
    desk.texts("Where is it?")
    desk.works()
    desk.asks("reply")
    run(desk, dispatcher_for(desk.database, through_twilio(stand_in), clock))
    order = [text["body"] for text in received(stand_in, desk.shop)]
    assert Counter(order) == {"reply": 1, "news": 12, "promotion": 12}
    # Steps of ten; what leaves in one step arrives in any order.
    assert Counter(order[:10]) == {"reply": 1, "news": 9}
    assert set(order[-5:]) == {"promotion"}


@pytest.mark.parametrize(("rate", "texts", "segments"), [(16, 40, 1), (12, 8, 4)])
def test_should_keep_to_the_pace_in_segments_as_the_carrier_sees_it(
    rate: int, texts: int, segments: int, database: Database, stand_in: Running, clock: Clock
) -> None:
    shop = make_shop(database, now=clock(), pace=Decimal(rate))
    desk = Desk(database, shop, clock)
    body = "x" * 20 if segments == 1 else "x" * (153 * segments)
    desk.campaign(texts, body=body)
    dispatcher_for(database, through_twilio(stand_in), clock).run(shop.id, shop.sender_id)
    moments = [float(str(each["accepted_at"])) for each in received(stand_in, shop)]
    assert len(moments) == texts
    step = max(rate / 4, segments)
    busiest = max(
        segments * sum(start <= moment < start + 1 for moment in moments) for start in moments
    )
    assert busiest <= rate + step
    seconds = max(moments) - min(moments)
    assert seconds >= (texts * segments - rate - step) / rate


def test_should_send_a_text_longer_than_a_step_alone(
    database: Database, stand_in: Running, clock: Clock
) -> None:
    shop = make_shop(database, now=clock(), pace=Decimal(4))
    desk = Desk(database, shop, clock)
    for phone in (ADA, BEN):
        desk.contact(phone)
    long, short = desk.queued(body="x" * 400), desk.queued(BEN)
    with database.shop_session(shop.id) as session:
        due = what_is_due(session, shop.sender_id, limit=16, now=clock())
        assert [each.message_id for each in due] == [long]
    dispatcher_for(database, through_twilio(stand_in), clock).run(shop.id, shop.sender_id)
    assert desk.message(short).status is MessageStatus.ACCEPTED
    # When each began, not when the carrier took it: a slow first connection is not our pace.
    first, second = desk.message(long).attempted_at, desk.message(short).attempted_at
    assert first is not None
    assert second is not None
    assert second - first >= timedelta(seconds=0.7)


def test_should_mark_nothing_once_another_took_the_lease(desk: Desk, clock: Clock) -> None:
    desk.contact()
    text = desk.queued()
    with desk.database.shop_session(desk.shop.id) as session:
        old = take_lease(session, desk.shop.sender_id, seconds=0)
        assert old is not None
    time.sleep(0.01)
    with desk.database.shop_session(desk.shop.id) as session:
        new = take_lease(session, desk.shop.sender_id, seconds=30)
        assert new is not None
    with desk.database.shop_session(desk.shop.id) as session:
        due = what_is_due(session, desk.shop.sender_id, limit=5, now=clock())
        late = mark_sending(
            session, old, due, status_address=str, media_address=nowhere, now=clock()
        )
        assert late is None
        release_lease(session, old)
    assert desk.message(text).status is MessageStatus.QUEUED
    with desk.database.shop_session(desk.shop.id) as session:
        assert take_lease(session, desk.shop.sender_id, seconds=30) is None
        assert renew_lease(session, new) is not None


def test_should_not_lose_a_wake_up_call_that_comes_while_another_holds_the_lease(
    desk: Desk, stand_in: Running, clock: Clock
) -> None:
    """The holder looks once more after it gave the lease back, and asks for another run."""
    desk.contact()
    desk.contact(BEN)
    reached, opened = threading.Event(), threading.Event()

    def holds(_: Cleared) -> None:
        reached.set()
        assert opened.wait(10)

    desk.queued()
    holder = dispatcher_for(desk.database, Watched(through_twilio(stand_in), before=holds), clock)
    other = dispatcher_for(desk.database, through_twilio(stand_in), clock)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run, desk, holder)
        assert reached.wait(5)
        desk.queued(BEN)
        assert run(desk, other) is False
        opened.set()
        running.result(timeout=10)
    assert len(stand_in.accepted(BEN)) == 1


def test_should_give_the_lease_back_when_the_work_fails(desk: Desk, dispatcher: Dispatcher) -> None:
    desk.contact()
    text_id = desk.queued()
    with desk.database.engine.begin() as owner:
        owner.execute(text("UPDATE carrier_accounts SET auth_token_encrypted = 'broken'"))
    with pytest.raises(InvalidToken):
        run(desk, dispatcher)
    assert desk.message(text_id).status is MessageStatus.QUEUED
    with desk.database.shop_session(desk.shop.id) as session:
        assert take_lease(session, desk.shop.sender_id, seconds=1) is not None


def test_should_take_an_adapter_that_breaks_for_one_that_may_have_sent(
    desk: Desk, stand_in: Running, clock: Clock
) -> None:
    desk.contact()
    desk.contact(BEN)
    texts = [desk.queued(), desk.queued(BEN)]

    def breaks(cleared: Cleared) -> None:
        if cleared.text.to == ADA:
            raise RuntimeError("a bug in an adapter")

    carrier = Watched(through_twilio(stand_in), before=breaks)
    run(desk, dispatcher_for(desk.database, carrier, clock))
    statuses = [desk.message(each).status for each in texts]
    assert statuses == [MessageStatus.UNKNOWN, MessageStatus.ACCEPTED]


def test_should_leave_what_is_not_due_and_say_that_more_is_due_when_time_is_up(
    database: Database, stand_in: Running, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = make_shop(database, now=clock(), pace=Decimal(4))
    desk = Desk(database, shop, clock)
    desk.campaign(6)
    later = desk.queued(ADA, send_after=clock.later(hours=1), purpose=Purpose.OPTIN_CONFIRM)
    monkeypatch.setattr("sms.delivery.dispatch.LONGEST_RUN_SECONDS", 0.6)
    dispatcher = dispatcher_for(database, through_twilio(stand_in), clock)
    assert dispatcher.run(shop.id, shop.sender_id) is True
    monkeypatch.undo()
    assert 1 <= len(received(stand_in, shop)) < 6
    assert dispatcher.run(shop.id, shop.sender_id) is False
    assert len(received(stand_in, shop)) == 6
    assert desk.message(later).status is MessageStatus.QUEUED


def test_should_drop_a_text_whose_time_is_over_and_say_so(
    desk: Desk, stand_in: Running, dispatcher: Dispatcher
) -> None:
    desk.contact()
    text = desk.queued(send_before=desk.clock.later(minutes=5))
    desk.clock.advance(minutes=6)
    run(desk, dispatcher)
    message = desk.message(text)
    assert (message.status, message.reason) == (MessageStatus.EXPIRED, "too_late")
    assert stand_in.accepted(ADA) == []


def test_should_not_send_for_a_shop_that_left(
    desk: Desk, stand_in: Running, dispatcher: Dispatcher
) -> None:
    desk.contact()
    text_id = desk.queued()
    with desk.database.engine.begin() as owner:
        owner.execute(text("UPDATE shops SET status = 'uninstalled'"))
    assert run(desk, dispatcher) is False
    message = desk.message(text_id)
    assert (message.status, message.reason) == (MessageStatus.BLOCKED, "shop_uninstalled")
    assert desk.messages(Message.status == MessageStatus.SENDING) == []
