"""What stands beside a thread: their latest orders, and what they allowed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from models import ConsentEvent, Contact, Fulfillment, Order, ShopSession
from models.enums import ConsentState
from sms.shipping.texts import usable_link

ORDERS = 3


@dataclass(frozen=True, slots=True)
class ParcelFacts:
    """Where one parcel is. `url` is safe to link to, or None."""

    status: str
    company: str | None
    number: str | None
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    """One order from our own rows. Money is minor units of `currency`."""

    shopify_id: int
    name: str
    placed_at: datetime
    total_minor: int | None
    currency: str | None
    payment: str | None
    fulfillment: str
    items: tuple[str, ...]
    more_items: int
    parcels: tuple[ParcelFacts, ...]


@dataclass(frozen=True, slots=True)
class ConsentFacts:
    """Where they stand in one scope, since when, and how it came about."""

    scope: str
    state: ConsentState
    since: datetime | None
    how: str | None


@dataclass(frozen=True, slots=True)
class AboutThem:
    orders: tuple[OrderFacts, ...]
    has_more_orders: bool
    consents: tuple[ConsentFacts, ...]
    customer_id: int | None


def about(session: ShopSession, contact: Contact) -> AboutThem:
    """Read orders, parcels and consent of one person: three queries, whatever they ordered."""
    orders = session.scalars(
        select(Order)
        .where(Order.contact_id == contact.id)
        .order_by(Order.placed_at.desc())
        .limit(ORDERS + 1)
    ).all()
    shown = orders[:ORDERS]
    parcels = _parcels(session, [order.shopify_id for order in shown])
    return AboutThem(
        orders=tuple(_order(order, parcels[order.shopify_id]) for order in shown),
        has_more_orders=len(orders) > ORDERS,
        consents=_consents(session, contact),
        customer_id=contact.customer_id,
    )


def _parcels(session: ShopSession, order_ids: list[int]) -> defaultdict[int, list[Fulfillment]]:
    found = session.scalars(
        select(Fulfillment)
        .where(Fulfillment.shopify_order_id.in_(order_ids))
        .order_by(Fulfillment.created_at)
    )
    by_order: defaultdict[int, list[Fulfillment]] = defaultdict(list)
    for parcel in found:
        by_order[parcel.shopify_order_id].append(parcel)
    return by_order


NAMED_ITEMS = 3


def _order(order: Order, parcels: Iterable[Fulfillment]) -> OrderFacts:
    lines = [line for line in order.line_items if isinstance(line, dict)]
    return OrderFacts(
        shopify_id=order.shopify_id,
        name=order.name,
        placed_at=order.placed_at,
        total_minor=order.total_minor,
        currency=order.currency,
        payment=None if order.financial_status is None else _words(order.financial_status),
        fulfillment=_fulfillment(order),
        items=tuple(_item(line) for line in lines[:NAMED_ITEMS]),
        more_items=max(0, len(lines) - NAMED_ITEMS),
        parcels=tuple(_parcel(parcel) for parcel in parcels),
    )


def _item(line: dict[str, object]) -> str:
    quantity = line.get("quantity")
    title = str(line.get("title") or "An item")
    return f"{quantity} × {title}" if isinstance(quantity, int) and quantity > 1 else title


def _fulfillment(order: Order) -> str:
    if order.cancelled_at is not None:
        return "Cancelled"
    return _words(order.fulfillment_status or "unfulfilled")


def _parcel(parcel: Fulfillment) -> ParcelFacts:
    number = next((each for each in parcel.tracking_numbers if each), None)
    return ParcelFacts(
        status=_words(parcel.shipment_status or parcel.status or "shipped"),
        company=parcel.tracking_company,
        number=None if number is None else str(number),
        url=usable_link(parcel.tracking_urls),
    )


def _words(code: str) -> str:
    """Show Shopify's `out_for_delivery` as it stands in its admin: "Out for delivery"."""
    return _OWN_WORDS.get(code, code.replace("_", " ").capitalize())


# A fulfilment's own "success" speaks of the booking, not of the parcel.
_OWN_WORDS = {"success": "Shipped", "partial": "Partially fulfilled"}


def _consents(session: ShopSession, contact: Contact) -> tuple[ConsentFacts, ...]:
    decided_by = [contact.transactional_event_id, contact.marketing_event_id]
    found = session.scalars(
        select(ConsentEvent).where(ConsentEvent.id.in_([each for each in decided_by if each]))
    )
    events = {event.id: event for event in found}
    states = (
        ("Order texts", contact.transactional, contact.transactional_event_id),
        ("Marketing", contact.marketing, contact.marketing_event_id),
    )
    return tuple(
        _consent(scope, state, events.get(event_id) if event_id else None)
        for scope, state, event_id in states
    )


def _consent(scope: str, state: ConsentState, event: ConsentEvent | None) -> ConsentFacts:
    if event is None:
        return ConsentFacts(scope, state, None, None)
    how = _HOW.get(event.method, event.method.replace("_", " "))
    return ConsentFacts(scope, state, event.occurred_at, how)


_HOW = {
    "checkout": "at checkout",
    "order": "with an order",
    "inbound_text": "by text",
    "opt_in_form": "on a form",
    "carrier_block": "told by the carrier",
    "redaction": "when their data was erased",
}
