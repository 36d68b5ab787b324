"""The shared inbox: who has a conversation, what its tabs are sorted by, and how it is found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.migrations.walls import CURRENT_SHOP, wall_off

revision = "0009"
down_revision = "0008"

# Letters of a name in any place are found by their trigrams; a plain index could only serve the
# beginning. It comes with PostgreSQL and may be added by the owner of a database (13 and later).
ADD_TRIGRAMS = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm') THEN
        RETURN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm') THEN
        RAISE EXCEPTION 'Parley needs the PostgreSQL extension pg_trgm, which this server does not '
            'have. Install its contrib package (postgresql-contrib), then migrate again.';
    END IF;
    CREATE EXTENSION pg_trgm WITH SCHEMA public;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE EXCEPTION 'Parley needs the PostgreSQL extension pg_trgm, which this login may not add. '
        'Run "CREATE EXTENSION pg_trgm" as an administrator of the database, then migrate again.';
END $$
"""

NAME = "lower(COALESCE(first_name, '') || ' ' || COALESCE(last_name, ''))"
NAME_OF_C = "lower(COALESCE(c.first_name, '') || ' ' || COALESCE(c.last_name, ''))"
WAITING_KEY = "COALESCE(waiting_since, 'infinity'::timestamptz)"
# What was written since the last tidying is read one by one at each search: no more than this.
PENDING = "WITH (gin_pending_list_limit = 256)"

INDEXES = (
    ("ix_conversations_all", "conversations (shop_id, last_at, id)"),
    ("ix_conversations_open", "conversations (shop_id, last_at, id) WHERE status = 'open'"),
    (
        "ix_conversations_waiting",
        (f"conversations (shop_id, {WAITING_KEY}, id) WHERE status = 'open'"),
    ),
    ("ix_conversations_unread", "conversations (shop_id, last_at, id) WHERE unread > 0"),
    (
        "ix_conversations_assigned",
        (
            "conversations (shop_id, assignee_id, last_at, id) "
            "WHERE status = 'open' AND assignee_id IS NOT NULL"
        ),
    ),
    (
        "ix_conversations_closed",
        (
            "conversations (shop_id, last_at, id) "
            "WHERE status = 'closed' AND last_inbound_at IS NOT NULL"
        ),
    ),
    ("ix_contacts_search_phone", f"contacts USING gin (phone gin_trgm_ops) {PENDING}"),
    ("ix_contacts_search_name", f"contacts USING gin (({NAME}) gin_trgm_ops) {PENDING}"),
    ("ix_orders_search_name", f"orders USING gin (lower(name) gin_trgm_ops) {PENDING}"),
)

# Under a policy a GIN index is not used for LIKE, which does not count as leakproof: hundreds of
# times slower. So the function looks past the policy, and takes the shop from where the policy
# takes it, not from its caller. Patterns are values: they are planned with, and never run as SQL.
#
# Up to `_few` people are sorted by when they were last heard of. More than that are everywhere,
# and then the newest conversations are looked through until there are enough.
FIND_CONVERSATIONS = f"""
CREATE FUNCTION find_conversations(_text text, _digits text, _order text, _limit int)
RETURNS TABLE (id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    _shop constant uuid := {CURRENT_SHOP};
    _few constant int := 2000;
    _people uuid[];
BEGIN
    SELECT array_agg(found.id) INTO _people FROM (
        (SELECT c.id FROM contacts c
         WHERE c.shop_id = _shop AND {NAME_OF_C} LIKE _text
         LIMIT _few + 1)
        UNION
        (SELECT c.id FROM contacts c WHERE c.shop_id = _shop AND c.phone LIKE _digits
         LIMIT _few + 1)
        UNION
        (SELECT o.contact_id FROM orders o
         WHERE o.shop_id = _shop AND lower(o.name) LIKE _order AND o.contact_id IS NOT NULL
         LIMIT _few + 1)
    ) AS found;
    IF COALESCE(cardinality(_people), 0) <= _few THEN
        RETURN QUERY
            SELECT v.id FROM conversations v
            WHERE v.shop_id = _shop AND v.contact_id = ANY (_people)
            ORDER BY v.last_at DESC, v.id DESC LIMIT _limit;
    ELSE
        RETURN QUERY
            SELECT v.id FROM conversations v
            WHERE v.shop_id = _shop AND EXISTS (
                SELECT FROM contacts c WHERE c.shop_id = _shop AND c.id = v.contact_id
                  AND ({NAME_OF_C} LIKE _text
                       OR c.phone LIKE _digits
                       OR EXISTS (SELECT FROM orders o WHERE o.shop_id = _shop
                                  AND o.contact_id = c.id AND lower(o.name) LIKE _order))
            )
            ORDER BY v.last_at DESC, v.id DESC LIMIT _limit;
    END IF;
END $$
"""

# What the views of the list hold, in the words of their partial indexes.
VIEWS = {
    "open": "status = 'open'",
    "waiting": f"status = 'open' AND {WAITING_KEY} < 'infinity'::timestamptz",
    "unread": "unread > 0",
    "mine": "status = 'open' AND assignee_id = _me",
    "closed": "status = 'closed' AND last_inbound_at IS NOT NULL",
    "all": "true",
}
SORTS = {"newest": "last_at DESC, id DESC", "waiting": f"{WAITING_KEY}, id"}
TOP = "".join(
    f"""
    WHEN '{view} {sort}' THEN
        SELECT string_agg(t.it, ',') INTO _rows FROM (
            SELECT id::text || version AS it FROM conversations
            WHERE shop_id = _shop AND {condition} ORDER BY {order} LIMIT 25
        ) AS t;"""
    for view, condition in VIEWS.items()
    for sort, order in SORTS.items()
)
COUNTS = ", ".join(
    "(SELECT count(*) FROM (SELECT FROM conversations "
    f"WHERE shop_id = _shop AND {VIEWS[view]} LIMIT 100) AS t)"
    for view in ("open", "waiting", "unread", "mine")
)

# Asked every second by every open screen. Written as one statement, planning it took three times
# as long as running it; a function's statements are planned once a connection. Policies hold in it.
LOOK_AT_INBOX = f"""
CREATE FUNCTION look_at_inbox(
    _top text, _me uuid, _conversation uuid, _since timestamptz, _texts int
)
RETURNS TABLE (list text, version bigint, texts text, people text, noted_at timestamptz)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    _shop constant uuid := {CURRENT_SHOP};
    _rows text;
BEGIN
    CASE _top {TOP}
    END CASE;
    list := md5(concat_ws('/', _rows, {COUNTS}));
    IF _conversation IS NOT NULL THEN
        version := (
            SELECT v.version FROM conversations v WHERE v.shop_id = _shop AND v.id = _conversation
        );
        -- A text's way to the carrier moves its status, but not always the conversation's version.
        texts := (
            SELECT md5(string_agg(t.it, ',')) FROM (
                SELECT m.id::text || m.status || COALESCE(m.reason, '') AS it FROM messages m
                WHERE m.shop_id = _shop AND m.conversation_id = _conversation
                ORDER BY m.id DESC LIMIT _texts
            ) AS t
        );
        SELECT md5(string_agg(p.user_id::text || (p.typing_at > _since), ',' ORDER BY p.user_id)
                   FILTER (WHERE p.user_id <> _me AND p.seen_at > _since)),
               max(p.seen_at) FILTER (WHERE p.user_id = _me)
        INTO people, noted_at
        FROM conversation_presence p
        WHERE p.shop_id = _shop AND p.conversation_id = _conversation;
    END IF;
    RETURN NEXT;
END $$
"""


def upgrade() -> None:
    op.execute(ADD_TRIGRAMS)
    op.add_column("conversations", sa.Column("assignee_id", sa.Uuid(), nullable=True))
    for column in ("first_replied_at", "closed_at"):
        op.add_column("conversations", sa.Column(column, sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "conversations",
        sa.Column("replies", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column(
        "conversations",
        sa.Column(
            "last_at",
            sa.DateTime(timezone=True),
            sa.Computed("GREATEST(last_inbound_at, last_outbound_at, created_at)", persisted=True),
            nullable=False,
        ),
    )
    op.add_column("messages", sa.Column("staff_id", sa.Uuid(), nullable=True))
    for table, column in (("conversations", "assignee_id"), ("messages", "staff_id")):
        op.create_foreign_key(
            f"fk_{table}_shop_id_{column}",
            table,
            "users",
            ["shop_id", column],
            ["shop_id", "id"],
        )
    _add_presence()
    for name, definition in INDEXES:
        op.execute(f"CREATE INDEX {name} ON {definition}")
    op.execute(FIND_CONVERSATIONS)
    op.execute(LOOK_AT_INBOX)
    for function in ("find_conversations", "look_at_inbox"):
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO parley_app")


def _add_presence() -> None:
    table = "conversation_presence"
    op.create_table(
        table,
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("typing_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f(f"fk_{table}_shop_id")),
        sa.ForeignKeyConstraint(
            ["shop_id", "conversation_id"],
            ["conversations.shop_id", "conversations.id"],
            name=op.f(f"fk_{table}_shop_id_conversation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["shop_id", "user_id"],
            ["users.shop_id", "users.id"],
            name=op.f(f"fk_{table}_shop_id_user_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint(
            "shop_id",
            "conversation_id",
            "user_id",
            name=op.f(f"uq_{table}_shop_id_conversation_id_user_id"),
        ),
        prefixes=["UNLOGGED"],
    )
    wall_off(table)
