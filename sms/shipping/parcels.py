"""From stored rows to what the rules and the words of shipping texts speak of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from models import Fulfillment, Order
from sms.shipping.news import Scan, Shipment
from sms.shipping.texts import Packed, Parcel, usable_link

_NOT_A_PARCEL = frozenset({"cancelled", "error", "failure"})


def shipment_of(parcel: Fulfillment, order: Order, scans: Iterable[Scan]) -> Shipment:
    return Shipment(
        status=parcel.status,
        shipment_status=parcel.shipment_status,
        travels=_travels(parcel.line_items or order.line_items),
        created_at=parcel.created_at,
        updated_at=parcel.shopify_updated_at,
        scans=tuple(scans),
    )


def _travels(lines: list[Any]) -> bool:
    """False only for what is known to be all downloads, services and gift cards."""
    return not lines or any(line["requires_shipping"] for line in lines)


def parcel_of(
    parcel: Fulfillment, order: Order, siblings: Iterable[Fulfillment], *, brand: str
) -> Parcel:
    return Parcel(
        brand=brand,
        first_name=order.first_name,
        order=order.name,
        items=tuple(_shippable(parcel.line_items)),
        is_part=_is_part(parcel, order, siblings),
        company=parcel.tracking_company,
        tracking_number=next(iter(parcel.tracking_numbers), None),
        tracking_url=usable_link([*parcel.tracking_urls, order.order_status_url]),
    )


def _shippable(lines: list[Any]) -> Iterator[Packed]:
    for line in lines:
        if line["requires_shipping"]:
            yield Packed(line["title"], line["quantity"])


def _is_part(parcel: Fulfillment, order: Order, siblings: Iterable[Fulfillment]) -> bool:
    if not parcel.line_items:
        return False
    ordered, packed = _by_id(order.line_items), _by_id(parcel.line_items)
    if not ordered:
        return sum(other.status not in _NOT_A_PARCEL for other in siblings) > 1
    return any(packed[line_id] < quantity for line_id, quantity in ordered.items())


def _by_id(lines: list[Any]) -> Counter[int | str]:
    """Count what travels, by line; a line without an id is known by its title."""
    counts: Counter[int | str] = Counter()
    for line in lines:
        if line["requires_shipping"]:
            counts[line["id"] or line["title"]] += line["quantity"]
    return counts
