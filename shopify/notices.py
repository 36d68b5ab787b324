"""What Shopify says about a shop and about people's rights, as values that can be relied on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shopify.payloads import Arrival
from shopify.reading import (
    as_id,
    as_object,
    country_in,
    currency_in,
    flag_in,
    id_in,
    moment_in,
    needed,
    object_in,
    text_in,
    texts_in,
    token_in,
)
from sms.numbers import MAX_RAW_LENGTH

_TEXT = 200
_MAX_ORDERS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopPayload:
    shopify_id: int | None
    name: str | None
    support_contact: str | None
    iana_timezone: str | None
    currency: str | None
    country: str | None
    transactional_sms_disabled: bool | None
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopesPayload:
    scopes: str
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRequest:
    """Whose data is asked for or to be erased. Any part may be missing (an email alone is usual).

    The email is not read: nothing is stored under one here.
    """

    customer_id: int | None
    phone: str | None
    order_ids: frozenset[int]
    request_id: int | None


def read_shop(payload: object, arrival: Arrival) -> ShopPayload:
    shop = as_object(payload, "shop")
    return ShopPayload(
        shopify_id=id_in(shop, "id"),
        name=text_in(shop, "name", length=_TEXT),
        support_contact=text_in(shop, "customer_email", length=_TEXT)
        or text_in(shop, "email", length=_TEXT),
        iana_timezone=token_in(shop, "iana_timezone", length=64),
        currency=currency_in(shop, "currency"),
        country=country_in(shop, "country_code") or country_in(shop, "country"),
        transactional_sms_disabled=flag_in(shop, "transactional_sms_disabled"),
        updated_at=arrival.stamp(moment_in(shop, "updated_at")),
    )


def read_scopes(payload: object, arrival: Arrival) -> ScopesPayload:
    update = as_object(payload, "scopes update")
    current = update.get("current")
    if not isinstance(current, list):
        needed(None, "current")
    scopes = texts_in(update, "current", limit=500, length=_TEXT)
    return ScopesPayload(
        scopes=",".join(scopes), updated_at=arrival.stamp(moment_in(update, "updated_at"))
    )


def read_customer_request(payload: object) -> CustomerRequest:
    """Read customers/data_request and customers/redact.

    Raises:
        UnusablePayloadError: it names nobody. It stays visible until a person has looked at it.
    """
    request = as_object(payload, "request")
    customer = object_in(request, "customer")
    orders = [request.get("orders_requested"), request.get("orders_to_redact")]
    found = CustomerRequest(
        customer_id=id_in(customer, "id"),
        phone=text_in(customer, "phone", length=MAX_RAW_LENGTH + 1),
        order_ids=frozenset(
            order_id
            for listed in orders
            if isinstance(listed, list)
            for order_id in map(as_id, listed[:_MAX_ORDERS])
            if order_id is not None
        ),
        request_id=id_in(object_in(request, "data_request"), "id"),
    )
    email = text_in(customer, "email", length=_TEXT)
    if not (found.customer_id or found.phone or found.order_ids or email):
        needed(None, "customer")
    return found
