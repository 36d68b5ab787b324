"""Access tokens, refresh tokens and granted scopes, in the stand-in's SQLite file."""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sandbox.store.database import Database

HOUR = 3600
DAY = 24 * HOUR
REFRESH_LIFETIME = 90 * DAY
_CODE_LIFETIME = 600

_TABLES = (
    """CREATE TABLE IF NOT EXISTS app_tokens (
        id INTEGER PRIMARY KEY AUTOINCREMENT, shop TEXT NOT NULL, access TEXT NOT NULL UNIQUE,
        refresh TEXT UNIQUE, scopes TEXT NOT NULL, expires_at REAL NOT NULL,
        refresh_expires_at REAL, replaces INTEGER, used INTEGER NOT NULL DEFAULT 0)""",
    "CREATE TABLE IF NOT EXISTS app_scopes (shop TEXT PRIMARY KEY, scopes TEXT NOT NULL)",
    """CREATE TABLE IF NOT EXISTS app_codes (
        code TEXT PRIMARY KEY, shop TEXT NOT NULL, expires_at REAL NOT NULL)""",
)


@dataclass(frozen=True)
class Grant:
    """A pair of tokens. Times are seconds since 1970; without `refresh` it cannot be renewed."""

    id: int
    shop: str
    access: str
    refresh: str | None
    scopes: tuple[str, ...]
    expires_at: float
    refresh_expires_at: float | None


class Grants:
    """Who may ask what. `clock` gives seconds since 1970: real ones, tokens being security."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock
        with database.transaction() as write:
            for table in _TABLES:
                write.execute(table)

    def issue(self, shop: str, scopes: Sequence[str], *, lifetime: int = HOUR) -> Grant:
        """A new pair that can be refreshed. Earlier ones keep their own time."""
        return self._insert(shop, scopes, lifetime=lifetime, replaces=None, refreshable=True)

    def issue_unrenewable(self, shop: str, scopes: Sequence[str], *, lifetime: int = DAY) -> Grant:
        """An access token alone: client credentials, and tokens of one person's session."""
        return self._insert(shop, scopes, lifetime=lifetime, replaces=None, refreshable=False)

    def refresh(self, shop: str, token: str, scopes: Sequence[str]) -> Grant | None:
        """Rotate both tokens; None when the refresh token is unknown, expired or replaced.

        A refresh whose answer was lost may be repeated until its replacement was used (Shopify
        since 2026-08-28). The repeated one alone is good: of two processes that refresh side by
        side, one ends with tokens that do not work.
        """
        with self._database.transaction() as write:
            row = write.execute(
                "SELECT * FROM app_tokens WHERE refresh = ? AND shop = ?", (token, shop)
            ).fetchone()
            if row is None or row["refresh_expires_at"] <= self._clock():
                return None
            write.execute("DELETE FROM app_tokens WHERE replaces = ?", (row["id"],))
            return self._insert(shop, scopes, lifetime=HOUR, replaces=row["id"], refreshable=True)

    def use(self, shop: str, access: str) -> Grant | None:
        """The grant behind an access token, if it is good now. What it replaced dies with it."""
        with self._database.transaction() as write:
            row = write.execute(
                "SELECT * FROM app_tokens WHERE access = ? AND shop = ?", (access, shop)
            ).fetchone()
            if row is None or row["expires_at"] <= self._clock():
                return None
            if not row["used"]:
                write.execute("UPDATE app_tokens SET used = 1 WHERE id = ?", (row["id"],))
                write.execute("DELETE FROM app_tokens WHERE id = ?", (row["replaces"],))
        return _grant(row)

    def expire(self, shop: str) -> int:
        """Let a shop's access tokens expire now; they can be refreshed. How many there were."""
        sql = "UPDATE app_tokens SET expires_at = 0 WHERE shop = ?"
        return self._change(sql, shop)

    def expire_refresh(self, shop: str) -> int:
        """Let a shop's refresh tokens expire now, as after 90 idle days."""
        sql = "UPDATE app_tokens SET expires_at = 0, refresh_expires_at = 0 WHERE shop = ?"
        return self._change(sql, shop)

    def revoke(self, shop: str) -> int:
        """Forget a shop's tokens, as an uninstall does."""
        self._change("DELETE FROM app_codes WHERE shop = ?", shop)
        return self._change("DELETE FROM app_tokens WHERE shop = ?", shop)

    def scopes(self, shop: str) -> tuple[str, ...] | None:
        """What the shop granted, or None when it never installed the app."""
        row = self._database.first("SELECT scopes FROM app_scopes WHERE shop = ?", shop)
        return None if row is None else tuple(row["scopes"].split())

    def set_scopes(self, shop: str, scopes: Sequence[str]) -> None:
        """Keep what the shop granted."""
        with self._database.transaction() as write:
            write.execute(
                "INSERT OR REPLACE INTO app_scopes (shop, scopes) VALUES (?, ?)",
                (shop, " ".join(sorted(scopes))),
            )

    def new_code(self, shop: str) -> str:
        """An authorization code: good once, for ten minutes."""
        code = secrets.token_hex(16)
        with self._database.transaction() as write:
            write.execute(
                "INSERT INTO app_codes VALUES (?, ?, ?)",
                (code, shop, self._clock() + _CODE_LIFETIME),
            )
        return code

    def spend_code(self, shop: str, code: str) -> bool:
        """False for a code that is unknown, spent, expired or another shop's."""
        sql = "DELETE FROM app_codes WHERE code = ? AND shop = ? RETURNING expires_at"
        with self._database.transaction() as write:
            row = write.execute(sql, (code, shop)).fetchone()
        return row is not None and row["expires_at"] > self._clock()

    def _insert(
        self,
        shop: str,
        scopes: Sequence[str],
        *,
        lifetime: int,
        replaces: int | None,
        refreshable: bool,
    ) -> Grant:
        now = self._clock()
        sql = (
            "INSERT INTO app_tokens (shop, access, refresh, scopes, expires_at,"
            " refresh_expires_at, replaces) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING *"
        )
        with self._database.transaction() as write:
            row = write.execute(
                sql,
                (
                    shop,
                    f"shpat_{secrets.token_hex(16)}",
                    f"shprt_{secrets.token_hex(16)}" if refreshable else None,
                    " ".join(scopes),
                    now + lifetime,
                    now + REFRESH_LIFETIME if refreshable else None,
                    replaces,
                ),
            ).fetchone()
        return _grant(row)

    def _change(self, sql: str, shop: str) -> int:
        with self._database.transaction() as write:
            return write.execute(sql, (shop,)).rowcount


def _grant(row: sqlite3.Row) -> Grant:
    return Grant(
        id=row["id"],
        shop=row["shop"],
        access=row["access"],
        refresh=row["refresh"],
        scopes=tuple(row["scopes"].split()),
        expires_at=row["expires_at"],
        refresh_expires_at=row["refresh_expires_at"],
    )
