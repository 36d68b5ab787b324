"""A shop with two customers, and ways to look for what is held about them."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, text

from models import (
    Contact,
    Database,
    ShopSession,
)
from sms.consent.revocation import Revocation, revoke
from sms.contacts import find_or_create_contact
from tests.factories import BEN, MadeShop, make_shop
from tests.integration.shopify.making import (
    CUSTOMER_ID,
    ORDER_ID,
    order_and_parcel,
    order_payload,
    parcel_payload,
    process,
    scan_payload,
)

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def shop_of_ada_and_ben(database: Database, *, now: datetime) -> MadeShop:
    """Make a shop that Ada and Ben have ordered from, both with a parcel under way."""
    shop = make_shop(database, now=now)
    order, parcel = order_payload(now - HOUR), parcel_payload(now - MINUTE)
    order_and_parcel(database, shop.id, now=now, order=order, parcel=parcel)
    scan = scan_payload("in_transit", now)
    process(database, shop.id, "fulfillment_events/create", scan, now=now)
    bens = order_payload(
        now - HOUR,
        id=ORDER_ID + 1,
        phone=BEN,
        customer={"id": CUSTOMER_ID + 1, "first_name": "Ben"},
    )
    process(database, shop.id, "orders/create", bens, now=now)
    return shop


def contact_with(session: ShopSession, phone: str) -> Contact | None:
    return session.scalars(select(Contact).where(Contact.phone == phone)).first()


def stop(database: Database, shop: MadeShop, phone: str, now: datetime) -> None:
    with database.shop_session(shop.id) as session:
        contact = find_or_create_contact(session, phone, now=now)
        revocation = Revocation(
            source="inbound_text",
            external_id=f"SM{phone}",
            method="inbound_text",
            actor="shopper",
            occurred_at=now,
            words="STOP",
        )
        revoke(session, contact, revocation, now=now)


def everything(database: Database) -> str:
    """Return all rows of all tables as text: what is not in here is not held."""
    with database.engine.connect() as connection:
        tables = connection.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        ).all()
        return "\n".join(
            str(row)
            for table in tables
            for row in connection.execute(text(f"SELECT t::text FROM {table} t"))
        )
