"""Finding what is held about a customer, whom Shopify names by number, phone or orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select

from models import Contact, Order, ShopSession
from shopify.notices import CustomerRequest
from sms.numbers import PhoneNumber, to_e164


@dataclass(frozen=True, slots=True)
class Held:
    """A customer's contacts (one per phone) and orders."""

    contacts: Sequence[Contact]
    orders: Sequence[Order]

    @property
    def order_ids(self) -> frozenset[int]:
        return frozenset(order.shopify_id for order in self.orders)


def held_about(session: ShopSession, request: CustomerRequest) -> Held:
    """Find someone's contacts and orders.

    A parcel may go to another person's phone. A contact found only through an order is this
    customer's unless it is known to be another customer's.
    """
    named = _orders_named(session, request)
    contacts = _contacts(session, request, named)
    through_phone = session.scalars(
        select(Order).where(Order.contact_id.in_([contact.id for contact in contacts]))
    ).all()
    orders = {order.shopify_id: order for order in (*named, *through_phone)}
    return Held(contacts, list(orders.values()))


def _orders_named(session: ShopSession, request: CustomerRequest) -> Sequence[Order]:
    conditions: list[ColumnElement[bool]] = [Order.shopify_id.in_(request.order_ids)]
    if request.customer_id is not None:
        conditions.append(Order.customer_id == request.customer_id)
    return session.scalars(select(Order).where(or_(*conditions))).all()


def _contacts(
    session: ShopSession, request: CustomerRequest, orders: Sequence[Order]
) -> Sequence[Contact]:
    through_orders = [order.contact_id for order in orders if order.contact_id is not None]
    theirs = Contact.customer_id == request.customer_id if request.customer_id else None
    nobodys = Contact.customer_id.is_(None)
    free = nobodys if theirs is None else or_(nobodys, theirs)
    conditions: list[ColumnElement[bool]] = [Contact.id.in_(through_orders) & free]
    if theirs is not None:
        conditions.append(theirs)
    number = to_e164(request.phone, region=session.shop.country)
    if isinstance(number, PhoneNumber):
        conditions.append(Contact.phone == number.e164)
    return session.scalars(select(Contact).where(or_(*conditions))).all()
