"""Every table keeps a shop's rows together, and away from every other shop's."""

from __future__ import annotations

import pytest
from sqlalchemy import ForeignKeyConstraint, Table, UniqueConstraint
from sqlalchemy.engine import make_url

from models import Base
from models.base import Tenant, UtcDateTime

TENANT_TABLES = {
    str(mapper.class_.__tablename__)
    for mapper in Base.registry.mappers
    if issubclass(mapper.class_, Tenant) and issubclass(mapper.class_, Base)
}
POSTGRESQL = make_url("postgresql+psycopg://").get_dialect()()
TABLES = {table.name: table for table in Base.metadata.sorted_tables}

# `shops` is the shop; a heartbeat is a process's, which serves all of them.
BELONG_TO_NO_SHOP = {"shops", "heartbeats"}
ACROSS_SHOPS = {
    # It stands in the webhook's address, before any shop is known.
    ("carrier_accounts", ("account_key",)),
    # An inbound text must never find two owners.
    ("senders", ("number",)),
    # A delivery replayed under another shop's name is a duplicate.
    ("webhook_receipts", ("source", "external_id")),
}


def test_only_shops_and_heartbeats_belong_to_no_shop() -> None:
    assert set(TABLES) - TENANT_TABLES == BELONG_TO_NO_SHOP


@pytest.mark.parametrize("name", sorted(TENANT_TABLES))
def test_unique_keys_begin_with_the_shop(name: str) -> None:
    table = TABLES[name]
    keys = {tuple(column.name for column in key.columns) for key in _unique_keys(table)}
    keys |= {tuple(c.name for c in index.columns) for index in table.indexes if index.unique}
    keys |= {(column.name,) for column in table.columns if column.unique}
    strangers = {key for key in keys if key[0] != "shop_id"}
    assert strangers == {key for of, key in ACROSS_SHOPS if of == name}


@pytest.mark.parametrize("name", sorted(TENANT_TABLES))
def test_references_hold_the_shop_on_both_sides(name: str) -> None:
    for key in TABLES[name].foreign_key_constraints:
        assert isinstance(key, ForeignKeyConstraint)
        columns = [element.parent.name for element in key.elements]
        targets = [element.column.name for element in key.elements]
        if key.referred_table.name == "shops":
            assert columns == ["shop_id"]
        else:
            assert columns[0] == targets[0] == "shop_id", key.name
            assert len(columns) == 2, key.name


@pytest.mark.parametrize("name", sorted(TENANT_TABLES))
def test_the_shop_is_never_missing(name: str) -> None:
    assert not TABLES[name].columns["shop_id"].nullable


@pytest.mark.parametrize("name", sorted(TABLES))
def test_times_know_their_zone_and_money_is_whole(name: str) -> None:
    for column in TABLES[name].columns:
        kind = column.type.compile(dialect=POSTGRESQL)
        assert not kind.startswith(("FLOAT", "DOUBLE", "REAL", "MONEY")), column
        if kind.startswith("TIMESTAMP"):
            assert isinstance(column.type, UtcDateTime), column
            assert kind == "TIMESTAMP WITH TIME ZONE", column


def _unique_keys(table: Table) -> list[UniqueConstraint]:
    return [each for each in table.constraints if isinstance(each, UniqueConstraint)]
