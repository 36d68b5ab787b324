"""Parcels: fulfilments, the tracking they carry and the scans that happen to them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from sandbox.store.shapes import Ids, gid, origin_address, stamp
from sandbox.store.webhooks import Payload
from sandbox.world import Shop, Unknown


@dataclass(frozen=True)
class ParcelCarrier:
    """A company which carries parcels, as Shopify names it and tracks it."""

    name: str
    tracking_url: str
    number: Callable[[], str]

    def url(self, number: str) -> str:
        """Where this company shows the parcel's way."""
        return self.tracking_url + quote(number)


def _digits(count: int) -> str:
    return "".join(secrets.choice("0123456789") for _ in range(count))


def _ups() -> str:
    account = "".join(secrets.choice("0123456789ABCDEFGHJKLMNPRSTUVWXY") for _ in range(6))
    return f"1Z{account}03{_digits(8)}"


PARCEL_CARRIERS: tuple[ParcelCarrier, ...] = (
    ParcelCarrier("UPS", "https://www.ups.com/WebTracking?loc=en_US&requester=ST&trackNums=", _ups),
    ParcelCarrier(
        "USPS",
        "https://tools.usps.com/go/TrackConfirmAction.action?tLabels=",
        lambda: "94001" + _digits(17),
    ),
    ParcelCarrier("FedEx", "https://www.fedex.com/fedextrack/?trknbr=", lambda: "7" + _digits(11)),
    ParcelCarrier(
        "Canada Post",
        "https://www.canadapost-postescanada.ca/track-reperage/en#/search?searchFor=",
        lambda: _digits(16),
    ),
)

SCANS: Mapping[str, str] = {
    "in_transit": "Item is now in transit",
    "out_for_delivery": "Out for delivery",
    "delivered": "Delivered, left at front door",
    "attempted_delivery": "Delivery attempted: nobody was there to receive it",
    "delayed": "A weather delay has occurred on the way",
    "failure": "The address could not be reached; returning to sender",
}
"""Scans to choose from, with what the parcel company says about each.

Keys are FulfillmentEventStatus in lower case."""


def parcel_carrier(name: str) -> ParcelCarrier:
    """Raises `Unknown` for a company the sandbox does not know."""
    for carrier in PARCEL_CARRIERS:
        if carrier.name == name:
            return carrier
    raise Unknown(f"no parcel carrier {name!r}")


def new_parcel(
    order: Payload,
    quantities: Mapping[int, int],
    *,
    shop: Shop,
    carrier: ParcelCarrier | None,
    at: datetime,
    ids: Ids,
) -> Payload:
    """A fulfilment as an order carries it. Without a carrier nothing travels: a digital item."""
    parcel_id, moment = ids.next(), stamp(at, shop)
    numbers = [carrier.number()] if carrier else []
    urls = [carrier.url(number) for number in numbers] if carrier else []
    return {
        "id": parcel_id, "admin_graphql_api_id": gid("Fulfillment", parcel_id),
        "created_at": moment, "location_id": shop.location_id,
        "name": f"{order['name']}.{len(order['fulfillments']) + 1}", "order_id": order["id"],
        "origin_address": origin_address(shop.address), "receipt": {}, "service": "manual",
        "shipment_status": None, "status": "success",
        "tracking_company": carrier.name if carrier else None,
        "tracking_number": numbers[0] if numbers else None, "tracking_numbers": numbers,
        "tracking_url": urls[0] if urls else None, "tracking_urls": urls, "updated_at": moment,
        "line_items": _packed_lines(order, quantities),
    }  # fmt: skip


def _packed_lines(order: Payload, quantities: Mapping[int, int]) -> list[Payload]:
    """Lines of the parcel say how many are in this parcel, not how many were ordered."""
    return [
        line | {"quantity": quantities[line["id"]]}
        for line in order["line_items"]
        if quantities.get(line["id"])
    ]


def take_from_order(order: Payload, quantities: Mapping[int, int]) -> None:
    """Note on the order's lines what has left, and on the order how far along it is."""
    for line in order["line_items"]:
        line["fulfillable_quantity"] -= quantities.get(line["id"], 0)
        if line["fulfillable_quantity"] == 0:
            line["fulfillment_status"] = "fulfilled"
        elif line["fulfillable_quantity"] < line["quantity"]:
            line["fulfillment_status"] = "partial"
    left = sum(line["fulfillable_quantity"] for line in order["line_items"])
    order["fulfillment_status"] = "partial" if left else "fulfilled"


def fulfillment_payload(order: Payload, parcel: Payload) -> Payload:
    """A fulfilment as its own webhook tells it: with where it goes, but no customer's phone."""
    return parcel | {"email": order["email"], "destination": order["shipping_address"]}


def new_scan(
    parcel: Payload,
    status: str,
    *,
    order: Payload,
    shop: Shop,
    at: datetime,
    ids: Ids,
    estimated_delivery: timedelta | None = None,
) -> Payload:
    """A fulfilment event."""
    event_id, moment = ids.next(), stamp(at, shop)
    place: Mapping[str, Any] = order["shipping_address"] or {}
    return {
        "id": event_id, "fulfillment_id": parcel["id"], "status": status,
        "message": SCANS[status], "happened_at": moment, "city": place.get("city"),
        "province": place.get("province_code"), "country": place.get("country_code", "US"),
        "zip": place.get("zip"), "address1": None, "latitude": None, "longitude": None,
        "shop_id": shop.id, "created_at": moment, "updated_at": moment,
        "estimated_delivery_at": (
            stamp(at + estimated_delivery, shop) if estimated_delivery else None
        ),
        "order_id": order["id"],
        "admin_graphql_api_id": gid("FulfillmentEvent", event_id),
    }  # fmt: skip
