"""Where the carrier remembers: one SQLite file, one connection, one writer at a time."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  sid TEXT NOT NULL UNIQUE, account_sid TEXT NOT NULL, direction TEXT NOT NULL,
  sender TEXT NOT NULL, recipient TEXT NOT NULL, body TEXT NOT NULL, media TEXT NOT NULL,
  segments INTEGER NOT NULL, price TEXT, status TEXT NOT NULL, error_code INTEGER,
  service_sid TEXT, status_callback TEXT NOT NULL, callbacks TEXT NOT NULL, fault TEXT NOT NULL,
  network INTEGER NOT NULL, hidden INTEGER NOT NULL, attempts INTEGER NOT NULL,
  accepted_at REAL NOT NULL, updated_at REAL NOT NULL, sent_at REAL, delivered_at REAL
);
CREATE INDEX IF NOT EXISTS by_account ON messages (account_sid, seq);
CREATE INDEX IF NOT EXISTS by_recipient ON messages (recipient, seq);
CREATE INDEX IF NOT EXISTS by_sender ON messages (sender, seq);
CREATE TABLE IF NOT EXISTS numbers (
  sid TEXT PRIMARY KEY, account_sid TEXT NOT NULL, phone TEXT NOT NULL UNIQUE,
  configured INTEGER NOT NULL DEFAULT 0,
  friendly_name TEXT NOT NULL, sms_url TEXT NOT NULL, sms_method TEXT NOT NULL DEFAULT 'POST',
  sms_fallback_url TEXT NOT NULL DEFAULT '', sms_fallback_method TEXT NOT NULL DEFAULT 'POST',
  status_callback TEXT NOT NULL DEFAULT '', status_callback_method TEXT NOT NULL DEFAULT 'POST',
  created_at REAL NOT NULL, updated_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS media (
  sid TEXT PRIMARY KEY, message_sid TEXT NOT NULL, account_sid TEXT NOT NULL,
  content_type TEXT NOT NULL, data BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS media_of_message ON media (message_sid);
CREATE TABLE IF NOT EXISTS blocks (
  number TEXT NOT NULL, phone TEXT NOT NULL, since REAL NOT NULL, PRIMARY KEY (number, phone)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS airplane (phone TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reads (
  phone TEXT NOT NULL, number TEXT NOT NULL, until REAL NOT NULL, PRIMARY KEY (phone, number)
) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Message:
    """A text the carrier accepted, in either direction. Times are seconds since the epoch.

    `fault` names an ambiguous fault applied while it was accepted; `network` marks the carrier's
    own replies, which no API lists; `hidden` marks a deleted resource; `attempts` counts webhook
    requests made for it.
    """

    sid: str
    account_sid: str
    direction: str
    sender: str
    recipient: str
    body: str
    media: tuple[str, ...]
    segments: int
    status: str
    accepted_at: float
    updated_at: float
    status_callback: str = ""
    callbacks: str = ""
    fault: str = ""
    price: str | None = None
    error_code: int | None = None
    service_sid: str | None = None
    network: bool = False
    hidden: bool = False
    attempts: int = 0
    sent_at: float | None = None
    delivered_at: float | None = None
    seq: int = 0


_COLUMNS = [field.name for field in fields(Message) if field.name != "seq"]
_INSERT = (  # column names are ours
    f"INSERT INTO messages ({', '.join(_COLUMNS)}) "  # noqa: S608 - constants
    f"VALUES ({', '.join('?' for _ in _COLUMNS)})"
)


def _message(row: sqlite3.Row) -> Message:
    values = dict(row)
    values["media"] = tuple(json.loads(values["media"]))
    values["network"], values["hidden"] = bool(values["network"]), bool(values["hidden"])
    return Message(**values)


class Store:
    """Every statement commits by itself; a lock keeps the single connection to one thread.

    synchronous=OFF still survives the death of this process (the kernel holds the pages), which
    is all a stand-in promises, and it makes a commit 40 times cheaper than an fsync.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(
            folder / "carrier.sqlite3", check_same_thread=False, isolation_level=None
        )
        self._db.row_factory = sqlite3.Row
        self._lock = threading.Lock()
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.executescript(_SCHEMA)

    def rows(self, sql: str, params: Sequence[object] = ()) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(sql, params).fetchall()

    def change(self, sql: str, params: Sequence[object] = ()) -> int:
        """Run one writing statement; returns how many rows it touched."""
        with self._lock:
            return self._db.execute(sql, params).rowcount

    def add(self, message: Message) -> int:
        """Store a new message; returns its place in the carrier's order."""
        values = asdict(message)
        values["media"] = json.dumps(message.media)
        with self._lock:
            cursor = self._db.execute(_INSERT, [values[name] for name in _COLUMNS])
            return cursor.lastrowid or 0

    def message(self, sid: str) -> Message | None:
        rows = self.rows("SELECT * FROM messages WHERE sid = ?", (sid,))
        return _message(rows[0]) if rows else None

    def messages(self, where: str, params: Sequence[object] = ()) -> list[Message]:
        """Messages matching a fixed piece of SQL after WHERE (never text from outside)."""
        sql = f"SELECT * FROM messages WHERE {where}"  # noqa: S608 - callers pass constants
        return [_message(row) for row in self.rows(sql, params)]

    def move(self, message: Message, **changes: Any) -> bool:
        """Change a message unless its status moved meanwhile; returns whether it was changed."""
        names = ", ".join(f"{name} = ?" for name in changes)
        sql = f"UPDATE messages SET {names} WHERE sid = ? AND status = ?"  # noqa: S608 - constants
        return self.change(sql, [*changes.values(), message.sid, message.status]) == 1

    def block(self, number: str, phone: str, *, now: float) -> None:
        self.change("INSERT OR REPLACE INTO blocks VALUES (?, ?, ?)", (number, phone, now))

    def unblock(self, number: str, phone: str) -> bool:
        """Returns whether `phone` had been blocked."""
        sql = "DELETE FROM blocks WHERE number = ? AND phone = ?"
        return self.change(sql, (number, phone)) == 1

    def is_blocked(self, number: str, phone: str) -> bool:
        return bool(
            self.rows("SELECT 1 FROM blocks WHERE number = ? AND phone = ?", (number, phone))
        )

    def set_airplane(self, phone: str, *, on: bool) -> None:
        if on:
            self.change("INSERT OR IGNORE INTO airplane VALUES (?)", (phone,))
        else:
            self.change("DELETE FROM airplane WHERE phone = ?", (phone,))

    def in_airplane_mode(self, phone: str) -> bool:
        return bool(self.rows("SELECT 1 FROM airplane WHERE phone = ?", (phone,)))

    def forget(self, tables: Iterable[str]) -> None:
        for table in tables:
            self.change(f"DELETE FROM {table}")  # noqa: S608 - callers pass constants

    def close(self) -> None:
        with self._lock:
            self._db.close()
