"""What the API tells about, found in the store's memory."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sandbox.shopify_admin.parts import Admin
from sandbox.store.memory import PlacedOrder
from sandbox.store.shapes import gid
from sandbox.store.webhooks import Payload
from sandbox.world import Shop

Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class Parcel:
    doc: Payload
    order: PlacedOrder


@dataclass(frozen=True)
class Scan:
    """A fulfilment event; `order` is where it goes."""

    id: int
    status: str
    at: str
    order: PlacedOrder


@dataclass(frozen=True)
class Buyer:
    """A customer as their newest order tells them, with all their orders, oldest first."""

    doc: Payload
    locale: str
    orders: tuple[PlacedOrder, ...]

    @property
    def id(self) -> int:
        return int(self.doc["id"])


@dataclass(frozen=True)
class Address:
    """A postal address; `id` is stable, as orders' own addresses have none in webhooks."""

    doc: Payload
    id: int


@dataclass(frozen=True)
class Scene:
    """One request: whose data, what was granted, which protected fields are not approved."""

    admin: Admin
    shop: Shop
    granted: frozenset[str]
    unapproved: frozenset[str] = frozenset()

    def orders(self) -> list[PlacedOrder]:
        return self.admin.store.memory.orders(self.shop.domain, limit=-1)

    def order(self, order_id: int) -> PlacedOrder | None:
        return next((each for each in self.orders() if each.id == order_id), None)

    def parcel(self, parcel_id: int) -> Parcel | None:
        for order in self.orders():
            for doc in order.doc["fulfillments"]:
                if doc["id"] == parcel_id:
                    return Parcel(doc, order)
        return None

    def scans(self, parcel: Parcel) -> list[Scan]:
        rows = self.admin.store.memory.scan_rows(parcel.doc["id"])
        return [Scan(row["id"], row["status"], row["at"], parcel.order) for row in rows]

    def buyers(self) -> list[Buyer]:
        """Everyone who bought something without being a guest."""
        found: dict[int, list[PlacedOrder]] = {}
        for order in reversed(self.orders()):
            if "customer" in order.doc:
                found.setdefault(order.doc["customer"]["id"], []).append(order)
        return [
            Buyer(orders[-1].doc["customer"], orders[-1].doc["customer_locale"], tuple(orders))
            for orders in found.values()
        ]

    def buyer(self, customer_id: int) -> Buyer | None:
        return next((each for each in self.buyers() if each.id == customer_id), None)


def address(doc: Payload | None, owner: int, kind: str) -> Address | None:
    """An address of an order or a customer."""
    if doc is None:
        return None
    number = hashlib.sha256(f"{kind} {owner}".encode()).hexdigest()[:12]
    return Address(doc, int(number, 16))


def moment(text: str | None) -> str | None:
    """A webhook's moment as GraphQL tells it: UTC, with a Z."""
    if text is None:
        return None
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def when(text: str) -> datetime:
    """The same, to compare."""
    return datetime.fromisoformat(text).astimezone(UTC)


def decimal(amount: str) -> str:
    """An amount as GraphQL tells it: "18.50" -> "18.5", "9.00" -> "9.0"."""
    text = f"{Decimal(amount).normalize():f}"
    return text if "." in text else f"{text}.0"


def number_of(kind: str, wanted: object) -> int | None:
    """The number in gid://shopify/<kind>/<number>, or None for anything else."""
    start = gid(kind, 0)[:-1]
    text = str(wanted)
    rest = text.removeprefix(start).partition("?")[0]
    return int(rest) if text.startswith(start) and rest.isascii() and rest.isdigit() else None


def first_of(items: Sequence[Any], arguments: Arguments) -> list[Any]:
    """A plain list that takes `first`."""
    wanted = arguments.get("first")
    return list(items if wanted is None else items[: max(0, int(wanted))])
