"""No request begins after a STOP has committed. Each test stops the world in another place."""

from __future__ import annotations

import itertools
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime
from decimal import Decimal

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from models import Database, ShopSession, Suppression, Vault
from models.enums import MessageStatus, Purpose, Scope
from sms.consent.gate import Cleared
from sms.consent.revocation import Revocation, revoke
from sms.contacts import find_or_create_contact, lock_contact
from sms.delivery import dispatch
from tests.factories import ADA, make_shop
from tests.integration.sandbox_carrier.running import Running, eventually
from tests.integration.sms.making import (
    Clock,
    Desk,
    dispatcher_for,
    phone_of,
    through_twilio,
)
from tests.integration.sms.watched import Watched


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


class Latch:
    """Stops whoever comes by until it is opened; says that somebody has come."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()

    def __call__(self, _: Cleared) -> None:
        self.reached.set()
        assert self.opened.wait(30)


def waits_for_a_lock(database: Database, statement: str) -> bool:
    with database.engine.connect() as connection:
        return bool(
            connection.scalar(
                text(
                    "SELECT count(*) FROM pg_stat_activity "
                    "WHERE wait_event_type = 'Lock' AND query LIKE :statement"
                ),
                {"statement": statement},
            )
        )


def run(desk: Desk, dispatcher: dispatch.Dispatcher) -> bool:
    return dispatcher.run(desk.shop.id, desk.shop.sender_id)


def test_should_send_nothing_when_a_stop_commits_before_the_last_look(
    desk: Desk, stand_in: Running, clock: Clock, threads: ThreadPoolExecutor
) -> None:
    desk.contact()
    message_id = desk.queued()
    dispatcher = dispatcher_for(desk.database, through_twilio(stand_in), clock)
    with desk.database.shop_session(desk.shop.id) as stop:
        contact = find_or_create_contact(stop, ADA, now=clock())
        lock_contact(stop, contact.id)
        running = threads.submit(run, desk, dispatcher)
        assert eventually(lambda: waits_for_a_lock(desk.database, "%FROM contacts%KEY SHARE%"))
        wish = Revocation(
            source="inbound_text",
            external_id="SM1",
            method="inbound_text",
            actor="shopper",
            occurred_at=clock(),
        )
        revoke(stop, contact, wish, now=clock())
    running.result(timeout=10)
    assert stand_in.accepted(ADA) == []
    message = desk.message(message_id)
    assert (message.status, message.reason) == (MessageStatus.CANCELLED, "opted_out")


def test_should_not_commit_a_stop_between_the_last_look_and_the_request(
    desk: Desk, stand_in: Running, clock: Clock, threads: ThreadPoolExecutor
) -> None:
    desk.contact()
    message_id = desk.queued()
    latch = Latch()
    carrier = Watched(through_twilio(stand_in), before=latch)
    running = threads.submit(run, desk, dispatcher_for(desk.database, carrier, clock))
    assert latch.reached.wait(5)
    assert desk.message(message_id).status is MessageStatus.SENDING
    stop = threads.submit(desk.texts, "STOP")
    assert eventually(lambda: waits_for_a_lock(desk.database, "%FROM contacts%FOR UPDATE%"))
    assert desk.suppressed() == set()
    latch.opened.set()
    assert stop.result(timeout=5).code == "received"
    running.result(timeout=5)
    assert desk.suppressed() == {Scope.MARKETING, Scope.TRANSACTIONAL}
    assert desk.message(message_id).status is MessageStatus.ACCEPTED
    desk.queued()
    run(desk, dispatcher_for(desk.database, carrier, clock))
    assert len(stand_in.accepted(ADA)) == 1


def test_should_neither_hold_up_a_stop_nor_begin_late_when_a_dispatcher_hangs(
    desk: Desk, stand_in: Running, clock: Clock, threads: ThreadPoolExecutor
) -> None:
    """As a process that was stopped, or starved, between its last look and its request."""
    desk.contact()
    message_id = desk.queued()
    latch = Latch()
    carrier = Watched(through_twilio(stand_in), before=latch)
    running = threads.submit(run, desk, dispatcher_for(desk.database, carrier, clock))
    assert latch.reached.wait(5)
    started = time.monotonic()
    assert desk.texts("STOP").code == "received"
    assert 1 < time.monotonic() - started < 8
    latch.opened.set()
    running.result(timeout=10)
    drain(desk, dispatcher_for(desk.database, through_twilio(stand_in), clock))
    assert stand_in.accepted(ADA) == []
    message = desk.message(message_id)
    assert (message.status, message.reason) == (MessageStatus.BLOCKED, "opted_out")


class Stopped(Database):
    """A dispatcher's database that stops the world in the third of a run's transactions.

    The first takes the lease, the second is the guard, the third commits the marks.
    """

    def stops(self, *, after_commit: bool) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()
        self._after_commit, self._number = after_commit, itertools.count(1)

    @contextmanager
    def shop_session(self, shop_id: uuid.UUID) -> Iterator[ShopSession]:
        third = next(self._number) == 3
        with super().shop_session(shop_id) as session:
            yield session
            if third and not self._after_commit:
                self._stop()
        if third and self._after_commit:
            self._stop()

    def _stop(self) -> None:
        self.reached.set()
        assert self.opened.wait(30)


@pytest.mark.parametrize("moment", ["before the commit", "after the commit"])
def test_should_begin_nothing_when_it_was_stopped_around_marking(
    moment: str,
    desk: Desk,
    stand_in: Running,
    clock: Clock,
    threads: ThreadPoolExecutor,
    empty_database: str,
    vault: Vault,
) -> None:
    """The marks were made, the guard was lost: nothing may begin on the strength of them."""
    desk.contact()
    message_id = desk.queued()
    database = Stopped(empty_database, vault=vault)
    after_commit = moment == "after the commit"
    database.stops(after_commit=after_commit)
    dispatcher = dispatcher_for(database, through_twilio(stand_in), clock)
    running = threads.submit(run, desk, dispatcher)
    assert database.reached.wait(5)
    started = time.monotonic()
    assert desk.texts("STOP").code == "received"
    assert time.monotonic() - started < 8
    database.opened.set()
    with suppress(DBAPIError):
        running.result(timeout=10)
    drain(desk, dispatcher_for(desk.database, through_twilio(stand_in), clock))
    database.dispose()
    assert stand_in.accepted(ADA) == []
    message = desk.message(message_id)
    expected = MessageStatus.BLOCKED if after_commit else MessageStatus.CANCELLED
    assert (message.status, message.reason) == (expected, "opted_out")


def test_should_not_let_a_stopped_process_keep_a_person_from_opting_out(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It sleeps in the middle of any transaction, with the person's row in its hand."""
    contact_id = desk.contact()
    monkeypatch.setattr("models.session.LONGEST_IDLE_IN_TRANSACTION", "1s")
    with suppress(DBAPIError), desk.database.shop_session(desk.shop.id) as sleeping:
        lock_contact(sleeping, contact_id)
        started = time.monotonic()
        assert desk.texts("STOP").code == "received"
        assert time.monotonic() - started < 4
        sleeping.execute(select(Suppression))
        pytest.fail("the sleeper went on as if nothing had happened")
    assert desk.suppressed() == {Scope.MARKETING, Scope.TRANSACTIONAL}


def test_should_begin_no_request_after_any_of_many_stops_while_a_campaign_drains(
    database: Database, stand_in: Running, clock: Clock, threads: ThreadPoolExecutor
) -> None:
    desk = Desk(database, make_shop(database, now=clock(), pace=Decimal(100)), clock)
    desk.campaign(60, purpose=Purpose.MARKETING, each=5)
    committed: dict[str, datetime] = {}
    begun: dict[str, datetime] = {}

    def begins(cleared: Cleared) -> None:
        begun[cleared.text.to] = clock()

    def stops(phone: str) -> None:
        assert desk.texts("STOP", phone=phone).code == "received"
        committed[phone] = clock()

    carrier = Watched(through_twilio(stand_in), begins=begins)
    running = threads.submit(drain, desk, dispatcher_for(database, carrier, clock))
    stopping: list[Future[None]] = []
    for number in range(0, 60, 2):
        stopping.append(threads.submit(stops, phone_of(number)))
        time.sleep(0.02)
    for each in (*stopping, running):
        each.result(timeout=120)
    assert [
        phone for phone in committed if phone in begun and begun[phone] > committed[phone]
    ] == []
    received = stand_in.control(f"/messages?account={desk.shop.account_sid}")["messages"]
    assert 150 <= len(received) < 300, "the STOPs came too early or too late to prove anything"
    with database.shop_session(desk.shop.id) as session:
        assert len(session.scalars(select(Suppression)).all()) == 2 * len(committed)


def drain(desk: Desk, dispatcher: dispatch.Dispatcher) -> None:
    while run(desk, dispatcher):
        """Its time was up, and there is more."""
