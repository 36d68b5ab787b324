"""Snapshots of orders and shipments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "orders",
        sa.Column("shopify_id", sa.BigInteger(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("phone_problem", sa.String(length=40), nullable=True),
        sa.Column("first_name", sa.String(), nullable=True),
        sa.Column("locale", sa.String(length=35), nullable=True),
        sa.Column("checkout_token", sa.String(length=255), nullable=True),
        sa.Column("cart_token", sa.String(length=255), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("total_minor", sa.BigInteger(), nullable=True),
        sa.Column("financial_status", sa.String(length=40), nullable=True),
        sa.Column("fulfillment_status", sa.String(length=40), nullable=True),
        sa.Column("order_status_url", sa.String(), nullable=True),
        sa.Column("line_items", postgresql.JSONB(), nullable=False),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shopify_updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("triggered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("redacted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id", "contact_id"],
            ["contacts.shop_id", "contacts.id"],
            name=op.f("fk_orders_shop_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_orders_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("shop_id", "id", name=op.f("uq_orders_shop_id_id")),
        sa.UniqueConstraint("shop_id", "shopify_id", name=op.f("uq_orders_shop_id_shopify_id")),
    )
    op.create_index("ix_orders_customer", "orders", ["shop_id", "customer_id"], unique=False)
    op.create_table(
        "fulfillments",
        sa.Column("shopify_id", sa.BigInteger(), nullable=False),
        sa.Column("shopify_order_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=True),
        sa.Column("shipment_status", sa.String(length=40), nullable=True),
        sa.Column("tracking_company", sa.String(), nullable=True),
        sa.Column("tracking_numbers", postgresql.JSONB(), nullable=False),
        sa.Column("tracking_urls", postgresql.JSONB(), nullable=False),
        sa.Column("line_items", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shopify_updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("triggered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_fulfillments_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fulfillments")),
        sa.UniqueConstraint("shop_id", "id", name=op.f("uq_fulfillments_shop_id_id")),
        sa.UniqueConstraint(
            "shop_id", "shopify_id", name=op.f("uq_fulfillments_shop_id_shopify_id")
        ),
    )
    op.create_index(
        "ix_fulfillments_order", "fulfillments", ["shop_id", "shopify_order_id"], unique=False
    )
    op.create_table(
        "fulfillment_events",
        sa.Column("shopify_id", sa.BigInteger(), nullable=False),
        sa.Column("shopify_fulfillment_id", sa.BigInteger(), nullable=False),
        sa.Column("shopify_order_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("message", sa.String(), nullable=True),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_fulfillment_events_shop_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fulfillment_events")),
        sa.UniqueConstraint(
            "shop_id", "shopify_id", name=op.f("uq_fulfillment_events_shop_id_shopify_id")
        ),
    )
    op.create_index(
        "ix_fulfillment_events_fulfillment",
        "fulfillment_events",
        ["shop_id", "shopify_fulfillment_id"],
        unique=False,
    )
    op.create_table(
        "shipment_milestones",
        sa.Column("shopify_fulfillment_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "milestone",
            sa.Enum(
                "shipped",
                "out_for_delivery",
                "delivered",
                "attempted_delivery",
                "delayed",
                "failed",
                name="milestone",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "texted",
                "switched_off",
                "no_usable_phone",
                "no_sender",
                "stale",
                "before_install",
                "overtaken",
                "order_cancelled",
                "refused",
                name="milestoneoutcome",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id", "message_id"],
            ["messages.shop_id", "messages.id"],
            name=op.f("fk_shipment_milestones_shop_id_message_id"),
        ),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_shipment_milestones_shop_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipment_milestones")),
        sa.UniqueConstraint(
            "shop_id",
            "shopify_fulfillment_id",
            "milestone",
            name=op.f("uq_shipment_milestones_shop_id_shopify_fulfillment_id_milestone"),
        ),
    )
