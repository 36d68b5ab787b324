"""The functions behind models/across_shops.py: they see all shops and answer with ids only.

What is due follows the application's clock (`_now`); leases run on the database's, because they
guard against processes that died, not against time that was moved.
"""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"

# Name, arguments, result, body.
FUNCTIONS = (
    ("find_shop", "_domain text", "uuid", "SELECT id FROM shops WHERE domain = _domain"),
    ("find_shop_of_sender", "_id uuid", "uuid", "SELECT shop_id FROM senders WHERE id = _id"),
    (
        "find_carrier_account",
        "_key text",
        "TABLE (shop_id uuid, id uuid)",
        "SELECT a.shop_id, a.id FROM carrier_accounts a WHERE a.account_key = _key",
    ),
    (
        "all_shop_ids",
        "",
        "TABLE (id uuid)",
        "SELECT s.id FROM shops s WHERE s.status <> 'erased'",
    ),
    (
        "claim_outbox",
        "_kind text, _limit int, _lease double precision, _token uuid, _now timestamptz",
        "TABLE (shop_id uuid, id uuid)",
        """
        UPDATE outbox o
        SET claimed_until = clock_timestamp() + make_interval(secs => _lease),
            claim_token = _token
        WHERE o.id IN (
            SELECT d.id FROM outbox d
            WHERE d.kind = _kind AND d.done_at IS NULL AND d.gave_up_at IS NULL
              AND d.run_after <= _now
              AND (d.claimed_until IS NULL OR d.claimed_until < clock_timestamp())
            ORDER BY d.run_after, d.id
            LIMIT _limit
            FOR UPDATE SKIP LOCKED
        )
        RETURNING o.shop_id, o.id
        """,
    ),
    (
        "due_outbox_kinds",
        "_now timestamptz",
        "TABLE (kind text)",
        """
        SELECT DISTINCT o.kind::text FROM outbox o
        WHERE o.done_at IS NULL AND o.gave_up_at IS NULL AND o.run_after <= _now
          AND (o.claimed_until IS NULL OR o.claimed_until < clock_timestamp())
        """,
    ),
    (
        "senders_with_due_texts",
        "_now timestamptz",
        "TABLE (shop_id uuid, id uuid)",
        """
        SELECT DISTINCT m.shop_id, m.sender_id FROM messages m
        WHERE m.status = 'queued' AND m.send_after <= _now AND m.sender_id IS NOT NULL
        """,
    ),
    (
        "senders_with_unsettled_texts",
        "_stale timestamptz",
        "TABLE (shop_id uuid, id uuid)",
        """
        SELECT DISTINCT m.shop_id, m.sender_id FROM messages m
        WHERE (m.status = 'unknown' OR (m.status = 'sending' AND m.attempted_at < _stale))
          AND m.sender_id IS NOT NULL
        """,
    ),
    (
        "delete_old_webhook_bodies",
        "_before timestamptz",
        "bigint",
        """
        WITH emptied AS (
            UPDATE webhook_receipts r SET body_encrypted = NULL
            WHERE r.body_encrypted IS NOT NULL AND r.status = 'processed'
              AND r.processed_at < _before
            RETURNING 1
        )
        SELECT count(*) FROM emptied
        """,
    ),
)


def upgrade() -> None:
    for name, arguments, result, body in FUNCTIONS:
        # The search path is fixed: a definer's function must not find a caller's tables.
        op.execute(
            f"CREATE FUNCTION {name}({arguments}) RETURNS {result} LANGUAGE sql SECURITY DEFINER "
            f"SET search_path = pg_catalog, public, pg_temp AS $$ {body} $$"
        )
        op.execute(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {name} TO parley_app")
