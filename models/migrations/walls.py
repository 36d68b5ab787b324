"""What a migration that adds a tenant's table or a function across shops must not forget."""

from __future__ import annotations

from alembic import op

# It reads back as '' after a commit, hence the NULLIF: no shop is then nobody's shop.
CURRENT_SHOP = "NULLIF(current_setting('app.shop_id', true), '')::uuid"


def wall_off(*tables: str) -> None:
    """Grant new tables to the application, each shop its own rows only."""
    for table in tables:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO parley_app")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY own_shop ON {table} TO parley_app "
            f"USING (shop_id = {CURRENT_SHOP}) WITH CHECK (shop_id = {CURRENT_SHOP})"
        )


def add_function_across_shops(name: str, arguments: str, result: str, body: str) -> None:
    """Add a SECURITY DEFINER function with an explicit predicate; it should answer with ids only.

    The search path is fixed: a definer's function must not find a caller's tables.
    """
    op.execute(
        f"CREATE FUNCTION {name}({arguments}) RETURNS {result} LANGUAGE sql SECURITY DEFINER "
        f"SET search_path = pg_catalog, public, pg_temp AS $$ {body} $$"
    )
    op.execute(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {name} TO parley_app")
