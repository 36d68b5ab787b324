"""Texts and the gate's decisions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "messages",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("sender_id", sa.Uuid(), nullable=True),
        sa.Column(
            "direction",
            sa.Enum(
                "inbound",
                "outbound",
                name="direction",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "author",
            sa.Enum(
                "shopper",
                "automation",
                "staff",
                name="author",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "purpose",
            sa.Enum(
                "marketing",
                "transactional",
                "conversational_reply",
                "optin_confirm",
                "optout_confirm",
                "help_reply",
                "crisis_reply",
                name="purpose",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("lane", sa.BigInteger(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "queued",
                "sending",
                "unknown",
                "accepted",
                "sent",
                "delivered",
                "undelivered",
                "failed",
                "read",
                "cancelled",
                "blocked",
                "expired",
                "received",
                name="messagestatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("encoding", sa.String(length=8), nullable=True),
        sa.Column("segments", sa.BigInteger(), nullable=True),
        sa.Column("dedupe_key", sa.String(length=255), nullable=False),
        sa.Column("carrier", sa.String(length=20), nullable=False),
        sa.Column("carrier_id", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.String(length=60), nullable=True),
        sa.Column("error_code", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("resends", sa.BigInteger(), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("send_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("send_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("missing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "direction = 'inbound' OR purpose IS NOT NULL",
            name=op.f("ck_messages_outbound_needs_a_purpose"),
        ),
        sa.ForeignKeyConstraint(
            ["shop_id", "contact_id"],
            ["contacts.shop_id", "contacts.id"],
            name=op.f("fk_messages_shop_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(
            ["shop_id", "conversation_id"],
            ["conversations.shop_id", "conversations.id"],
            name=op.f("fk_messages_shop_id_conversation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["shop_id", "sender_id"],
            ["senders.shop_id", "senders.id"],
            name=op.f("fk_messages_shop_id_sender_id"),
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_messages_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint(
            "shop_id", "carrier", "carrier_id", name=op.f("uq_messages_shop_id_carrier_carrier_id")
        ),
        sa.UniqueConstraint("shop_id", "dedupe_key", name=op.f("uq_messages_shop_id_dedupe_key")),
        sa.UniqueConstraint("shop_id", "id", name=op.f("uq_messages_shop_id_id")),
    )
    op.create_index(
        "ix_messages_contact", "messages", ["shop_id", "contact_id", "id"], unique=False
    )
    op.create_index(
        "ix_messages_due",
        "messages",
        ["sender_id", "lane", "send_after", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'queued'"),
    )
    op.create_index(
        "ix_messages_thread", "messages", ["shop_id", "conversation_id", "id"], unique=False
    )
    op.create_index(
        "ix_messages_unsettled",
        "messages",
        ["sender_id", "attempted_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('sending', 'unknown')"),
    )
    op.create_table(
        "gate_decisions",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stage", sa.String(length=10), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("inputs", postgresql.JSONB(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id", "message_id"],
            ["messages.shop_id", "messages.id"],
            name=op.f("fk_gate_decisions_shop_id_message_id"),
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_gate_decisions_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gate_decisions")),
    )
    op.create_index(
        "ix_gate_decisions_message", "gate_decisions", ["shop_id", "message_id", "id"], unique=False
    )
