"""Whatever revision a deployment comes from, its rows are all there at the newest one."""

from __future__ import annotations

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from models import Base
from tests.conftest import migrate
from tests.integration.migrations.rows import fill, read_back

# "table.column" or "table" that a migration took away on purpose, and why that loses nothing.
TAKEN_AWAY: dict[str, str] = {}


def revisions() -> list[str]:
    scripts = ScriptDirectory.from_config(Config("alembic.ini"))
    return [script.revision for script in scripts.walk_revisions()][::-1]


@pytest.mark.parametrize("revision", revisions())
def test_nothing_is_lost_on_the_way_up(empty_database_url: str, revision: str) -> None:
    migrate(empty_database_url, revision)
    engine = create_engine(empty_database_url)
    with engine.begin() as connection:
        rows = fill(connection)
    migrate(empty_database_url)
    with engine.connect() as connection:
        found = read_back(connection, rows)
    engine.dispose()
    for table, row in rows.items():
        if table not in TAKEN_AWAY:
            kept = {name: row[name] for name in row if f"{table}.{name}" not in TAKEN_AWAY}
            assert found[table] == kept


def test_at_the_newest_revision_every_table_of_the_models_was_filled(
    empty_database_url: str,
) -> None:
    migrate(empty_database_url)
    engine = create_engine(empty_database_url)
    with engine.begin() as connection:
        rows = fill(connection)
    engine.dispose()
    assert set(rows) == {table.name for table in Base.metadata.sorted_tables}
    for table in Base.metadata.sorted_tables:
        made = {column.name for column in table.columns if column.computed is None}
        assert set(rows[table.name]) == made
