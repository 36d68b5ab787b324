"""What every table shares: typed columns, time that knows its zone, and a shop."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    MetaData,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column
from sqlalchemy.types import TypeDecorator
from uuid_utils.compat import uuid7


class UtcDateTime(TypeDecorator[datetime]):
    """A moment. Naive values are refused: what they mean depends on the machine they meet."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: say in which zone it is")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)


def text_enum(values: type[StrEnum], name: str | None = None) -> Enum:
    """Store an enum as its text with a CHECK: a native type cannot lose a value again."""
    return Enum(
        values,
        native_enum=False,
        create_constraint=True,
        length=40,
        values_callable=lambda enum: [member.value for member in enum],
        name=name or values.__name__.lower(),
    )


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime,
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
        int: BigInteger,
    }


def new_id() -> uuid.UUID:
    """Make an id whose order is the order of making, which keeps indexes compact."""
    return uuid7()


class Tenant:
    """A row that belongs to one shop: the mark that the tenancy guard looks for."""

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)

    @declared_attr
    def shop_id(cls) -> Mapped[uuid.UUID]:  # noqa: N805 - SQLAlchemy passes the class
        return mapped_column(ForeignKey("shops.id"), nullable=False)


def unique_in_shop(*columns: str) -> UniqueConstraint:
    return UniqueConstraint("shop_id", *columns)


def trigrams(name: str, expression: str) -> Index:
    """An index that finds letters anywhere in `expression`.

    What was written since its last tidying is read one by one at each search: 256 KB and no more.
    """
    return Index(
        name,
        text(f"({expression}) gin_trgm_ops"),
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": 256},
    )


def belongs_to(table: str, column: str) -> ForeignKeyConstraint:
    """A reference that cannot leave the shop: the key holds the shop on both sides."""
    return ForeignKeyConstraint(["shop_id", column], [f"{table}.shop_id", f"{table}.id"])
