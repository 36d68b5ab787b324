"""The delivery log and the queue behind it: what was sent, what waits, how each try went."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sandbox.store.database import Database
from sandbox.store.webhooks import WebhookRequest
from sandbox.world import Unknown

# Shopify keeps its delivery log as long.
_KEPT_SECONDS = 7 * 24 * 3600
_LOG = (
    "SELECT d.*, (SELECT min(due_at) FROM queue q WHERE q.delivery_id = d.id) AS due_at"
    " FROM deliveries d"
)


@dataclass(frozen=True)
class Attempt:
    """One try. `status` is None when nobody answered; then `error` says why. Times are epoch."""

    at: float
    status: int | None
    milliseconds: int
    error: str | None

    @property
    def accepted(self) -> bool:
        """Shopify counts any answer but 2xx as a failure, redirects included."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True)
class Due:
    """A try whose time has come. `retry` counts the failures before it."""

    queue_id: int
    delivery_id: int
    retry: int
    until_answered: bool
    webhook: WebhookRequest


@dataclass(frozen=True)
class Delivery:
    """A webhook in the log. `due_at` (epoch) is its next try, None when none is planned."""

    id: int
    webhook: WebhookRequest
    created_at: float
    due_at: float | None
    attempts: tuple[Attempt, ...]

    @property
    def state(self) -> str:
        """delivered, waiting (for its next try) or dropped (Shopify would give up)."""
        if any(attempt.accepted for attempt in self.attempts):
            return "delivered"
        return "dropped" if self.due_at is None else "waiting"


class Deliveries:
    """The log and the queue in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, webhooks: Sequence[WebhookRequest], *, until_answered: bool = False) -> None:
        """Log webhooks and queue each for now; joins an open transaction."""
        now = time.time()
        with self._database.transaction() as write:
            for webhook in webhooks:
                found = write.execute(
                    "INSERT INTO deliveries (webhook_id, event_id, topic, shop, headers, body,"
                    " until_answered, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
                    (
                        webhook.webhook_id, webhook.event_id, webhook.topic, webhook.shop_domain,
                        json.dumps(dict(webhook.headers)), webhook.body, until_answered, now,
                    ),
                ).fetchone()  # fmt: skip
                self.queue(found["id"], due_at=now, retry=0)

    def queue(self, delivery_id: int, *, due_at: float, retry: int) -> None:
        """Plan a try."""
        with self._database.transaction() as write:
            write.execute(
                "INSERT INTO queue (delivery_id, due_at, retry) VALUES (?, ?, ?)",
                (delivery_id, due_at, retry),
            )

    def due(self, now: float, *, limit: int, except_for: Collection[int]) -> list[Due]:
        """Tries whose time has come, the longest waiting first."""
        rows = self._database.rows(
            "SELECT q.id AS queue_id, q.retry, d.* FROM queue q"
            " JOIN deliveries d ON d.id = q.delivery_id"
            " WHERE q.due_at <= ? ORDER BY q.due_at, q.id LIMIT ?",
            now,
            limit + len(except_for),
        )
        fresh = [row for row in rows if row["queue_id"] not in except_for]
        return [
            Due(r["queue_id"], r["id"], r["retry"], bool(r["until_answered"]), _webhook(r))
            for r in fresh[:limit]
        ]

    def next_due_at(self, *, except_for: Collection[int]) -> float | None:
        """When the next planned try is, epoch."""
        rows = self._database.rows(
            "SELECT id, due_at FROM queue ORDER BY due_at, id LIMIT ?", len(except_for) + 1
        )
        return next((float(r["due_at"]) for r in rows if r["id"] not in except_for), None)

    def record(self, due: Due, attempt: Attempt, *, again_at: float | None) -> None:
        """Log a try, and plan the next one if there is to be one."""
        with self._database.transaction() as write:
            write.execute("DELETE FROM queue WHERE id = ?", (due.queue_id,))
            write.execute(
                "INSERT INTO attempts (delivery_id, at, status, milliseconds, error)"
                " VALUES (?, ?, ?, ?, ?)",
                (
                    due.delivery_id, attempt.at, attempt.status, attempt.milliseconds,
                    attempt.error,
                ),
            )  # fmt: skip
            if again_at is not None:
                self.queue(due.delivery_id, due_at=again_at, retry=due.retry + 1)

    def hurry(self) -> None:
        """Let everything that waits for a retry be due now."""
        with self._database.transaction() as write:
            write.execute("UPDATE queue SET due_at = min(due_at, ?)", (time.time(),))

    def forget_old(self) -> None:
        """Drop log entries older than a week that nothing is planned for."""
        with self._database.transaction() as write:
            write.execute(
                "DELETE FROM deliveries WHERE created_at < ?"
                " AND id NOT IN (SELECT delivery_id FROM queue)",
                (time.time() - _KEPT_SECONDS,),
            )
            write.execute(
                "DELETE FROM attempts WHERE delivery_id NOT IN (SELECT id FROM deliveries)"
            )

    def of_event(self, event_id: str) -> list[Delivery]:
        """All webhooks of one act, in the order it caused them."""
        return self._read(_LOG + " WHERE d.event_id = ? ORDER BY d.id", event_id)

    def latest(self, limit: int) -> list[Delivery]:
        """The newest first."""
        return self._read(_LOG + " ORDER BY d.id DESC LIMIT ?", limit)

    def get(self, delivery_id: int) -> Delivery:
        """Raises `Unknown` when it is not (or no longer) in the log."""
        found = self._read(_LOG + " WHERE d.id = ?", delivery_id)
        if not found:
            raise Unknown(f"no delivery {delivery_id}")
        return found[0]

    def given_up(self) -> list[int]:
        """Ids of webhooks that were never accepted and have no try planned, oldest first."""
        rows = self._database.rows(
            "SELECT d.id FROM deliveries d"
            " WHERE NOT EXISTS (SELECT 1 FROM queue q WHERE q.delivery_id = d.id)"
            " AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.delivery_id = d.id"
            " AND a.status BETWEEN 200 AND 299) ORDER BY d.id"
        )
        return [row["id"] for row in rows]

    def waiting(self) -> int:
        """How many webhooks have a try planned."""
        row = self._database.first("SELECT count(DISTINCT delivery_id) AS n FROM queue")
        return int(row["n"]) if row else 0

    def last_attempt(self) -> Attempt | None:
        """The newest try of all."""
        row = self._database.first("SELECT * FROM attempts ORDER BY id DESC LIMIT 1")
        return _attempt(row) if row else None

    def _read(self, query: str, value: object) -> list[Delivery]:
        rows = self._database.rows(query, value)
        return [
            Delivery(r["id"], _webhook(r), r["created_at"], r["due_at"], self._attempts(r["id"]))
            for r in rows
        ]

    def _attempts(self, delivery_id: int) -> tuple[Attempt, ...]:
        query = "SELECT * FROM attempts WHERE delivery_id = ? ORDER BY id"
        return tuple(_attempt(row) for row in self._database.rows(query, delivery_id))


def _webhook(row: sqlite3.Row) -> WebhookRequest:
    headers = json.loads(row["headers"])
    return WebhookRequest(row["topic"], row["shop"], headers, bytes(row["body"]))


def _attempt(row: sqlite3.Row) -> Attempt:
    return Attempt(row["at"], row["status"], row["milliseconds"], row["error"])
