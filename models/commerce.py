"""Snapshots of what Shopify told us. They move forward in time only.

`shopify_updated_at` is Shopify's own stamp of the state and `triggered_at` the webhook's: together
they order two states of the same thing, whatever the order in which they arrived.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Tenant, belongs_to, text_enum, trigrams, unique_in_shop
from models.enums import Milestone, MilestoneOutcome


class Order(Tenant, Base):
    __tablename__ = "orders"
    __table_args__ = (
        unique_in_shop("id"),
        unique_in_shop("shopify_id"),
        belongs_to("contacts", "contact_id"),
        Index("ix_orders_customer", "shop_id", "customer_id"),
        Index("ix_orders_contact", "shop_id", "contact_id", "placed_at"),
        trigrams("ix_orders_search_name", "lower(name)"),
    )

    shopify_id: Mapped[int] = mapped_column(BigInteger)
    contact_id: Mapped[uuid.UUID | None]
    customer_id: Mapped[int | None] = mapped_column(BigInteger)
    name: Mapped[str]
    phone: Mapped[str | None] = mapped_column(String(20))
    phone_problem: Mapped[str | None] = mapped_column(String(40))
    first_name: Mapped[str | None]
    locale: Mapped[str | None] = mapped_column(String(35))
    checkout_token: Mapped[str | None] = mapped_column(String(255))
    cart_token: Mapped[str | None] = mapped_column(String(255))
    currency: Mapped[str | None] = mapped_column(String(3))
    total_minor: Mapped[int | None] = mapped_column(BigInteger)
    financial_status: Mapped[str | None] = mapped_column(String(40))
    fulfillment_status: Mapped[str | None] = mapped_column(String(40))
    order_status_url: Mapped[str | None]
    line_items: Mapped[list[Any]]
    is_test: Mapped[bool]
    placed_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]
    shopify_updated_at: Mapped[datetime]
    triggered_at: Mapped[datetime]
    # From then on nothing more is taken in: a late webhook must not bring the person back.
    redacted_at: Mapped[datetime | None]


class Fulfillment(Tenant, Base):
    """One parcel. Its order may become known later: webhooks keep no order among themselves."""

    __tablename__ = "fulfillments"
    __table_args__ = (
        unique_in_shop("id"),
        unique_in_shop("shopify_id"),
        Index("ix_fulfillments_order", "shop_id", "shopify_order_id"),
    )

    shopify_id: Mapped[int] = mapped_column(BigInteger)
    shopify_order_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str | None]
    status: Mapped[str | None] = mapped_column(String(40))
    shipment_status: Mapped[str | None] = mapped_column(String(40))
    tracking_company: Mapped[str | None]
    tracking_numbers: Mapped[list[Any]]
    tracking_urls: Mapped[list[Any]]
    line_items: Mapped[list[Any]]
    created_at: Mapped[datetime]
    shopify_updated_at: Mapped[datetime]
    triggered_at: Mapped[datetime]


class FulfillmentEvent(Tenant, Base):
    """One scan of a parcel."""

    __tablename__ = "fulfillment_events"
    __table_args__ = (
        unique_in_shop("shopify_id"),
        Index("ix_fulfillment_events_fulfillment", "shop_id", "shopify_fulfillment_id"),
    )

    shopify_id: Mapped[int] = mapped_column(BigInteger)
    shopify_fulfillment_id: Mapped[int] = mapped_column(BigInteger)
    shopify_order_id: Mapped[int | None] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(40))
    message: Mapped[str | None]
    happened_at: Mapped[datetime]


class ShipmentMilestone(Tenant, Base):
    """What became of one milestone of one shipment: a text, or the reason why there is none."""

    __tablename__ = "shipment_milestones"
    __table_args__ = (
        unique_in_shop("shopify_fulfillment_id", "milestone"),
        belongs_to("messages", "message_id"),
    )

    shopify_fulfillment_id: Mapped[int] = mapped_column(BigInteger)
    milestone: Mapped[Milestone] = mapped_column(text_enum(Milestone))
    happened_at: Mapped[datetime]
    outcome: Mapped[MilestoneOutcome] = mapped_column(text_enum(MilestoneOutcome))
    message_id: Mapped[uuid.UUID | None]
    decided_at: Mapped[datetime]
