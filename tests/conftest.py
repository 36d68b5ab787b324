"""Real servers for the tests: one PostgreSQL and one Valkey a test process, emptied in between."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from alembic import command
from alembic.config import Config
from cryptography.fernet import Fernet
from redis import Redis
from sqlalchemy import create_engine, text

from local.postgres import running_postgres
from local.valkey import running_valkey
from models import Base, Database, Vault, Wake

PHONE_HASH_KEY = "a key of the tests"
ENCRYPTION_KEY = Fernet.generate_key().decode()


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An address of a migrated database whose login owns the tables, as a host hands it out."""
    with running_postgres(tmp_path_factory.mktemp("postgres"), durable=False) as url:
        migrate(url)
        yield url


def migrate(url: str, revision: str = "head") -> None:
    config = Config("alembic.ini")
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    command.upgrade(config, revision)


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_valkey(tmp_path_factory.mktemp("valkey")) as url:
        yield url


@pytest.fixture
def empty_queue(valkey_url: str) -> str:
    with Redis.from_url(valkey_url) as redis:
        redis.flushall()
    return valkey_url


@pytest.fixture
def vault() -> Vault:
    return Vault(encryption_keys=[ENCRYPTION_KEY], phone_hash_keys=[PHONE_HASH_KEY])


@pytest.fixture
def wakes() -> list[Wake]:
    """The wake-up calls of committed transactions, in order."""
    return []


@pytest.fixture
def empty_database(postgres_url: str) -> str:
    tables = ", ".join(table.name for table in Base.metadata.sorted_tables)
    engine = create_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {tables} CASCADE"))
    engine.dispose()
    return postgres_url


@pytest.fixture
def database(empty_database: str, vault: Vault, wakes: list[Wake]) -> Iterator[Database]:
    database = Database(empty_database, vault=vault, on_wake=wakes.extend)
    yield database
    database.dispose()


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)
