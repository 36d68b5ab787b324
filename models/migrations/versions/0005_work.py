"""Webhook receipts and the outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "webhook_receipts",
        sa.Column(
            "source",
            sa.Enum(
                "shopify",
                "carrier_inbound",
                "carrier_status",
                name="webhooksource",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("external_id", sa.String(length=255), nullable=False),
        sa.Column("topic", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=True),
        sa.Column("api_version", sa.String(length=20), nullable=True),
        sa.Column("carrier_account_id", sa.Uuid(), nullable=True),
        sa.Column("body_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "received",
                "processed",
                "unusable",
                name="receiptstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("triggered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_webhook_receipts_shop_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_receipts")),
        sa.UniqueConstraint("shop_id", "id", name=op.f("uq_webhook_receipts_shop_id_id")),
        sa.UniqueConstraint(
            "source", "external_id", name=op.f("uq_webhook_receipts_source_external_id")
        ),
    )
    op.create_index(
        "ix_webhook_receipts_unusable",
        "webhook_receipts",
        ["shop_id", "received_at"],
        unique=False,
        postgresql_where=sa.text("status = 'unusable'"),
    )
    op.create_index(
        "ix_webhook_receipts_subject",
        "webhook_receipts",
        ["shop_id", "subject"],
        unique=False,
        postgresql_where=sa.text("body_encrypted IS NOT NULL"),
    )
    op.create_table(
        "outbox",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("receipt_id", sa.Uuid(), nullable=True),
        sa.Column("args", postgresql.JSONB(), nullable=False),
        sa.Column("run_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claim_token", sa.Uuid(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("gave_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id", "receipt_id"],
            ["webhook_receipts.shop_id", "webhook_receipts.id"],
            name=op.f("fk_outbox_shop_id_receipt_id"),
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_outbox_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["kind", "run_after", "id"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL"),
    )
