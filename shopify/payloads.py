"""What the webhooks say, as values that can be relied on.

The shapes are Shopify's REST-like JSON of any version: fields come and go, guests have no
customer, `shipping_address` may be `[]`, ids may be text. What cannot be used at all raises
`UnusablePayloadError` with a sentence that names the field, never a person's data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from shopify.reading import (
    Fields,
    as_object,
    count_in,
    country_in,
    currency_in,
    flag_in,
    id_in,
    moment_in,
    money_in,
    needed,
    object_in,
    objects_in,
    text_in,
    texts_in,
    token_in,
)
from sms.numbers import MAX_RAW_LENGTH

_MAX_LINES = 500
_MAX_PARCELS = 250
_MAX_TRACKING = 20
_NAME = 100
_TITLE = 200
_LINK = 2_000
_STATUS = 40
# A state stamped later than this after its arrival has a broken clock; believing it would keep
# every later state out.
_CLOCKS_MAY_DIFFER_BY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Arrival:
    """When Shopify says it sent the webhook, and when it is being read. Aware UTC."""

    triggered_at: datetime
    now: datetime

    def stamp(self, moment: datetime | None) -> datetime:
        """Return a state's own stamp, or the webhook's when it has none that can be believed."""
        if moment is None or moment > self.now + _CLOCKS_MAY_DIFFER_BY:
            return self.triggered_at
        return moment

    def past(self, moment: datetime | None) -> datetime:
        """Return when something happened, which cannot be later than now."""
        return min(self.stamp(moment), self.now)


@dataclass(frozen=True, slots=True)
class Line:
    """So many of one thing, in an order or in a parcel."""

    id: int | None
    title: str
    quantity: int
    requires_shipping: bool

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class PhoneField:
    """A phone as written in one field of an order, and the country to read it in."""

    field: str
    raw: str
    country: str | None
    first_name: str | None
    last_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfillmentPayload:
    shopify_id: int
    order_id: int
    name: str | None
    status: str | None
    shipment_status: str | None
    tracking_company: str | None
    tracking_numbers: list[str]
    tracking_urls: list[str]
    lines: tuple[Line, ...]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPayload:
    """`phones` stand in the order in which they are to be tried (the phone precedence)."""

    shopify_id: int
    customer_id: int | None
    name: str
    phones: tuple[PhoneField, ...]
    first_name: str | None
    locale: str | None
    checkout_token: str | None
    cart_token: str | None
    currency: str | None
    total_minor: int | None
    financial_status: str | None
    fulfillment_status: str | None
    order_status_url: str | None
    lines: tuple[Line, ...]
    fulfillments: tuple[FulfillmentPayload, ...]
    is_test: bool
    placed_at: datetime
    cancelled_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfillmentEventPayload:
    shopify_id: int
    fulfillment_id: int
    order_id: int | None
    status: str
    message: str | None
    happened_at: datetime


def read_order(payload: object, arrival: Arrival) -> OrderPayload:
    order = as_object(payload, "order")
    order_id = needed(id_in(order, "id"), "id")
    currency = currency_in(order, "currency")
    customer, shipping = object_in(order, "customer"), object_in(order, "shipping_address")
    number = text_in(order, "order_number", length=_NAME)
    placed_at = moment_in(order, "created_at") or moment_in(order, "processed_at")
    return OrderPayload(
        shopify_id=order_id,
        customer_id=id_in(customer, "id"),
        name=text_in(order, "name", length=_NAME) or f"#{number or order_id}",
        phones=tuple(_phones(order)),
        first_name=text_in(customer, "first_name", length=_NAME)
        or text_in(shipping, "first_name", length=_NAME),
        locale=token_in(order, "customer_locale", length=35),
        checkout_token=token_in(order, "checkout_token", length=255),
        cart_token=token_in(order, "cart_token", length=255),
        currency=currency,
        total_minor=money_in(order, "total_price", currency=currency),
        financial_status=text_in(order, "financial_status", length=_STATUS),
        fulfillment_status=text_in(order, "fulfillment_status", length=_STATUS),
        order_status_url=token_in(order, "order_status_url", length=_LINK),
        lines=_lines(order),
        fulfillments=tuple(_parcels(order, order_id, arrival)),
        is_test=flag_in(order, "test") or False,
        placed_at=arrival.past(placed_at),
        cancelled_at=moment_in(order, "cancelled_at"),
        updated_at=arrival.stamp(moment_in(order, "updated_at")),
    )


def _phones(order: Fields) -> Iterator[PhoneField]:
    """Yield what may be the shopper's phone, best first.

    Ahead of these stands only the checkout's `sms_marketing_phone`, which no order carries.
    """
    shipping, billing = object_in(order, "shipping_address"), object_in(order, "billing_address")
    customer = object_in(order, "customer")
    country = country_in(shipping, "country_code") or country_in(billing, "country_code")
    buyer = customer or shipping or billing
    billed_in = country_in(billing, "country_code") or country
    for field, holder, read_in, named in (
        ("phone", order, country, buyer),
        ("shipping_address.phone", shipping, country, shipping),
        ("customer.phone", customer, country, customer),
        ("billing_address.phone", billing, billed_in, billing),
    ):
        # One character more than can be a number, so that what was cut is not taken for one.
        raw = text_in(holder, "phone", length=MAX_RAW_LENGTH + 1)
        if raw is not None:
            yield PhoneField(
                field,
                raw,
                read_in,
                text_in(named, "first_name", length=_NAME),
                text_in(named, "last_name", length=_NAME),
            )


def _lines(fields: Fields) -> tuple[Line, ...]:
    return tuple(_line(item) for item in objects_in(fields, "line_items", limit=_MAX_LINES))


def _line(item: Fields) -> Line:
    # What was ordered and taken out again is no longer expected by anybody.
    left = count_in(item, "current_quantity")
    quantity = count_in(item, "quantity") if left is None else left
    ships = flag_in(item, "requires_shipping")
    title = text_in(item, "title", length=_TITLE) or text_in(item, "name", length=_TITLE)
    return Line(
        id=id_in(item, "id"),
        title=title or "item",
        quantity=1 if quantity is None else quantity,
        requires_shipping=True if ships is None else ships,
    )


def _parcels(order: Fields, order_id: int, arrival: Arrival) -> Iterator[FulfillmentPayload]:
    for parcel in objects_in(order, "fulfillments", limit=_MAX_PARCELS):
        parcel_id = id_in(parcel, "id")
        if parcel_id is not None:
            yield _fulfillment(parcel, parcel_id, order_id, arrival)


def read_fulfillment(payload: object, arrival: Arrival) -> FulfillmentPayload:
    parcel = as_object(payload, "fulfillment")
    parcel_id, order_id = id_in(parcel, "id"), id_in(parcel, "order_id")
    return _fulfillment(parcel, needed(parcel_id, "id"), needed(order_id, "order_id"), arrival)


def _fulfillment(
    parcel: Fields, parcel_id: int, order_id: int, arrival: Arrival
) -> FulfillmentPayload:
    updated_at = arrival.stamp(moment_in(parcel, "updated_at"))
    return FulfillmentPayload(
        shopify_id=parcel_id,
        order_id=order_id,
        name=text_in(parcel, "name", length=_NAME),
        status=_status(parcel, "status"),
        shipment_status=_status(parcel, "shipment_status"),
        tracking_company=text_in(parcel, "tracking_company", length=_NAME),
        tracking_numbers=_tracking(parcel, "tracking_number", length=_NAME),
        tracking_urls=_tracking(parcel, "tracking_url", length=_LINK),
        lines=_packed(parcel),
        created_at=arrival.past(moment_in(parcel, "created_at") or updated_at),
        updated_at=updated_at,
    )


def _packed(parcel: Fields) -> tuple[Line, ...]:
    """Read what is in a parcel: here `quantity` counts this parcel's, whatever the order holds."""
    items = objects_in(parcel, "line_items", limit=_MAX_LINES)
    return tuple(_line({**item, "current_quantity": None}) for item in items)


def _tracking(parcel: Fields, key: str, *, length: int) -> list[str]:
    many = texts_in(parcel, f"{key}s", limit=_MAX_TRACKING, length=length)
    one = token_in(parcel, key, length=length)
    return many or ([one] if one else [])


def _status(fields: Fields, key: str) -> str | None:
    status = text_in(fields, key, length=_STATUS)
    return status.lower()[:_STATUS] if status else None


def read_fulfillment_event(payload: object, arrival: Arrival) -> FulfillmentEventPayload:
    scan = as_object(payload, "fulfillment event")
    happened_at = moment_in(scan, "happened_at") or moment_in(scan, "created_at")
    return FulfillmentEventPayload(
        shopify_id=needed(id_in(scan, "id"), "id"),
        fulfillment_id=needed(id_in(scan, "fulfillment_id"), "fulfillment_id"),
        order_id=id_in(scan, "order_id"),
        status=needed(_status(scan, "status"), "status"),
        message=text_in(scan, "message", length=500),
        happened_at=arrival.past(happened_at),
    )
