"""Doing what the outbox holds, each entry in its own transaction with its own shop's session."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy import select

from jobs.errands import PASSING, Errand
from models import Database, OutboxEntry, ShopSession, WebhookReceipt
from models.across_shops import InShop, claim_outbox
from models.enums import ReceiptStatus
from shopify.reading import parsed_json
from shopify.sync import process_webhook
from sms.carriers.processing import process_inbound, process_status
from sms.work import UnusablePayloadError

log = structlog.get_logger(__name__)

BATCH = 50
# Short, so that a killed worker's batch is soon taken up again; whoever is slower than this finds
# in its own transaction that the entry is no longer its own.
LEASE_SECONDS = 15.0
# People who wrote wait for a free worker this long at most, when all are busy with other work.
LONGEST_RUN_SECONDS = 5.0
# Ten tries with doubling pauses take about an hour and a half; then a person has to look.
MOST_FAILURES = 10
LONGEST_BACKOFF = timedelta(minutes=15)


class Handler(Protocol):
    """The work behind one kind of entry. Its effects and "done" commit together."""

    def __call__(
        self, session: ShopSession, receipt: WebhookReceipt, entry: OutboxEntry, /, *, now: datetime
    ) -> None: ...


def process_shopify_webhook(
    session: ShopSession, receipt: WebhookReceipt, _entry: OutboxEntry, *, now: datetime
) -> None:
    """Read a webhook of Shopify's back from its receipt, and bring the rows up to date with it."""
    if receipt.body_encrypted is None:
        raise UnusablePayloadError("The webhook's body has been deleted.")
    payload = parsed_json(session.vault.decrypt(receipt.body_encrypted))
    process_webhook(session, receipt, payload, now=now)


HANDLERS: Mapping[str, Handler] = {
    "shopify_webhook": process_shopify_webhook,
    "carrier_inbound": process_inbound,
    "carrier_status": process_status,
}


class Drainer:
    """Claims due entries in batches and does them; safe to run in many processes at once."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Callable[[], datetime],
        errands: Mapping[str, Errand] | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._errands = errands or {}

    def drain(self, kind: str) -> bool:
        """Do what is due of one kind, for a while.

        Returns:
            Whether there may be more, so that the caller asks for another run.
        """
        deadline = time.monotonic() + LONGEST_RUN_SECONDS
        errand = self._errands.get(kind)
        # A batch of them could take longer than its claim.
        batch = BATCH if errand is None else 1
        while time.monotonic() < deadline:
            token = uuid.uuid4()
            with self._database.shared_session() as session:
                claimed = claim_outbox(
                    session,
                    kind=kind,
                    limit=batch,
                    lease_seconds=LEASE_SECONDS,
                    token=token,
                    now=self._clock(),
                )
            # In the order in which they came: one person's texts make a conversation.
            for each in sorted(claimed, key=lambda entry: entry.id):
                if errand is not None:
                    self._run(errand, each, token)
                else:
                    self._do(HANDLERS[kind], each, token)
            if len(claimed) < batch:
                return False
        return True

    def _do(self, handler: Handler, claimed: InShop, token: uuid.UUID) -> None:
        try:
            with self._database.shop_session(claimed.shop_id) as session:
                entry = _still_mine(session, claimed.id, token)
                if entry is None:
                    return
                now = self._clock()
                receipt = session.get_one(WebhookReceipt, entry.receipt_id)
                handler(session, receipt, entry, now=now)
                entry.done_at = now
                receipt.status, receipt.processed_at, receipt.problem = (
                    ReceiptStatus.PROCESSED,
                    now,
                    None,
                )
        except UnusablePayloadError as problem:
            self._give_up(claimed, token, str(problem))
        except Exception as error:
            log.exception("work_failed", entry_id=str(claimed.id), shop_id=str(claimed.shop_id))
            self._postpone(claimed, token, type(error).__name__)

    def _run(self, errand: Errand, claimed: InShop, token: uuid.UUID) -> None:
        try:
            with self._database.shop_session(claimed.shop_id) as session:
                entry = _still_mine(session, claimed.id, token)
                if entry is None:
                    return
                job = errand.begin(session, entry.args)
                if job is None:
                    entry.done_at = self._clock()
                    return
            result = errand.carry_out(job)
            with self._database.shop_session(claimed.shop_id) as session:
                entry = _still_mine(session, claimed.id, token)
                if entry is None:
                    return
                errand.finish(session, job, result)
                entry.done_at = self._clock()
        except PASSING as problem:
            log.info("errand_postponed", entry_id=str(claimed.id), problem=str(problem))
            self._postpone(claimed, token, str(problem))
        except Exception as error:
            log.exception("work_failed", entry_id=str(claimed.id), shop_id=str(claimed.shop_id))
            self._postpone(claimed, token, type(error).__name__)

    def _postpone(self, claimed: InShop, token: uuid.UUID, problem: str) -> None:
        """Try again later, and after many failures leave it to a person. Others go on meanwhile."""
        with self._database.shop_session(claimed.shop_id) as session:
            entry = _still_mine(session, claimed.id, token)
            if entry is None:
                return
            entry.attempts += 1
            entry.last_error = problem
            entry.claimed_until = None
            backoff = min(LONGEST_BACKOFF, timedelta(seconds=2**entry.attempts))
            entry.run_after = self._clock() + backoff
            gave_up = entry.attempts >= MOST_FAILURES
        if gave_up:
            self._give_up(claimed, token, f"It failed {MOST_FAILURES} times: {problem}.")

    def _give_up(self, claimed: InShop, token: uuid.UUID, problem: str) -> None:
        with self._database.shop_session(claimed.shop_id) as session:
            entry = _still_mine(session, claimed.id, token)
            if entry is None:
                return
            entry.gave_up_at = self._clock()
            entry.last_error = problem
            if entry.receipt_id is None:
                self._errands[entry.kind].give_up(session, entry.args)
                log.warning("errand_given_up", entry_id=str(entry.id), problem=problem)
                return
            receipt = session.get_one(WebhookReceipt, entry.receipt_id)
            receipt.status, receipt.problem = ReceiptStatus.UNUSABLE, problem
        log.warning("webhook_unusable", receipt_id=str(receipt.id), problem=problem)


def _still_mine(session: ShopSession, entry_id: uuid.UUID, token: uuid.UUID) -> OutboxEntry | None:
    return session.scalars(
        select(OutboxEntry)
        .where(
            OutboxEntry.id == entry_id,
            OutboxEntry.claim_token == token,
            OutboxEntry.done_at.is_(None),
        )
        .with_for_update()
    ).first()


def retry(session: ShopSession, receipt_id: uuid.UUID, *, now: datetime) -> bool:
    """Put an unusable webhook back to work; return whether there was anything to put back."""
    entry = session.scalars(
        select(OutboxEntry)
        .where(OutboxEntry.receipt_id == receipt_id, OutboxEntry.done_at.is_(None))
        .with_for_update()
    ).first()
    if entry is None:
        return False
    entry.gave_up_at, entry.claimed_until, entry.attempts, entry.run_after = None, None, 0, now
    session.get_one(WebhookReceipt, receipt_id).status = ReceiptStatus.RECEIVED
    session.wake(entry.kind)
    return True
