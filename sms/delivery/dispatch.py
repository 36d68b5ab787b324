"""Sending what is due from one number, at its pace, so that a kill leaves little in doubt."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from models import Database, Sender, ShopSession
from sms.carriers.protocol import Ambiguous, Carrier, SendOutcome
from sms.delivery.lease import (
    Lease,
    release_lease,
    seconds_until_next,
    take_lease,
)
from sms.delivery.marking import Due, Request, hold_contacts, mark_sending, what_is_due
from sms.delivery.outcomes import NotBegun, record_outcomes

log = structlog.get_logger(__name__)

# A job that sends for ever keeps its worker from everyone else; it is called again for more.
# Getting the lease back costs a few milliseconds, and people's texts wait for a free worker.
LONGEST_RUN_SECONDS = 5.0
# A process that was stopped and goes on later must not begin what was marked long ago: it may have
# been found missing, and sent by another, meanwhile.
LATEST_BEGIN_SECONDS = 3.0
# Longer than the latest begin, shorter than a carrier waits for the answer to a STOP (15 s).
IDLE_TIMEOUT = "5s"


@dataclass(frozen=True, slots=True)
class Turn:
    """How one turn went: how many requests began, and how long to wait for the next."""

    began: int
    pause: float
    over: bool = False


class Dispatcher:
    """Sends the due texts of one sender at a time. One per process; safe to use from one thread."""

    def __init__(
        self,
        database: Database,
        carrier: Carrier,
        *,
        clock: Callable[[], datetime],
        public_url: str,
        media_address: Callable[[uuid.UUID, uuid.UUID], str],
        concurrency: int,
        carrier_timeout: float,
    ) -> None:
        self._database = database
        self._carrier = carrier
        self._clock = clock
        self._public_url = public_url
        self._media_address = media_address
        self._concurrency = concurrency
        # The lease outlives the slowest request, so that its owner is there to write the outcome.
        self._lease_seconds = carrier_timeout + 5
        self._threads = ThreadPoolExecutor(concurrency, thread_name_prefix="carrier")

    def run(self, shop_id: uuid.UUID, sender_id: uuid.UUID) -> bool:
        """Send until nothing is due or the time is up.

        Returns:
            Whether something is due still, so that the caller asks for another run. It is looked
            at after the lease was given back: a wake-up that came while it was held is not lost.
        """
        with self._database.shop_session(shop_id) as session:
            lease = take_lease(session, sender_id, seconds=self._lease_seconds)
        if lease is None:
            return False
        try:
            self._take_turns(shop_id, lease)
        finally:
            with self._database.shop_session(shop_id) as session:
                release_lease(session, lease)
        with self._database.shop_session(shop_id) as session:
            return bool(what_is_due(session, sender_id, limit=1, now=self._clock()))

    def _take_turns(self, shop_id: uuid.UUID, lease: Lease) -> None:
        deadline = time.monotonic() + LONGEST_RUN_SECONDS
        while time.monotonic() < deadline:
            turn = self._turn(shop_id, lease)
            if turn.over:
                return
            time.sleep(min(turn.pause, max(0.0, deadline - time.monotonic())))

    def _turn(self, shop_id: uuid.UUID, lease: Lease) -> Turn:
        requests: list[Request] = []
        begun: list[Future[SendOutcome | NotBegun]] = []
        try:
            with self._database.shop_session(shop_id) as guard:
                due = self._what_may_leave_now(guard, lease)
                if isinstance(due, Turn):
                    return due
                hold_contacts(guard, due)
                with self._database.shop_session(shop_id) as marking:
                    _ends_soon_if_idle(marking)
                    marked = mark_sending(
                        marking,
                        lease,
                        due,
                        status_address=self._status_address,
                        media_address=self._media_address,
                        now=self._clock(),
                    )
                if marked is None:
                    log.warning("lease_lost", sender_id=str(lease.sender_id))
                    return Turn(began=0, pause=0, over=True)
                requests = marked
                latest = time.monotonic() + LATEST_BEGIN_SECONDS
                # Fails if the guard was given up, as when this process was stopped for a while.
                # From here on it holds for longer than until `latest`.
                guard.execute(text("SELECT 1"))
                begun = self._begin(requests, latest)
        except DBAPIError as error:
            if not requests:
                raise
            log.warning("guard_lost", sender_id=str(lease.sender_id), problem=type(error).__name__)
        # If the guard was lost before anything began, nothing may begin any more.
        outcomes = [future.result() for future in begun] or [NotBegun()] * len(requests)
        with self._database.shop_session(shop_id) as session:
            record_outcomes(session, list(zip(requests, outcomes, strict=True)), now=self._clock())
        # A moment's rest where all were refused or locked elsewhere, instead of spinning.
        return Turn(began=len(begun), pause=0 if begun else 0.05)

    def _what_may_leave_now(self, guard: ShopSession, lease: Lease) -> list[Due] | Turn:
        """Choose what is next, or say that there is nothing, or nothing yet."""
        _ends_soon_if_idle(guard)
        now = self._clock()
        due = what_is_due(guard, lease.sender_id, limit=self._concurrency, now=now)
        if not due:
            return Turn(began=0, pause=0, over=True)
        pause = seconds_until_next(guard.get_one(Sender, lease.sender_id), now)
        return Turn(began=0, pause=pause) if pause > 0 else due

    def _begin(
        self, requests: list[Request], latest: float
    ) -> list[Future[SendOutcome | NotBegun]]:
        """Start every request, and return once all have begun (or given up on beginning)."""
        begun = threading.Semaphore(0)
        futures = [
            self._threads.submit(self._send, request, latest, begun.release) for request in requests
        ]
        for _ in futures:
            begun.acquire()
        return futures

    def _send(
        self, request: Request, latest: float, has_begun: Callable[[], None]
    ) -> SendOutcome | NotBegun:
        once = _Once(has_begun)

        def begin() -> None:
            if time.monotonic() > latest:
                raise _TooLateToBeginError
            once()

        try:
            return self._carrier.send(
                request.cleared,
                request.account,
                status_url=request.status_url,
                valid_seconds=request.valid_seconds,
                on_begin=begin,
            )
        except _TooLateToBeginError:
            return NotBegun()
        except Exception as error:
            # Whatever it was, the text may have left.
            log.exception("carrier_adapter_failed", message_id=str(request.message_id))
            return Ambiguous(type(error).__name__)
        finally:
            once()

    def _status_address(self, account_key: str) -> str:
        return f"{self._public_url}/webhooks/{self._carrier.name}/{account_key}/status"

    def close(self) -> None:
        self._threads.shutdown()


def _ends_soon_if_idle(session: ShopSession) -> None:
    """Let the database give up what this process holds, should it be stopped in the middle.

    A STOP needs the contact and the rows of what is queued, and must not wait for a process that
    sleeps.
    """
    session.execute(text(f"SET LOCAL idle_in_transaction_session_timeout = '{IDLE_TIMEOUT}'"))


class _TooLateToBeginError(Exception):
    """The contacts may not be held any more, so that a STOP may have committed since."""


class _Once:
    """Says that a request has begun, once, however it ends."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell: Callable[[], None] | None = tell

    def __call__(self) -> None:
        tell, self._tell = self._tell, None
        if tell is not None:
            tell()
