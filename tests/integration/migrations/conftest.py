from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import psycopg
import pytest
from sqlalchemy import make_url

from local.postgres import Postgres

NewDatabase = Callable[[], str]
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A cluster of its own: roles belong to the cluster, and these tests make and grant them."""
    server = Postgres(tmp_path_factory.mktemp("postgres"), durable=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def new_database(server: Postgres) -> NewDatabase:
    """Make an empty database, owned by the login in its address."""

    def make() -> str:
        name = f"empty_{next(_numbers)}"
        with psycopg.connect(plain(server.url), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return make_url(server.url).set(database=name).render_as_string(hide_password=False)

    return make


@pytest.fixture
def empty_database_url(new_database: NewDatabase) -> str:
    return new_database()


def plain(url: str) -> str:
    """Return the address as psycopg itself reads it."""
    return url.replace("postgresql+psycopg://", "postgresql://")
