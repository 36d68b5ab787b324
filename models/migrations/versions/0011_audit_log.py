"""Who saw what; numbers that are no longer in use; and what Home and Contacts read by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.migrations.walls import CURRENT_SHOP, wall_off

revision = "0011"
down_revision = "0010"

# As find_conversations, and for the same reason: it looks past the policy, with the policy's shop.
# More than `_most` are everywhere: then it answers NULL, and the newest are walked through instead.
FIND_CONTACTS = f"""
CREATE FUNCTION find_contacts(_text text, _digits text, _most int) RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    _shop constant uuid := {CURRENT_SHOP};
    _found uuid[];
BEGIN
    SELECT array_agg(found.id) INTO _found FROM (
        (SELECT c.id FROM contacts c
         WHERE c.shop_id = _shop
           AND lower(COALESCE(c.first_name, '') || ' ' || COALESCE(c.last_name, '')) LIKE _text
         LIMIT _most + 1)
        UNION
        (SELECT c.id FROM contacts c WHERE c.shop_id = _shop AND c.phone LIKE _digits
         LIMIT _most + 1)
    ) AS found;
    RETURN CASE WHEN cardinality(_found) > _most THEN NULL ELSE COALESCE(_found, '{{}}') END;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "audit_log",
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staff_id", sa.String(length=64), nullable=False),
        sa.Column(
            "action",
            sa.Enum(
                "saw_profile",
                "exported_profile",
                "connected_number",
                "disconnected_number",
                "changed_shipping_text",
                "named_staff",
                name="auditaction",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_audit_log_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
    )
    op.create_index("ix_audit_log_subject", "audit_log", ["shop_id", "subject_id", "happened_at"])
    wall_off("audit_log")
    op.execute("REVOKE UPDATE, DELETE ON audit_log FROM parley_app")
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_log "
        "FOR EACH ROW EXECUTE FUNCTION refuse_changes()"
    )
    op.add_column("senders", sa.Column("disconnected_at", sa.DateTime(timezone=True)))
    # Today's texts, without reading those of all days.
    op.create_index("ix_messages_queued", "messages", ["shop_id", "queued_at"])
    # The last time that Shopify or the carrier called.
    op.create_index(
        "ix_webhook_receipts_last", "webhook_receipts", ["shop_id", "source", "received_at"]
    )
    # A person's orders.
    op.create_index("ix_orders_contact", "orders", ["shop_id", "contact_id", "placed_at"])
    op.execute(FIND_CONTACTS)
    op.execute("REVOKE ALL ON FUNCTION find_contacts FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION find_contacts TO parley_app")
