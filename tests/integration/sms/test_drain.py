"""The outbox: everything in it is done once, whatever fails or dies on the way."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text

from jobs import drain
from jobs.drain import Drainer, retry
from models import OutboxEntry, ShopSession, WebhookReceipt
from models.across_shops import InShop, claim_outbox, kinds_of_due_work
from models.enums import ReceiptStatus
from sms.carriers.processing import process_inbound
from tests.factories import BEN
from tests.integration.sms.making import Desk

KIND = "carrier_inbound"


@pytest.fixture
def broken_vault_entry(desk: Desk) -> uuid.UUID:
    """An entry whose webhook cannot be read for now: its key is not there."""
    desk.texts("Hello")
    with desk.database.engine.begin() as owner:
        owner.execute(text("UPDATE webhook_receipts SET body_encrypted = 'unreadable'"))
    return desk.entries()[0].id


def entry_of(desk: Desk, entry_id: uuid.UUID) -> OutboxEntry:
    with desk.database.shop_session(desk.shop.id) as session:
        return session.get_one(OutboxEntry, entry_id)


def receipt_of(desk: Desk, entry: OutboxEntry) -> WebhookReceipt:
    with desk.database.shop_session(desk.shop.id) as session:
        return session.get_one(WebhookReceipt, entry.receipt_id)


def test_should_postpone_what_fails_while_others_go_on(
    desk: Desk, broken_vault_entry: uuid.UUID
) -> None:
    desk.texts("Hello", phone=BEN)
    desk.works()
    failed = entry_of(desk, broken_vault_entry)
    assert (failed.attempts, failed.done_at, failed.last_error) == (1, None, "InvalidToken")
    assert failed.run_after > desk.clock()
    assert [message.body for message in desk.messages()] == ["Hello"]
    desk.works()
    assert entry_of(desk, broken_vault_entry).attempts == 1
    pauses = []
    for _ in range(4):
        before = desk.clock()
        desk.clock.offset += entry_of(desk, broken_vault_entry).run_after - before
        desk.works()
        pauses.append(entry_of(desk, broken_vault_entry).run_after - desk.clock())
    assert pauses == sorted(pauses)


def test_should_give_up_after_ten_failures_and_let_a_person_retry(
    desk: Desk, broken_vault_entry: uuid.UUID
) -> None:
    for _ in range(12):
        desk.works()
        desk.clock.advance(hours=1)
    entry = entry_of(desk, broken_vault_entry)
    assert entry.attempts == 10
    assert entry.gave_up_at is not None
    receipt = receipt_of(desk, entry)
    assert receipt.status is ReceiptStatus.UNUSABLE
    assert "10 times" in (receipt.problem or "")
    with desk.database.shared_session() as session:
        assert kinds_of_due_work(session, now=desk.clock()) == []
    with desk.database.shop_session(desk.shop.id) as session:
        session.get_one(WebhookReceipt, receipt.id).body_encrypted = session.vault.encrypt_json(
            {"MessageSid": "SM1", "From": BEN, "To": desk.shop.number, "Body": "mended"}
        )
        assert retry(session, receipt.id, now=desk.clock())
    desk.works()
    assert [message.body for message in desk.messages()] == ["mended"]
    receipt = receipt_of(desk, entry)
    assert (receipt.status, receipt.problem) == (ReceiptStatus.PROCESSED, None)
    with desk.database.shop_session(desk.shop.id) as session:
        assert not retry(session, receipt.id, now=desk.clock())


def test_should_take_up_what_a_killed_worker_had_claimed_once_its_lease_is_over(
    desk: Desk,
) -> None:
    desk.texts("Hello")
    with desk.database.shared_session() as session:
        claimed = claim_outbox(
            session, kind=KIND, limit=5, lease_seconds=30, token=uuid.uuid4(), now=desk.clock()
        )
    assert len(claimed) == 1
    desk.works()
    assert desk.messages() == []
    with desk.database.engine.begin() as owner:
        owner.execute(text("UPDATE outbox SET claimed_until = now() - interval '1 second'"))
    desk.works()
    assert len(desk.messages()) == 1


def test_should_not_do_what_another_has_claimed_since(desk: Desk) -> None:
    """A worker that slept past its lease finds that the entry is no longer its own."""
    desk.texts("Hello")
    old = uuid.uuid4()
    with desk.database.shared_session() as session:
        (claimed,) = claim_outbox(
            session, kind=KIND, limit=5, lease_seconds=0, token=old, now=desk.clock()
        )
    desk.works()
    done = desk.entries()[0]
    drainer = Drainer(desk.database, clock=desk.clock)
    drainer._do(drain.HANDLERS[KIND], claimed, old)
    assert len(desk.messages()) == 1
    assert desk.conversation().unread == 1
    assert desk.entries()[0].done_at == done.done_at


def _claim(desk: Desk, token: uuid.UUID, *, seconds: float) -> list[InShop]:
    with desk.database.shared_session() as session:
        return claim_outbox(
            session, kind=KIND, limit=5, lease_seconds=seconds, token=token, now=desk.clock()
        )


def test_should_leave_to_another_what_it_has_claimed_and_not_done_yet(desk: Desk) -> None:
    desk.texts("Hello")
    tokens = [uuid.uuid4(), uuid.uuid4()]
    (claimed,) = _claim(desk, tokens[0], seconds=0)
    assert _claim(desk, tokens[1], seconds=30) == [claimed]
    drainer = Drainer(desk.database, clock=desk.clock)
    drainer._do(drain.HANDLERS[KIND], claimed, tokens[0])
    assert desk.messages() == []
    done: list[uuid.UUID] = []

    def counts(
        session: ShopSession, receipt: WebhookReceipt, entry: OutboxEntry, /, **named: object
    ) -> None:
        done.append(entry.id)

    for _ in range(2):
        drainer._do(counts, claimed, tokens[1])
    assert len(done) == 1


def test_should_do_each_entry_once_with_several_drainers(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(40):
        desk.texts("Hello", phone=f"+1212555{number:04}")
    done: Counter[uuid.UUID] = Counter()
    lock = threading.Lock()

    def counts(
        session: ShopSession, receipt: WebhookReceipt, entry: OutboxEntry, /, **named: object
    ) -> None:
        with lock:
            done[entry.id] += 1
        process_inbound(session, receipt, entry, now=desk.clock())

    monkeypatch.setattr(drain, "HANDLERS", {KIND: counts})
    monkeypatch.setattr(drain, "BATCH", 4)
    with ThreadPoolExecutor(4) as pool:
        drainers = [Drainer(desk.database, clock=desk.clock) for _ in range(4)]
        list(pool.map(lambda each: each.drain(KIND), drainers))
    assert len(done) == 40
    assert set(done.values()) == {1}
    assert len(desk.messages()) == 40


def test_should_ask_for_another_run_when_its_time_is_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        desk.texts("Hello")
    monkeypatch.setattr(drain, "BATCH", 1)
    monkeypatch.setattr(drain, "LONGEST_RUN_SECONDS", 0.0)
    assert Drainer(desk.database, clock=desk.clock).drain(KIND) is True
    monkeypatch.setattr(drain, "LONGEST_RUN_SECONDS", 20.0)
    assert Drainer(desk.database, clock=desk.clock).drain(KIND) is False
    with desk.database.shop_session(desk.shop.id) as session:
        left = session.scalars(select(OutboxEntry).where(OutboxEntry.done_at.is_(None))).all()
    assert left == []


def test_should_undo_the_effects_of_an_entry_that_fails_half_way(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.texts("Hello")

    def fails_at_the_end(
        session: ShopSession, receipt: WebhookReceipt, entry: OutboxEntry, /, **named: object
    ) -> None:
        process_inbound(session, receipt, entry, now=desk.clock())
        session.flush()
        raise ZeroDivisionError

    monkeypatch.setattr(drain, "HANDLERS", {KIND: fails_at_the_end})
    Drainer(desk.database, clock=desk.clock).drain(KIND)
    assert desk.messages() == []
    monkeypatch.undo()
    desk.clock.advance(minutes=1)
    desk.works()
    assert len(desk.messages()) == 1
