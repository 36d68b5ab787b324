"""Time and hands: things that happen later, and a few threads that call webhooks."""

from __future__ import annotations

import heapq
import itertools
import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable

Action = Callable[[], None]
log = logging.getLogger(__name__)


class Timer:
    """Runs actions at their moment, one after the other. They must be quick: no network."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Action]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._closed = False
        threading.Thread(target=self._run, name="carrier-timer", daemon=True).start()

    def after(self, seconds: float, action: Action) -> None:
        with self._changed:
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._order), action))
            self._changed.notify()

    @property
    def pending(self) -> int:
        return len(self._due)

    def clear(self) -> None:
        with self._changed:
            self._due.clear()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._due.clear()
            self._changed.notify()

    def _run(self) -> None:
        while (action := self._next()) is not None:
            _quietly(action)

    def _next(self) -> Action | None:
        with self._changed:
            while not self._closed:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._due)[2]
                self._changed.wait(wait)
        return None


class Lanes:
    """A few threads; actions of one lane run in order, lanes run side by side.

    A lane per message keeps "sent" before "delivered" while a slow webhook delays nobody else.
    """

    def __init__(self, threads: int) -> None:
        self._lanes: dict[str, deque[Action]] = {}
        self._ready: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads = threads
        for number in range(threads):
            threading.Thread(target=self._run, name=f"carrier-{number}", daemon=True).start()

    def put(self, lane: str, action: Action) -> None:
        with self._lock:
            waiting = self._lanes.get(lane)
            if waiting is not None:
                waiting.append(action)
                return
            self._lanes[lane] = deque([action])
        self._ready.put(lane)

    @property
    def pending(self) -> int:
        with self._lock:
            return sum(len(actions) for actions in self._lanes.values())

    def close(self) -> None:
        for _ in range(self._threads):
            self._ready.put(None)

    def _run(self) -> None:
        while (lane := self._ready.get()) is not None:
            _quietly(self._lanes[lane][0])
            with self._lock:
                self._lanes[lane].popleft()
                if not self._lanes[lane]:
                    del self._lanes[lane]
                    continue
            self._ready.put(lane)


def _quietly(action: Action) -> None:
    """A broken action is logged; the thread has other people's texts to look after."""
    try:
        action()
    except Exception:
        log.exception("an action of the carrier failed")
