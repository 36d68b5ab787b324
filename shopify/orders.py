"""Orders into rows: the snapshot, whose phone it is, and what giving that number allows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import insert

from models import Contact, Order, ShopSession, new_id
from models.enums import ConsentKind, Scope
from shopify.payloads import OrderPayload, PhoneField
from sms.consent.ledger import Entry, append
from sms.contacts import lock_person
from sms.numbers import PhoneNumber, UnusableCode, to_e164


@dataclass(frozen=True, slots=True)
class Reachable:
    """The number that an order's texts go to, and the field it stood in."""

    phone: PhoneNumber
    found_in: PhoneField


def order_with(session: ShopSession, shopify_id: int) -> Order | None:
    return session.scalars(
        select(Order)
        .where(Order.shopify_id == shopify_id)
        .execution_options(populate_existing=True)
    ).first()


def store_order(
    session: ShopSession, payload: OrderPayload, *, triggered_at: datetime, now: datetime
) -> Order:
    """Store an order if this state of it is newer than the one we have, and return what we have.

    The order's lock must be held.
    """
    known = order_with(session, payload.shopify_id)
    if known is not None and not _is_newer(payload, triggered_at, known):
        return known
    reachable = phone_of(payload, shop_country=session.shop.country)
    contact = None
    if isinstance(reachable, Reachable):
        contact = _contact(session, reachable, payload, now=now)
        if known is None or known.contact_id != contact.id:
            _allow_order_texts(session, contact, reachable, payload, now=now)
    values = _values(payload, reachable, contact) | {"triggered_at": triggered_at}
    return _upsert(session, payload.shopify_id, values)


def _is_newer(payload: OrderPayload, triggered_at: datetime, known: Order) -> bool:
    stamps = (payload.updated_at, triggered_at)
    return stamps > (known.shopify_updated_at, known.triggered_at)


def phone_of(payload: OrderPayload, *, shop_country: str | None) -> Reachable | UnusableCode:
    """Choose the first number of an order that can be texted, else say what is wrong with it."""
    problem = UnusableCode.MISSING
    for candidate in payload.phones:
        number = to_e164(candidate.raw, region=candidate.country or shop_country)
        if isinstance(number, PhoneNumber):
            return Reachable(number, candidate)
        if problem is UnusableCode.MISSING:
            problem = number.code
    return problem


def _contact(
    session: ShopSession, reachable: Reachable, payload: OrderPayload, *, now: datetime
) -> Contact:
    """Find the person behind the number. Their names are those beside it, not the payer's."""
    # Before anything points at them: a lock taken later could deadlock.
    contact = lock_person(session, reachable.phone.e164, now=now)
    contact.first_name = reachable.found_in.first_name or contact.first_name
    contact.last_name = reachable.found_in.last_name or contact.last_name
    # A parcel may go to somebody else's phone, who may be a customer of their own.
    somebody_elses = reachable.found_in.field == "shipping_address.phone"
    if contact.customer_id is None or not somebody_elses:
        contact.customer_id = payload.customer_id or contact.customer_id
    return contact


def _allow_order_texts(
    session: ShopSession,
    contact: Contact,
    reachable: Reachable,
    payload: OrderPayload,
    *,
    now: datetime,
) -> None:
    """Write down that the number came with an order: consent to texts about orders alone (R1.4).

    The entry names the contact too: an order whose phone is corrected has two.
    """
    append(
        session,
        contact,
        Entry(
            kind=ConsentKind.GRANTED,
            scope=Scope.TRANSACTIONAL,
            source="shopify_order",
            external_id=f"{payload.shopify_id}:{contact.id}",
            method="order",
            actor="shopper",
            occurred_at=payload.placed_at,
            evidence={"order": payload.name, "field": reachable.found_in.field},
        ),
        now=now,
    )


def _values(
    payload: OrderPayload, reachable: Reachable | UnusableCode, contact: Contact | None
) -> dict[str, Any]:
    found = reachable if isinstance(reachable, Reachable) else None
    return {
        "contact_id": contact.id if contact else None,
        "customer_id": payload.customer_id,
        "name": payload.name,
        "phone": found.phone.e164 if found else None,
        "phone_problem": None if isinstance(reachable, Reachable) else reachable.value,
        "first_name": (found.found_in.first_name if found else None) or payload.first_name,
        "locale": payload.locale,
        "checkout_token": payload.checkout_token,
        "cart_token": payload.cart_token,
        "currency": payload.currency,
        "total_minor": payload.total_minor,
        "financial_status": payload.financial_status,
        "fulfillment_status": payload.fulfillment_status,
        "order_status_url": payload.order_status_url,
        "line_items": [line.as_json() for line in payload.lines],
        "is_test": payload.is_test,
        "placed_at": payload.placed_at,
        "cancelled_at": payload.cancelled_at,
        "shopify_updated_at": payload.updated_at,
    }


def _upsert(session: ShopSession, shopify_id: int, values: dict[str, Any]) -> Order:
    stored = insert(Order).values(
        id=new_id(), shop_id=session.shop_id, shopify_id=shopify_id, **values
    )
    stamps = tuple_(stored.excluded.shopify_updated_at, stored.excluded.triggered_at)
    session.execute(
        stored.on_conflict_do_update(
            index_elements=["shop_id", "shopify_id"],
            set_=values,
            where=stamps > tuple_(Order.shopify_updated_at, Order.triggered_at),
        )
    )
    order = order_with(session, shopify_id)
    assert order is not None
    return order
