"""Pictures and files of texts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.migrations.walls import wall_off

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column(
        "messages",
        sa.Column("media_count", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
    )
    op.create_table(
        "media",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "stored",
                "refused",
                "failed",
                "deleted",
                name="mediastate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("problem", sa.String(length=40), nullable=True),
        sa.Column("carrier_url_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("shop_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shop_id", "message_id"],
            ["messages.shop_id", "messages.id"],
            name=op.f("fk_media_shop_id_message_id"),
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shops.id"], name=op.f("fk_media_shop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media")),
        sa.UniqueConstraint(
            "shop_id",
            "message_id",
            "position",
            name=op.f("uq_media_shop_id_message_id_position"),
        ),
    )
    # Pictures are compressed already: trying again costs time at every write and gains nothing.
    op.execute("ALTER TABLE media ALTER COLUMN content SET STORAGE EXTERNAL")
    wall_off("media")
