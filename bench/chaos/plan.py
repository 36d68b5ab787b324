"""What happens in the shops during a run: orders, parcels, scans, and which texts they call for."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from bench.world import has_ordinary_number
from sandbox.store import Store, WebhookRequest
from sandbox.world import Phone, Shop, World

COPIES = 5
SINGLE_PARCEL_ORDERS = 50
SPLIT_ORDERS = 115
PARCELS_OF_SPLIT_ORDER = 4
STOPPING, ASKING = 16, 24
# One parcel in eight is scanned after it was sent, and one in six of those twice.
SCANNED, SCANNED_TWICE = 1 / 8, 1 / 6
_SCANS = ("out_for_delivery", "delivered", "attempted_delivery", "delayed", "failure")
_MILESTONE_OF = {scan: scan for scan in _SCANS} | {"failure": "failed"}


@dataclass(frozen=True)
class Expected:
    """A milestone that must have its row. `later`: ones that may have made this one old news."""

    shop: str
    parcel_id: int
    milestone: str
    later: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Inbound:
    """A shopper's text to a shop."""

    phone: str
    to: str
    shop: str
    body: str


@dataclass(frozen=True)
class Plan:
    """`deliveries` holds every webhook `COPIES` times, shuffled; `inbound` is in order."""

    webhooks: tuple[WebhookRequest, ...]
    deliveries: tuple[WebhookRequest, ...]
    inbound: tuple[Inbound, ...]
    expected: tuple[Expected, ...]


class _Shopping:
    """Plays the shops, minute by minute, in the half hour before `now`."""

    def __init__(self, world: World, luck: random.Random, *, now: datetime) -> None:
        self._world, self._luck = world, luck
        self._moment = now - timedelta(minutes=30)
        self._store = Store(world, clock=lambda: self._moment)
        self.webhooks: list[WebhookRequest] = []
        self.expected: list[Expected] = []

    def one_order(self, shop: Shop, buyer: Phone, *, parcels: int) -> None:
        luck = self._luck
        goods = [product.sku for product in shop.products if product.requires_shipping][:parcels]
        placed = self._store.place_order(
            shop.domain,
            buyer,
            dict.fromkeys(goods, 1),
            as_guest=luck.random() < 0.3,
            phone_on=luck.choice(("everywhere", "shipping_address")),
        )
        self._happened(placed.webhooks)
        assert placed.order_id is not None
        order = self._store.memory.order(placed.order_id).doc
        for line in order["line_items"]:
            sent = self._store.ship(placed.order_id, {line["id"]: 1})
            self._happened(sent.webhooks)
            assert sent.parcel_id is not None
            self._scan(shop, sent.parcel_id)

    def _scan(self, shop: Shop, parcel_id: int) -> None:
        scans: list[str] = []
        if self._luck.random() < SCANNED:
            scans = self._luck.sample(_SCANS, 2 if self._luck.random() < SCANNED_TWICE else 1)
        for scan in scans:
            self._happened(self._store.scan(parcel_id, scan).webhooks)
        reached = ["shipped", *(_MILESTONE_OF[scan] for scan in scans)]
        for place, milestone in enumerate(reached):
            # Delivery makes everything old news, also what a careless scanner reports later.
            later = {*reached[place + 1 :], *({"delivered"} & set(reached))} - {milestone}
            later -= {"delayed"}
            self.expected.append(Expected(shop.domain, parcel_id, milestone, frozenset(later)))

    def _happened(self, webhooks: tuple[WebhookRequest, ...]) -> None:
        self.webhooks += webhooks
        # Shopify's stamps are whole seconds; a state a second later is a later state.
        self._moment += timedelta(seconds=1)


def make_plan(world: World, luck: random.Random, *, now: datetime) -> Plan:
    """Half of the people buy at two shops, which must not hear of each other."""
    shopping = _Shopping(world, luck, now=now)
    sizes = [1] * SINGLE_PARCEL_ORDERS + [PARCELS_OF_SPLIT_ORDER] * SPLIT_ORDERS
    luck.shuffle(sizes)
    buyers: list[tuple[Phone, Shop]] = []
    for place, size in enumerate(sizes):
        buyer = world.phones[place % len(world.phones)]
        shop = world.shops[(place + place // len(world.phones)) % len(world.shops)]
        shopping.one_order(shop, buyer, parcels=size)
        buyers.append((buyer, shop))
    deliveries = shopping.webhooks * COPIES
    luck.shuffle(deliveries)
    return Plan(
        webhooks=tuple(shopping.webhooks),
        deliveries=tuple(deliveries),
        inbound=_inbound(buyers, luck),
        expected=tuple(shopping.expected),
    )


def _inbound(buyers: list[tuple[Phone, Shop]], luck: random.Random) -> tuple[Inbound, ...]:
    """Some say STOP. Others ask for HELP twice in a row, and get the same words twice."""
    ordinary = [pair for pair in buyers if has_ordinary_number(pair[0])]
    chosen = luck.sample(ordinary, STOPPING + ASKING)
    texts: list[Inbound] = []
    for place, (person, shop) in enumerate(chosen):
        words = ["STOP"] if place < STOPPING else ["HELP", "help"]
        texts += [Inbound(person.number, shop.sender_number, shop.domain, word) for word in words]
    pairs = [texts[:STOPPING][i : i + 1] for i in range(STOPPING)]
    pairs += [texts[i : i + 2] for i in range(STOPPING, len(texts), 2)]
    luck.shuffle(pairs)
    return tuple(text for pair in pairs for text in pair)
