"""Tokens for the Admin API, and the staff who open Parley."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.migrations.walls import add_function_across_shops, wall_off

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "shop_tokens",
        _enum(
            "granted_by", "tokengrant", "token_exchange", "authorization_code", "client_credentials"
        ),
        _enum("state", "tokenstate", "none", "fresh", "needs_reauth", "refused"),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("access_token_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("refresh_token_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refresh_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("obtained_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withheld", sa.String(), nullable=True),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state_used", sa.DateTime(timezone=True), nullable=True),
        *_tenant("shop_tokens"),
        sa.UniqueConstraint("shop_id", name=op.f("uq_shop_tokens_shop_id")),
    )
    op.create_index(
        "ix_shop_tokens_idle",
        "shop_tokens",
        ["obtained_at"],
        postgresql_where=sa.text("state = 'fresh'"),
    )
    op.create_table(
        "users",
        sa.Column("staff_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("locale", sa.String(length=20), nullable=True),
        sa.Column("account_owner", sa.Boolean(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        *_tenant("users"),
        sa.UniqueConstraint("shop_id", "staff_id", name=op.f("uq_users_shop_id_staff_id")),
    )
    wall_off("shop_tokens", "users")
    add_function_across_shops(
        "shops_with_idle_tokens",
        "_before timestamptz",
        "TABLE (id uuid)",
        """
        SELECT t.shop_id FROM shop_tokens t JOIN shops s ON s.id = t.shop_id
        WHERE t.state = 'fresh' AND t.obtained_at < _before
          AND t.refresh_token_encrypted IS NOT NULL AND s.status = 'installed'
        """,
    )


def _enum(column: str, name: str, *values: str) -> sa.Column[str]:
    kind = sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)
    return sa.Column(column, kind, nullable=False)


def _tenant(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f(f"fk_{table}_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("shop_id", "id", name=op.f(f"uq_{table}_shop_id_id")),
    )
