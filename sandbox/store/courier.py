"""Carries webhooks to Parley in the background, with Shopify's patience and no more."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx

from sandbox.store.database import Database
from sandbox.store.deliveries import Attempt, Deliveries, Due
from sandbox.store.webhooks import WebhookRequest

# Shopify connects within 1 s, wants its answer within 5 s, and tries 8 more times over 4 hours,
# each wait twice the last: 56 s, 113 s, ... 2 h.
RETRIES = 8
_FIRST_WAIT = 4 * 3600 / (2**RETRIES - 1)
_TIMEOUT = httpx.Timeout(4.0, connect=1.0)
# A shop's settings are sent at start, often before Parley is up; the wait is real seconds.
_PATIENT_WAIT = 2.0
_THREADS = 8


class Courier:
    """Posts what is queued and plans retries. `time_scale` 60 makes Shopify's 4 hours 4 minutes.

    What is queued is in the database: it survives a stop, and a kill at worst repeats a try,
    which Shopify's own delivery may do as well.
    """

    def __init__(self, database: Database, endpoint: str, *, time_scale: float = 60.0) -> None:
        self.endpoint = endpoint
        self.deliveries = Deliveries(database)
        self._time_scale = time_scale
        self._in_flight: set[int] = set()
        # An event, not a condition: `wake` is called by threads that hold the database's lock, and
        # must never wait for the courier, who may be waiting for that lock.
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="webhook")
        # Nothing of the sandbox may be sent through a proxy of the machine.
        self._client = httpx.Client(timeout=_TIMEOUT, trust_env=False, follow_redirects=False)
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)

    def start(self) -> None:
        """Begin with whatever was left from last time."""
        self.deliveries.forget_old()
        self._thread.start()

    def stop(self) -> None:
        """Finish the tries under way, leave the rest queued."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._client.close()

    def deliver(self, webhooks: Sequence[WebhookRequest]) -> None:
        """Queue an act's webhooks: kept if the act's transaction commits, else not at all."""
        self.deliveries.add(webhooks)
        self.wake()

    def deliver_until_answered(self, webhooks: Sequence[WebhookRequest]) -> None:
        """Queue webhooks which are tried every other second until they are accepted."""
        self.deliveries.add(webhooks, until_answered=True)
        self.wake()

    def send_again(self, delivery_id: int) -> None:
        """Send a webhook once more, as it was."""
        self.deliveries.queue(delivery_id, due_at=time.time(), retry=0)
        self.wake()

    def send_shuffled(self, event_id: str, *, times: int) -> None:
        """Send all webhooks of an act `times` times each, in an order that chance decides."""
        ids = [delivery.id for delivery in self.deliveries.of_event(event_id)] * times
        random.shuffle(ids)
        for place, delivery_id in enumerate(ids):
            self.deliveries.queue(delivery_id, due_at=time.time() + place / 1000, retry=RETRIES)
        self.wake()

    def try_everything_now(self) -> None:
        """Try what waits for its next try, and what was given up, at once."""
        for delivery_id in self.deliveries.given_up():
            self.deliveries.queue(delivery_id, due_at=time.time(), retry=0)
        self.deliveries.hurry()
        self.wake()

    def wake(self) -> None:
        """Look at the queue now."""
        self._wake.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            self._start_due()
            self._wake.wait(self._seconds_until_next())

    def _start_due(self) -> None:
        busy = frozenset(self._in_flight)
        for due in self.deliveries.due(time.time(), limit=_THREADS - len(busy), except_for=busy):
            self._in_flight.add(due.queue_id)
            self._pool.submit(self._try, due)

    def _seconds_until_next(self) -> float | None:
        busy = frozenset(self._in_flight)
        if len(busy) >= _THREADS:
            return None
        at = self.deliveries.next_due_at(except_for=busy)
        return None if at is None else max(0.0, at - time.time())

    def _try(self, due: Due) -> None:
        try:
            attempt = self._post(due.webhook)
            self.deliveries.record(due, attempt, again_at=self._next_try(due, attempt))
        finally:
            self._in_flight.discard(due.queue_id)
            self._wake.set()

    def _post(self, webhook: WebhookRequest) -> Attempt:
        began, at = time.monotonic(), time.time()
        status, error = None, None
        try:
            answer = self._client.post(
                self.endpoint, content=webhook.body, headers=dict(webhook.headers)
            )
            status = answer.status_code
        except httpx.TimeoutException:
            error = "no answer within 5 seconds"
        except httpx.HTTPError as problem:
            error = str(problem) or type(problem).__name__
        return Attempt(at, status, round((time.monotonic() - began) * 1000), error)

    def _next_try(self, due: Due, attempt: Attempt) -> float | None:
        if attempt.accepted:
            return None
        if due.until_answered:
            return time.time() + _PATIENT_WAIT
        if due.retry >= RETRIES:
            return None
        return time.time() + float(_FIRST_WAIT * 2**due.retry) / self._time_scale
