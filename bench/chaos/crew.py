"""Workers that are killed at random, and at once replaced."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from dataclasses import dataclass

import psycopg

from bench.machines import Machines, Process

Look = psycopg.Connection[tuple[object, ...]]

# No request lasts longer; a text that is still `sending` by then has lost whoever sent it.
REQUEST_SECONDS = 2.5


@dataclass
class Toll:
    """How the kills went: in an open transaction, and how many requests lost their sender."""

    kills: int = 0
    in_transaction: int = 0
    requests_orphaned: int = 0
    died_by_themselves: int = 0


class Crew:
    """Keeps `size` workers alive; `kill_one` takes one of them away in mid-sentence.

    Only those that have come up are killed: a worker that is still importing is no loss to anyone.
    """

    def __init__(self, machines: Machines, *, size: int) -> None:
        self._machines = machines
        self._lock = threading.Lock()
        self._born = 0
        self._under_way: deque[tuple[float, list[object]]] = deque()
        self.toll = Toll()
        self._workers = [self._new() for _ in range(size)]

    def kill_one(self, luck: random.Random, look: Look) -> bool:
        """Kill a worker that has come up; False if none has."""
        with self._lock:
            busy = _connected(look)
            up = [place for place, worker in enumerate(self._workers) if worker.name in busy]
            if not up:
                return False
            place = luck.choice(up)
            victim = self._workers[place]
            self.toll.in_transaction += busy[victim.name]
            victim.kill()
            self._under_way.append((time.monotonic(), _texts_under_way(look)))
            self._workers[place] = self._new()
        self.toll.kills += 1
        return True

    def revive(self, look: Look) -> None:
        """Replace workers that ended without being killed, which is worth knowing."""
        with self._lock:
            for place, worker in enumerate(self._workers):
                if not worker.alive:
                    self.toll.died_by_themselves += 1
                    self._workers[place] = self._new()
        while self._under_way and time.monotonic() - self._under_way[0][0] > REQUEST_SECONDS:
            _, before = self._under_way.popleft()
            self.toll.requests_orphaned += len(set(before) & set(_texts_under_way(look)))

    def _new(self) -> Process:
        self._born += 1
        return self._machines.start(f"worker-{self._born}", ["jobs.worker"])


def _connected(look: Look) -> dict[str, bool]:
    """Name the workers with connections (PGAPPNAME), and say whether a transaction is open."""
    rows = look.execute(
        "SELECT application_name, bool_or(state IN ('active', 'idle in transaction'))"
        " FROM pg_stat_activity WHERE application_name LIKE 'worker-%' GROUP BY 1"
    )
    return {str(name): bool(busy) for name, busy in rows.fetchall()}


def _texts_under_way(look: Look) -> list[object]:
    """Name every attempt that is marked as begun."""
    rows = look.execute("SELECT id, attempts FROM messages WHERE status = 'sending'")
    return list(rows.fetchall())
