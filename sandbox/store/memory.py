"""What the stand-in remembers of shops, orders and parcels: the queries, and nothing else."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sandbox.store.database import Database
from sandbox.store.webhooks import Payload
from sandbox.world import Shop, Unknown


@dataclass(frozen=True)
class ShopState:
    """What can change about a shop. `shopify_texts`: Shopify's own shipping texts are on."""

    shopify_texts: bool
    installed: bool
    updated_at: datetime


@dataclass(frozen=True)
class PlacedOrder:
    """An order as Shopify would tell it now (`doc`), and the key of who placed it."""

    id: int
    shop_domain: str
    buyer: str
    doc: Payload


class Memory:
    """Orders and shops in the database. Writing needs an open transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def know_shops(self, shops: Sequence[Shop], at: datetime) -> None:
        """Give shops that are new their default settings: Shopify's own texts are off."""
        with self._database.transaction() as write:
            write.executemany(
                "INSERT INTO shops (domain, updated_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
                [(shop.domain, at.isoformat()) for shop in shops],
            )

    def shop(self, domain: str) -> ShopState:
        """How a shop stands now."""
        row = self._database.first("SELECT * FROM shops WHERE domain = ?", domain)
        if row is None:
            raise Unknown(f"no shop {domain!r} in the sandbox")
        updated = datetime.fromisoformat(row["updated_at"])
        return ShopState(bool(row["shopify_texts"]), bool(row["installed"]), updated)

    def change_shop(self, domain: str, state: ShopState) -> None:
        """Keep a shop's new settings."""
        with self._database.transaction() as write:
            write.execute(
                "UPDATE shops SET shopify_texts = ?, installed = ?, updated_at = ?"
                " WHERE domain = ?",
                (state.shopify_texts, state.installed, state.updated_at.isoformat(), domain),
            )

    def next_order_number(self, domain: str) -> int:
        """1001 for a shop's first order."""
        with self._database.transaction() as write:
            row = write.execute(
                "UPDATE shops SET last_number = last_number + 1 WHERE domain = ?"
                " RETURNING last_number",
                (domain,),
            ).fetchone()
        return int(row["last_number"])

    def add_order(self, domain: str, buyer: str, doc: Payload) -> None:
        """Keep a new order."""
        with self._database.transaction() as write:
            write.execute(
                "INSERT INTO orders (id, shop, buyer, doc) VALUES (?, ?, ?, ?)",
                (doc["id"], domain, buyer, json.dumps(doc)),
            )

    def change_order(self, doc: Payload) -> None:
        """Keep an order's new state."""
        with self._database.transaction() as write:
            write.execute("UPDATE orders SET doc = ? WHERE id = ?", (json.dumps(doc), doc["id"]))

    def order(self, order_id: int) -> PlacedOrder:
        """Raises `Unknown` for an order that was never placed."""
        row = self._database.first("SELECT * FROM orders WHERE id = ?", order_id)
        if row is None:
            raise Unknown(f"no order {order_id}")
        return PlacedOrder(row["id"], row["shop"], row["buyer"], json.loads(row["doc"]))

    def orders(self, domain: str, *, limit: int) -> list[PlacedOrder]:
        """A shop's newest orders first."""
        rows = self._database.rows(
            "SELECT * FROM orders WHERE shop = ? ORDER BY id DESC LIMIT ?", domain, limit
        )
        return [PlacedOrder(r["id"], r["shop"], r["buyer"], json.loads(r["doc"])) for r in rows]

    def count_orders(self, domain: str) -> int:
        """How many orders a shop ever had."""
        row = self._database.first("SELECT count(*) AS n FROM orders WHERE shop = ?", domain)
        return int(row["n"]) if row else 0

    def orders_of(self, domain: str, buyer: str) -> list[int]:
        """Ids of one person's orders at a shop, oldest first."""
        query = "SELECT id FROM orders WHERE shop = ? AND buyer = ? ORDER BY id"
        return [row["id"] for row in self._database.rows(query, domain, buyer)]

    def add_parcel(self, parcel: Payload) -> None:
        """Remember to which order a parcel belongs."""
        with self._database.transaction() as write:
            write.execute(
                "INSERT INTO parcels (id, order_id) VALUES (?, ?)",
                (parcel["id"], parcel["order_id"]),
            )

    def order_of_parcel(self, parcel_id: int) -> PlacedOrder:
        """Raises `Unknown` for a parcel that was never sent."""
        row = self._database.first("SELECT order_id FROM parcels WHERE id = ?", parcel_id)
        if row is None:
            raise Unknown(f"no parcel {parcel_id}")
        return self.order(row["order_id"])

    def add_scan(self, scan: Payload) -> None:
        """Remember that a parcel was scanned."""
        with self._database.transaction() as write:
            write.execute(
                "INSERT INTO scans (id, parcel_id, status, at) VALUES (?, ?, ?, ?)",
                (scan["id"], scan["fulfillment_id"], scan["status"], scan["happened_at"]),
            )

    def scan_rows(self, parcel_id: int) -> list[sqlite3.Row]:
        """A parcel's scans with `id`, `status` and `at`, oldest first."""
        query = "SELECT id, status, at FROM scans WHERE parcel_id = ? ORDER BY id"
        return self._database.rows(query, parcel_id)

    def scans(self, parcel_id: int) -> list[str]:
        """Statuses a parcel was scanned with, oldest first."""
        query = "SELECT status FROM scans WHERE parcel_id = ? ORDER BY id"
        return [row["status"] for row in self._database.rows(query, parcel_id)]

    def first_submission(self, token: str) -> bool:
        """False when a form with this token was already handled: a double click or a reload."""
        with self._database.transaction() as write:
            row = write.execute(
                "INSERT INTO forms (token, at) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING 1",
                (token, time.time()),
            ).fetchone()
        return row is not None
