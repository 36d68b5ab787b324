"""The stand-in's memory: one SQLite file, so that a restart forgets nothing."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS shops (
    domain TEXT PRIMARY KEY, shopify_texts INTEGER NOT NULL DEFAULT 0,
    installed INTEGER NOT NULL DEFAULT 1, updated_at TEXT NOT NULL,
    last_number INTEGER NOT NULL DEFAULT 1000);
CREATE TABLE IF NOT EXISTS orders (
    id INTEGER PRIMARY KEY, shop TEXT NOT NULL, buyer TEXT NOT NULL, doc TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS orders_by_shop ON orders (shop, id DESC);
CREATE TABLE IF NOT EXISTS parcels (id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS scans (
    id INTEGER PRIMARY KEY, parcel_id INTEGER NOT NULL, status TEXT NOT NULL, at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS scans_by_parcel ON scans (parcel_id);
CREATE TABLE IF NOT EXISTS forms (token TEXT PRIMARY KEY, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY, webhook_id TEXT NOT NULL, event_id TEXT NOT NULL,
    topic TEXT NOT NULL, shop TEXT NOT NULL, headers TEXT NOT NULL, body BLOB NOT NULL,
    until_answered INTEGER NOT NULL, created_at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS deliveries_by_event ON deliveries (event_id);
CREATE TABLE IF NOT EXISTS queue (
    id INTEGER PRIMARY KEY, delivery_id INTEGER NOT NULL, due_at REAL NOT NULL,
    retry INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS queue_by_due ON queue (due_at);
CREATE INDEX IF NOT EXISTS queue_by_delivery ON queue (delivery_id);
CREATE TABLE IF NOT EXISTS attempts (
    id INTEGER PRIMARY KEY, delivery_id INTEGER NOT NULL, at REAL NOT NULL,
    status INTEGER, milliseconds INTEGER NOT NULL, error TEXT);
CREATE INDEX IF NOT EXISTS attempts_by_delivery ON attempts (delivery_id);
"""


class Database:
    """One connection behind one lock: the sandbox is one process with little to write."""

    def __init__(self, path: Path | None = None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._depth = 0
        self._connection = sqlite3.connect(
            path or ":memory:", check_same_thread=False, isolation_level=None
        )
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode=WAL")
        # NORMAL may lose the last commits when power fails, not when a process is killed.
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(_SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit at the end of the outermost block; an inner block joins it."""
        with self._lock:
            outermost = self._depth == 0
            if outermost:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield self._connection
            except BaseException:
                if outermost:
                    self._connection.execute("ROLLBACK")
                raise
            else:
                if outermost:
                    self._connection.execute("COMMIT")
            finally:
                self._depth -= 1

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        """Everything a query finds."""
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    def first(self, query: str, *values: object) -> sqlite3.Row | None:
        """The first row a query finds, or None."""
        found = self.rows(query, *values)
        return found[0] if found else None

    def close(self) -> None:
        """Wait for whoever is writing, then close the file."""
        with self._lock:
            self._connection.close()
