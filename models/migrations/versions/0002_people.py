"""Contacts, the consent ledger, suppressions and conversations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "wordings",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_wordings_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wordings")),
        sa.UniqueConstraint("shop_id", "id", name=op.f("uq_wordings_shop_id_id")),
        sa.UniqueConstraint(
            "shop_id",
            "name",
            "locale",
            "sha256",
            name=op.f("uq_wordings_shop_id_name_locale_sha256"),
        ),
    )
    op.create_table(
        "consent_events",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("phone_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column(
            "scope",
            sa.Enum(
                "marketing",
                "transactional",
                name="scope",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "kind",
            sa.Enum(
                "granted",
                "pending",
                "confirmed",
                "revoked",
                "scope_change",
                "imported",
                "reassigned",
                "redacted",
                name="consentkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=False),
        sa.Column("method", sa.String(length=40), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("wording_id", sa.Uuid(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("commitment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id", "wording_id"],
            ["wordings.shop_id", "wordings.id"],
            name=op.f("fk_consent_events_shop_id_wording_id"),
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_consent_events_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_events")),
        sa.UniqueConstraint("shop_id", "id", name=op.f("uq_consent_events_shop_id_id")),
        sa.UniqueConstraint(
            "shop_id",
            "source",
            "external_id",
            "scope",
            name=op.f("uq_consent_events_shop_id_source_external_id_scope"),
        ),
    )
    op.create_index(
        "ix_consent_events_contact",
        "consent_events",
        ["shop_id", "contact_id", "scope"],
        unique=False,
    )
    op.create_table(
        "consent_evidence",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.Column("evidence_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id", "event_id"],
            ["consent_events.shop_id", "consent_events.id"],
            name=op.f("fk_consent_evidence_shop_id_event_id"),
        ),
        sa.ForeignKeyConstraint(
            ["shop_id"], ["shops.id"], name=op.f("fk_consent_evidence_shop_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_evidence")),
        sa.UniqueConstraint(
            "shop_id", "event_id", name=op.f("uq_consent_evidence_shop_id_event_id")
        ),
    )
    op.create_table(
        "suppressions",
        sa.Column("phone_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("hash_key_id", sa.String(length=16), nullable=False),
        sa.Column(
            "scope",
            sa.Enum(
                "marketing",
                "transactional",
                name="scope",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id", "event_id"],
            ["consent_events.shop_id", "consent_events.id"],
            name=op.f("fk_suppressions_shop_id_event_id"),
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_suppressions_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppressions")),
        sa.UniqueConstraint(
            "shop_id", "phone_hash", "scope", name=op.f("uq_suppressions_shop_id_phone_hash_scope")
        ),
    )
    op.create_table(
        "contacts",
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("phone_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("first_name", sa.String(), nullable=True),
        sa.Column("last_name", sa.String(), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column(
            "marketing",
            sa.Enum(
                "none",
                "pending",
                "granted",
                "revoked",
                name="marketing",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("marketing_event_id", sa.Uuid(), nullable=True),
        sa.Column(
            "transactional",
            sa.Enum(
                "none",
                "pending",
                "granted",
                "revoked",
                name="transactional",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("transactional_event_id", sa.Uuid(), nullable=True),
        sa.Column("unreachable_reason", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("redacted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "marketing <> 'granted' OR marketing_event_id IS NOT NULL",
            name=op.f("ck_contacts_marketing_needs_an_event"),
        ),
        sa.CheckConstraint(
            "transactional <> 'granted' OR transactional_event_id IS NOT NULL",
            name=op.f("ck_contacts_transactional_needs_an_event"),
        ),
        sa.ForeignKeyConstraint(
            ["shop_id", "marketing_event_id"],
            ["consent_events.shop_id", "consent_events.id"],
            name=op.f("fk_contacts_shop_id_marketing_event_id"),
        ),
        sa.ForeignKeyConstraint(
            ["shop_id", "transactional_event_id"],
            ["consent_events.shop_id", "consent_events.id"],
            name=op.f("fk_contacts_shop_id_transactional_event_id"),
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_contacts_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
        sa.UniqueConstraint("shop_id", "id", name=op.f("uq_contacts_shop_id_id")),
        sa.UniqueConstraint("shop_id", "phone", name=op.f("uq_contacts_shop_id_phone")),
    )
    op.create_table(
        "conversations",
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "open",
                "snoozed",
                "closed",
                name="conversationstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("unread", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_inbound_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_outbound_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id", "contact_id"],
            ["contacts.shop_id", "contacts.id"],
            name=op.f("fk_conversations_shop_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_conversations_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
        sa.UniqueConstraint(
            "shop_id", "contact_id", name=op.f("uq_conversations_shop_id_contact_id")
        ),
        sa.UniqueConstraint("shop_id", "id", name=op.f("uq_conversations_shop_id_id")),
    )
