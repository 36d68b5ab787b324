"""A small Shopify: what merchants, buyers and parcels do, and which webhooks each act causes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sandbox.store import notices
from sandbox.store.database import Database
from sandbox.store.memory import Memory
from sandbox.store.orders import Basket, PhoneOn, new_order
from sandbox.store.packing import quantities_to_ship, travels
from sandbox.store.parcels import (
    SCANS,
    fulfillment_payload,
    new_parcel,
    new_scan,
    parcel_carrier,
    take_from_order,
)
from sandbox.store.refusals import Refused
from sandbox.store.shapes import Ids, stamp
from sandbox.store.webhooks import Event, Payload, WebhookRequest
from sandbox.world import Phone, Shop, Unknown, World

Deliver = Callable[[Sequence[WebhookRequest]], None]


@dataclass(frozen=True)
class Happened:
    """What an act did: the order and parcel it concerned, and the webhooks it caused, in order."""

    webhooks: tuple[WebhookRequest, ...]
    order_id: int | None = None
    parcel_id: int | None = None


class Store:
    """All shops of a world. `deliver` receives each act's webhooks inside its transaction.

    No HTTP here: without `deliver` the webhooks are only returned, so that a test may send them
    itself, as often, as late and in whatever order it likes.
    """

    def __init__(
        self,
        world: World,
        *,
        database: Database | None = None,
        deliver: Deliver | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        on_uninstall: Callable[[str], object] = lambda _domain: None,
    ) -> None:
        self.world = world
        self.database = database or Database()
        self.memory = Memory(self.database)
        self._deliver = deliver
        self._clock = clock
        self._on_uninstall = on_uninstall
        self._ids = Ids()
        self.memory.know_shops(world.shops, clock())

    def place_order(
        self,
        shop_domain: str,
        buyer: str | Phone,
        items: Mapping[str, int],
        *,
        as_guest: bool = False,
        phone_on: PhoneOn = "everywhere",
    ) -> Happened:
        """Buy `items` (SKU to quantity). `buyer` is a key of the world's phones, or anyone.

        Raises `Refused` when nothing is chosen.
        """
        items = {sku: quantity for sku, quantity in items.items() if quantity > 0}
        if not items:
            raise Refused("nothing_chosen")
        person = self.world.phone(buyer) if isinstance(buyer, str) else buyer
        shop, now = self.world.shop(shop_domain), self._clock()
        basket = Basket(shop, person, items, as_guest=as_guest, phone_on=phone_on)
        with self.database.transaction():
            number = self.memory.next_order_number(shop_domain)
            order = new_order(basket, number=number, at=now, ids=self._ids)
            self.memory.add_order(shop_domain, person.key, order)
            webhooks = self._tell(shop, now, ("orders/create", order), ("orders/updated", order))
        return Happened(webhooks, order_id=order["id"])

    def ship(
        self, order_id: int, items: Mapping[int, int] | None = None, *, carrier: str = "UPS"
    ) -> Happened:
        """Send a parcel with `items` (line item id to quantity), or with all that is left.

        Digital items never travel with others: they are fulfilled, without tracking, once nothing
        else is left. Raises `Refused`.
        """
        now = self._clock()
        with self.database.transaction():
            placed = self.memory.order(order_id)
            shop, order = self.world.shop(placed.shop_domain), placed.doc
            quantities = quantities_to_ship(order, items)
            take_from_order(order, quantities)
            parcel = new_parcel(
                order,
                quantities,
                shop=shop,
                carrier=parcel_carrier(carrier) if travels(order, quantities) else None,
                at=now,
                ids=self._ids,
            )
            order["fulfillments"].append(parcel)
            self.memory.add_parcel(parcel)
            self._touch(shop, order, now)
            telling = [
                ("fulfillments/create", fulfillment_payload(order, parcel)),
                ("orders/updated", order),
            ]
            if order["fulfillment_status"] == "fulfilled":
                telling.append(("orders/fulfilled", order))
            webhooks = self._tell(shop, now, *telling)
        return Happened(webhooks, order_id=order_id, parcel_id=parcel["id"])

    def scan(self, parcel_id: int, status: str) -> Happened:
        """Let the parcel company scan a parcel; `status` is a key of `SCANS`.

        Any scan may follow any other, and may repeat, as parcel companies do. Raises `Refused`.
        """
        now = self._clock()
        with self.database.transaction():
            placed = self.memory.order_of_parcel(parcel_id)
            shop, order = self.world.shop(placed.shop_domain), placed.doc
            parcel = next(each for each in order["fulfillments"] if each["id"] == parcel_id)
            if status not in SCANS:
                raise Unknown(f"no scan {status!r}")
            if parcel["tracking_number"] is None:
                raise Refused("not_travelling")
            late = timedelta(days=2) if status == "delayed" else None
            scan = new_scan(
                parcel, status, order=order, shop=shop, at=now, ids=self._ids,
                estimated_delivery=late,
            )  # fmt: skip
            self.memory.add_scan(scan)
            parcel |= {"shipment_status": status, "updated_at": stamp(now, shop)}
            self._touch(shop, order, now)
            webhooks = self._tell(
                shop,
                now,
                ("fulfillment_events/create", scan),
                ("fulfillments/update", fulfillment_payload(order, parcel)),
                ("orders/updated", order),
            )
        return Happened(webhooks, order_id=placed.id, parcel_id=parcel_id)

    def cancel(self, order_id: int) -> Happened:
        """Cancel an order of which nothing has left. Raises `Refused`."""
        now = self._clock()
        with self.database.transaction():
            placed = self.memory.order(order_id)
            shop, order = self.world.shop(placed.shop_domain), placed.doc
            if order["cancelled_at"]:
                raise Refused("cancelled")
            if order["fulfillments"]:
                raise Refused("already_shipped")
            moment = stamp(now, shop)
            order |= {"cancelled_at": moment, "closed_at": moment, "cancel_reason": "customer"}
            order["financial_status"] = "refunded"
            self._touch(shop, order, now)
            webhooks = self._tell(shop, now, ("orders/cancelled", order), ("orders/updated", order))
        return Happened(webhooks, order_id=order_id)

    def set_shopify_texts(self, shop_domain: str, *, on: bool) -> Happened:
        """Turn Shopify's own shipping texts on or off for a shop."""
        with self.database.transaction():
            state = replace(self.memory.shop(shop_domain), shopify_texts=on)
            self.memory.change_shop(shop_domain, replace(state, updated_at=self._clock()))
            return self.announce(shop_domain)

    def announce(self, shop_domain: str) -> Happened:
        """Tell the app the shop's settings as they are."""
        state = self.memory.shop(shop_domain)
        shop = self.world.shop(shop_domain)
        payload = notices.shop_payload(shop, shopify_texts=state.shopify_texts, at=state.updated_at)
        with self.database.transaction():
            return Happened(self._tell(shop, self._clock(), ("shop/update", payload)))

    def uninstall(self, shop_domain: str) -> Happened:
        """Remove the app: it hears of that, and then nothing but privacy requests."""
        shop, now = self.world.shop(shop_domain), self._clock()
        with self.database.transaction():
            state = self.memory.shop(shop_domain)
            payload = notices.shop_payload(shop, shopify_texts=state.shopify_texts, at=now)
            webhooks = self._tell(shop, now, ("app/uninstalled", payload))
            self.memory.change_shop(shop_domain, replace(state, installed=False))
            self._on_uninstall(shop_domain)
        return Happened(webhooks)

    def reinstall(self, shop_domain: str) -> Happened:
        """Install the app again. Shopify has no webhook for that; the shop's settings follow."""
        with self.database.transaction():
            state = self.memory.shop(shop_domain)
            self.memory.change_shop(shop_domain, replace(state, installed=True))
            return self.announce(shop_domain)

    def tell_scopes(
        self, shop_domain: str, *, previous: Sequence[str], current: Sequence[str]
    ) -> Happened:
        """Tell the app that a shop granted other scopes."""
        shop, now = self.world.shop(shop_domain), self._clock()
        payload = notices.scopes_payload(shop, previous=previous, current=current, at=now)
        with self.database.transaction():
            return Happened(self._tell(shop, now, ("app/scopes_update", payload)))

    def request_data(self, shop_domain: str, person: str) -> Happened:
        """A customer asks the shop what is known about them."""
        shop, someone = self.world.shop(shop_domain), self.world.phone(person)
        orders = self.memory.orders_of(shop_domain, person)
        payload = notices.data_request(shop, someone, orders, ids=self._ids)
        return self._privacy(shop, "customers/data_request", payload)

    def redact_customer(self, shop_domain: str, person: str) -> Happened:
        """A customer asks the shop to forget them."""
        shop, someone = self.world.shop(shop_domain), self.world.phone(person)
        orders = self.memory.orders_of(shop_domain, person)
        return self._privacy(
            shop, "customers/redact", notices.customer_redact(shop, someone, orders)
        )

    def redact_shop(self, shop_domain: str) -> Happened:
        """What Shopify sends 48 hours after an uninstall."""
        shop = self.world.shop(shop_domain)
        return self._privacy(shop, "shop/redact", notices.shop_redact(shop))

    def _privacy(self, shop: Shop, topic: str, payload: Payload) -> Happened:
        with self.database.transaction():
            event = Event.at_shop(shop.domain, self._clock())
            webhook = event.webhook(topic, payload, secret=self.world.api_secret)
            return Happened(self._hand_over((webhook,)))

    def _tell(
        self, shop: Shop, now: datetime, *telling: tuple[str, Payload]
    ) -> tuple[WebhookRequest, ...]:
        if not self.memory.shop(shop.domain).installed:
            return ()
        event, secret = Event.at_shop(shop.domain, now), self.world.api_secret
        return self._hand_over(
            tuple(event.webhook(topic, payload, secret=secret) for topic, payload in telling)
        )

    def _hand_over(self, webhooks: tuple[WebhookRequest, ...]) -> tuple[WebhookRequest, ...]:
        if self._deliver is not None:
            self._deliver(webhooks)
        return webhooks

    def _touch(self, shop: Shop, order: Payload, now: datetime) -> None:
        order["updated_at"] = stamp(now, shop)
        self.memory.change_order(order)
