"""The migrations end where the models begin, for an owner as a host hands one out."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, create_engine, inspect, make_url, text
from sqlalchemy.exc import OperationalError

from local.postgres import Postgres
from models import Base, Database, Vault
from models.session import APP_ROLE, DatabaseError, refuse_what_cannot_be_served
from tests.conftest import migrate
from tests.integration.migrations.conftest import NewDatabase, plain

ROOT = Path(__file__).parents[3]


def test_there_is_one_head_and_one_beginning() -> None:
    scripts = ScriptDirectory.from_config(Config("alembic.ini"))
    assert len(scripts.get_heads()) == 1
    assert len(scripts.get_bases()) == 1


# Alembic cannot compare an index's expression; the name of each index is compared all the same.
@pytest.mark.filterwarnings("ignore:Expression #:UserWarning")
def test_up_from_empty_is_what_the_models_say(empty_database_url: str) -> None:
    migrate(empty_database_url)
    engine = create_engine(empty_database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        found = inspect(connection)
        for table in Base.metadata.sorted_tables:
            there = {check["name"] for check in found.get_check_constraints(table.name)}
            said = {str(c.name) for c in table.constraints if isinstance(c, CheckConstraint)}
            assert {name.removeprefix("ck_") for name in map(str, there)} == {
                name.removeprefix("ck_") for name in said
            }, table.name
    engine.dispose()


def test_every_tenant_table_is_walled_off_and_every_door_is_narrow(empty_database_url: str) -> None:
    migrate(empty_database_url)
    with psycopg.connect(plain(empty_database_url)) as connection:
        unwalled = connection.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = 'public' AND c.relkind = 'r' AND NOT (c.relrowsecurity AND EXISTS "
            "(SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polqual IS NOT NULL "
            "AND p.polwithcheck IS NOT NULL))"
        ).fetchall()
        assert {name for (name,) in unwalled} == {"alembic_version", "heartbeats"}
        definers = connection.execute(
            "SELECT p.proname, p.proconfig, has_function_privilege('public', p.oid, 'EXECUTE') "
            "FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
            "WHERE n.nspname = 'public' AND p.prosecdef"
        ).fetchall()
        assert definers
        for name, configured, anyone in definers:
            assert any(each.startswith("search_path=pg_catalog") for each in configured), name
            assert not anyone, name
        owned = connection.execute(
            "SELECT count(*) FROM pg_class WHERE relowner = %s::regrole", [APP_ROLE]
        ).fetchone()
        assert owned == (0,)


def test_the_owner_is_no_superuser_and_may_serve(
    server: Postgres, empty_database_url: str, vault: Vault
) -> None:
    with psycopg.connect(plain(server.url)) as connection:
        role = connection.execute(
            "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    assert role == (False, False)
    migrate(empty_database_url)
    database = Database(empty_database_url, vault=vault)
    refuse_what_cannot_be_served(database)
    database.dispose()


def test_an_owner_who_may_not_create_roles_joins_one_that_is_there(
    server: Postgres, empty_database_url: str
) -> None:
    migrate(empty_database_url)  # makes the role, which belongs to the cluster
    with server._connect() as connection:
        connection.execute("CREATE ROLE modest LOGIN PASSWORD 'modest' NOCREATEROLE")
        connection.execute(f"GRANT {APP_ROLE} TO modest".encode())
        connection.execute("CREATE DATABASE modest OWNER modest")
    url = make_url(server.url).set(username="modest", password="modest", database="modest")
    migrate(url.render_as_string(hide_password=False))
    with server._connect() as connection:
        connection.execute("DROP DATABASE modest WITH (FORCE)")
        connection.execute("DROP ROLE modest")


def test_a_database_that_was_not_migrated_is_one_sentence(
    new_database: NewDatabase, vault: Vault
) -> None:
    migrate(new_database())
    for url, said in (
        (new_database(), "run `alembic upgrade head`"),
        ("postgresql+psycopg://nobody:secret@127.0.0.1:1/nothing", "does not answer"),
    ):
        database = Database(url, vault=vault)
        with pytest.raises(DatabaseError, match=said) as refused:
            refuse_what_cannot_be_served(database)
        assert "\n" not in str(refused.value)
        assert "secret" not in str(refused.value)
        database.dispose()


def test_two_releases_that_start_at_once_migrate_once(empty_database_url: str) -> None:
    environment = {**os.environ, "DATABASE_URL": plain(empty_database_url)}
    command = [sys.executable, "-m", "alembic", "upgrade", "head"]
    both = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in both:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said


def test_a_migration_waits_for_nobodys_lock_for_long(empty_database_url: str) -> None:
    migrate(empty_database_url, "0005")
    with psycopg.connect(plain(empty_database_url)) as somebody:
        somebody.execute("LOCK TABLE shops IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        with pytest.raises(OperationalError, match="lock timeout"):
            migrate(empty_database_url)
        assert time.monotonic() - began < 10
    engine = create_engine(empty_database_url)
    with engine.connect() as connection:
        at = connection.scalar(text("SELECT version_num FROM alembic_version"))
    engine.dispose()
    assert at == "0005", "what failed has left nothing behind"
    migrate(empty_database_url)
