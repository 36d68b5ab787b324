"""Fulfilments and their scans into rows, each moving forward in time only."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import insert

from models import Fulfillment, FulfillmentEvent, ShopSession, new_id
from shopify.payloads import FulfillmentEventPayload, FulfillmentPayload


def store_fulfillment(
    session: ShopSession, payload: FulfillmentPayload, *, triggered_at: datetime
) -> None:
    """Store a parcel if this state of it is newer than the one we have.

    Its order may be unknown yet: webhooks keep no order among themselves.
    """
    values = {
        "shopify_order_id": payload.order_id,
        "name": payload.name,
        "status": payload.status,
        "shipment_status": payload.shipment_status,
        "tracking_company": payload.tracking_company,
        "tracking_numbers": payload.tracking_numbers,
        "tracking_urls": payload.tracking_urls,
        "line_items": [line.as_json() for line in payload.lines],
        "created_at": payload.created_at,
        "shopify_updated_at": payload.updated_at,
        "triggered_at": triggered_at,
    }
    stored = insert(Fulfillment).values(
        id=new_id(), shop_id=session.shop_id, shopify_id=payload.shopify_id, **values
    )
    stamps = tuple_(stored.excluded.shopify_updated_at, stored.excluded.triggered_at)
    session.execute(
        stored.on_conflict_do_update(
            index_elements=["shop_id", "shopify_id"],
            set_=values,
            where=stamps > tuple_(Fulfillment.shopify_updated_at, Fulfillment.triggered_at),
        )
    )


def store_scan(session: ShopSession, payload: FulfillmentEventPayload) -> None:
    """Store a scan once; it never changes."""
    session.execute(
        insert(FulfillmentEvent)
        .values(
            id=new_id(),
            shop_id=session.shop_id,
            shopify_id=payload.shopify_id,
            shopify_fulfillment_id=payload.fulfillment_id,
            shopify_order_id=payload.order_id,
            status=payload.status,
            message=payload.message,
            happened_at=payload.happened_at,
        )
        .on_conflict_do_nothing(index_elements=["shop_id", "shopify_id"])
    )


def order_id_of_parcel(session: ShopSession, fulfillment_id: int) -> int | None:
    return session.scalars(
        select(Fulfillment.shopify_order_id).where(Fulfillment.shopify_id == fulfillment_id)
    ).first()
