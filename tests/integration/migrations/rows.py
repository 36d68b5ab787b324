"""One row for every table, made from what the database itself says of its columns.

So a table or column that a migration adds is covered without a line here. Where a value must be a
certain one to make sense, or to pass a check that names no list, it stands in `SPECIAL`.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, Connection, MetaData, Table, inspect
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

Rows = dict[str, dict[str, Any]]

# "table.column": a value that fits.
SPECIAL: Mapping[str, Any] = {
    "contacts.phone": "+14155550101",
    "messages.direction": "inbound",
}
_ALLOWED = re.compile(r"\(?(\w+)\)?(?:::\w+)? = ANY .*?'([^']*)'")
_MOMENT = datetime(2026, 11, 1, 12, tzinfo=UTC)


def fill(connection: Connection) -> Rows:
    """Insert one row into every table, every column filled, and return what was inserted."""
    metadata = MetaData()
    metadata.reflect(connection)
    rows: Rows = {}
    for table in metadata.sorted_tables:
        if table.name != "alembic_version":
            rows[table.name] = _row(connection, table, rows)
            connection.execute(table.insert().values(rows[table.name]))
    return rows


def read_back(connection: Connection, rows: Rows) -> Rows:
    """Read the same rows, and of each the columns that are still there."""
    metadata = MetaData()
    metadata.reflect(connection)
    found: Rows = {}
    for name, row in rows.items():
        if name not in metadata.tables:
            continue
        table = metadata.tables[name]
        keys = [column == row[column.name] for column in table.primary_key]
        columns = [column for column in table.columns if column.name in row]
        line = connection.execute(table.select().with_only_columns(*columns).where(*keys)).first()
        if line is not None:
            found[name] = dict(line._mapping)
    return found


def _row(connection: Connection, table: Table, rows: Rows) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for key in table.foreign_key_constraints:
        for element in key.elements:
            row[element.parent.name] = rows[element.column.table.name][element.column.name]
    allowed = _allowed_values(connection, table.name)
    for column in table.columns:
        if column.computed is not None:
            continue
        special = SPECIAL.get(f"{table.name}.{column.name}")
        row.setdefault(column.name, special or allowed.get(column.name) or _value(column))
    return row


def _allowed_values(connection: Connection, table: str) -> dict[str, str]:
    checks = inspect(connection).get_check_constraints(table)
    found = (_ALLOWED.search(check["sqltext"]) for check in checks)
    return {match.group(1): match.group(2) for match in found if match}


def _value(column: Column[Any]) -> object:
    kind: TypeEngine[Any] = column.type
    if isinstance(kind, postgresql.JSONB):
        return {"kept": ["é", 1, None]}
    samples: dict[type, object] = {
        uuid.UUID: uuid.uuid5(uuid.NAMESPACE_OID, f"{column.table.name}.{column.name}"),
        str: "é" * min(getattr(kind, "length", None) or 9, 9),
        datetime: _MOMENT,
        int: 7,
        bool: True,
        Decimal: Decimal("1.50"),
        bytes: b"\x00\xff" * 16,
    }
    return samples[kind.python_type]
