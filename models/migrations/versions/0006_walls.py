"""The database's own walls: row-level security, an append-only ledger, no sending without consent.

The login role owns the tables and migrates; every transaction of the application steps down to
`parley_app`, which owns nothing and therefore cannot go around a policy.
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"

TENANT_TABLES = (
    "carrier_accounts",
    "senders",
    "shipping_texts",
    "privacy_requests",
    "wordings",
    "consent_events",
    "consent_evidence",
    "suppressions",
    "contacts",
    "conversations",
    "messages",
    "gate_decisions",
    "orders",
    "fulfillments",
    "fulfillment_events",
    "shipment_milestones",
    "webhook_receipts",
    "outbox",
)
APPEND_ONLY = ("consent_events", "gate_decisions", "wordings")

# Two databases of one cluster may migrate at once; a role belongs to the cluster.
MAKE_ROLE = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'parley_app') THEN
        CREATE ROLE parley_app NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$
"""
# Whoever may step down to the role already needs no grant; since PostgreSQL 16 the role's creator
# may administer it without being able to step down.
JOIN_ROLE = """
DO $$
BEGIN
    SET LOCAL ROLE parley_app;
    RESET ROLE;
EXCEPTION WHEN insufficient_privilege THEN
    EXECUTE format('GRANT parley_app TO %I', session_user);
END $$
"""

# It reads back as '' after a commit, hence the NULLIF: no shop is then nobody's shop.
CURRENT_SHOP = "NULLIF(current_setting('app.shop_id', true), '')::uuid"

REFUSE_CHANGES = """
CREATE FUNCTION refuse_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$
"""

# The gate decides; this is the wall behind it. A bug in the gate, or a hand in the database, still
# cannot start a marketing or order text to a number with no live consent or with a suppression.
REFUSE_SENDING = """
CREATE FUNCTION refuse_sending_without_permission() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM contacts c
        WHERE c.shop_id = NEW.shop_id AND c.id = NEW.contact_id
          AND 'granted' = CASE NEW.purpose
              WHEN 'marketing' THEN c.marketing ELSE c.transactional END
          AND NOT EXISTS (
              SELECT FROM suppressions s
              WHERE s.shop_id = c.shop_id AND s.phone_hash = c.phone_hash AND s.scope = NEW.purpose
          )
    ) THEN
        RAISE EXCEPTION 'text % may not be sent: no live % consent', NEW.id, NEW.purpose
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    op.execute(MAKE_ROLE)
    op.execute(JOIN_ROLE)
    op.execute("GRANT USAGE ON SCHEMA public TO parley_app")
    for table in (*TENANT_TABLES, "shops", "heartbeats"):
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO parley_app")
    for table in TENANT_TABLES:
        _wall_off(table, "shop_id")
    _wall_off("shops", "id")
    op.execute(REFUSE_CHANGES)
    for table in APPEND_ONLY:
        op.execute(f"REVOKE UPDATE, DELETE ON {table} FROM parley_app")
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_changes()"
        )
    op.execute(REFUSE_SENDING)
    op.execute(
        "CREATE TRIGGER permission_to_send BEFORE INSERT OR UPDATE OF status ON messages "
        "FOR EACH ROW WHEN (NEW.status = 'sending' "
        "AND NEW.purpose IN ('marketing', 'transactional')) "
        "EXECUTE FUNCTION refuse_sending_without_permission()"
    )


def _wall_off(table: str, column: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_shop ON {table} TO parley_app "
        f"USING ({column} = {CURRENT_SHOP}) WITH CHECK ({column} = {CURRENT_SHOP})"
    )
