"""Webhooks as Shopify words them, cut to what matters, and a short way to have them processed."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from models import (
    Database,
    Message,
    Order,
    ShipmentMilestone,
    ShopSession,
    WebhookReceipt,
    new_id,
)
from models.enums import Milestone, MilestoneOutcome, ReceiptStatus, WebhookSource
from shopify.sync import process_webhook
from tests.factories import ADA

Payload = dict[str, Any]

# Beyond what a float can hold exactly, like Shopify's own.
ORDER_ID = 820982911946154507
PARCEL_ID = 255858046000000123
CUSTOMER_ID = 115310627314723955
MUG = {"id": 466157049000000101, "title": "Mug", "quantity": 2, "requires_shipping": True}
TEA = {"id": 466157049000000103, "title": "Tea", "quantity": 1, "requires_shipping": True}
LINK = "https://www.ups.com/WebTracking?trackNums=1Z5R89390357567127"
STATUS_PAGE = (
    "https://shop.example.com/548380009/orders/b1946ac92492d2347c6235b4d2611184/authenticate"
)

_ids = itertools.count(1)


def order_payload(at: datetime, **changes: Any) -> Payload:
    return {
        "id": ORDER_ID,
        "name": "#1001",
        "phone": ADA,
        "customer": {"id": CUSTOMER_ID, "first_name": "Ada", "last_name": "Byron", "phone": ADA},
        "shipping_address": {"first_name": "Ada", "phone": "(415) 555-0101", "country_code": "US"},
        "billing_address": None,
        "currency": "USD",
        "total_price": "42.50",
        "order_status_url": STATUS_PAGE,
        "line_items": [MUG, TEA],
        "fulfillments": [],
        "test": False,
        "created_at": at.isoformat(),
        "updated_at": at.isoformat(),
        "cancelled_at": None,
    } | changes


def parcel_payload(at: datetime, **changes: Any) -> Payload:
    return {
        "id": PARCEL_ID,
        "order_id": ORDER_ID,
        "name": "#1001.1",
        "status": "success",
        "shipment_status": None,
        "tracking_company": "UPS",
        "tracking_number": "1Z5R89390357567127",
        "tracking_numbers": ["1Z5R89390357567127"],
        "tracking_url": LINK,
        "tracking_urls": [LINK],
        "line_items": [MUG, TEA],
        "created_at": at.isoformat(),
        "updated_at": at.isoformat(),
    } | changes


def scan_payload(status: str, at: datetime, **changes: Any) -> Payload:
    return {
        "id": 10**17 + next(_ids),
        "fulfillment_id": PARCEL_ID,
        "order_id": ORDER_ID,
        "status": status,
        "message": "Signed for by A. BYRON",
        "happened_at": at.isoformat(),
    } | changes


def process(
    database: Database,
    shop_id: uuid.UUID,
    topic: str,
    payload: object,
    *,
    now: datetime,
    triggered_at: datetime | None = None,
    external_id: str | None = None,
) -> None:
    """Keep a receipt and process it, as a worker does."""
    with database.shop_session(shop_id) as session:
        receipt = keep(session, topic, now=now, triggered_at=triggered_at, external_id=external_id)
        process_webhook(session, receipt, payload, now=now)


def keep(
    session: ShopSession,
    topic: str,
    *,
    now: datetime,
    triggered_at: datetime | None = None,
    external_id: str | None = None,
    body: bytes = b"{}",
    status: ReceiptStatus = ReceiptStatus.RECEIVED,
) -> WebhookReceipt:
    receipt = WebhookReceipt(
        id=new_id(),
        source=WebhookSource.SHOPIFY,
        external_id=external_id or f"webhook-{next(_ids)}",
        topic=topic,
        api_version="2026-10",
        body_encrypted=session.vault.encrypt(body),
        status=status,
        triggered_at=triggered_at or now,
        received_at=now,
    )
    session.add(receipt)
    session.flush()
    return receipt


def order_and_parcel(
    database: Database, shop_id: uuid.UUID, *, now: datetime, order: Payload, parcel: Payload
) -> None:
    at = now - timedelta(minutes=10)
    process(database, shop_id, "orders/create", order, now=now, triggered_at=at)
    process(database, shop_id, "fulfillments/create", parcel, now=now)


def bodies(database: Database, shop_id: uuid.UUID) -> list[str]:
    with database.shop_session(shop_id) as session:
        return list(session.scalars(select(Message.body).order_by(Message.id)))


def outcomes(
    database: Database, shop_id: uuid.UUID, *, parcel: int | None = None
) -> dict[Milestone, MilestoneOutcome]:
    with database.shop_session(shop_id) as session:
        rows: Sequence[ShipmentMilestone] = session.scalars(select(ShipmentMilestone)).all()
        return {
            row.milestone: row.outcome
            for row in rows
            if parcel is None or row.shopify_fulfillment_id == parcel
        }


def the_order(database: Database, shop_id: uuid.UUID) -> Order:
    with database.shop_session(shop_id) as session:
        return session.scalars(select(Order)).one()
