from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
import structlog
from cryptography.fernet import Fernet
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text

from app import create_app
from logs import configure_logging
from models import Base, Database
from services import Services, build_services
from settings import Settings
from tests.factories import MadeShop, make_shop
from tests.integration.web.attacks import PREVIOUS_SECRET, PUBLIC_URL, SECRET

RowCounts = Callable[[], dict[str, int]]


def make_settings(database_url: str, redis_url: str, public_url: str = PUBLIC_URL) -> Settings:
    return Settings.model_validate(
        {
            "database_url": database_url,
            "redis_url": redis_url,
            "public_url": public_url,
            "shopify_api_key": "the-key-of-the-app",
            "shopify_api_secret": SECRET,
            "shopify_api_secret_previous": PREVIOUS_SECRET,
            "encryption_keys": Fernet.generate_key().decode(),
            "phone_hash_keys": "marked-phone-hash-key",
        }
    )


@pytest.fixture
def settings(empty_database: str, empty_queue: str) -> Settings:
    return make_settings(empty_database, empty_queue)


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    services = build_services(settings)
    yield services
    services.dispatcher.close()
    services.database.dispose()


@pytest.fixture
def web(services: Services) -> Flask:
    return create_app(services)


@pytest.fixture
def client(web: Flask) -> FlaskClient:
    return web.test_client()


@pytest.fixture
def shop(services: Services, now: datetime) -> MadeShop:
    return make_shop(services.database, now=now, domain="mine.myshopify.com")


@pytest.fixture
def other_shop(services: Services, now: datetime) -> MadeShop:
    return make_shop(services.database, now=now, domain="theirs.myshopify.com")


def count_rows(url: str) -> dict[str, int]:
    """Count every table's rows as their owner, past all walls."""
    engine = create_engine(url)
    counts = " UNION ALL ".join(
        f"SELECT '{table.name}', count(*) FROM {table.name}"
        for table in Base.metadata.sorted_tables
    )
    with engine.connect() as connection:
        found = {row[0]: int(row[1]) for row in connection.execute(text(counts))}
    engine.dispose()
    return found


@pytest.fixture
def rows(empty_database: str) -> RowCounts:
    return lambda: count_rows(empty_database)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Everything that any logger writes, as a deployment's standard error would have it."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    configure_logging("DEBUG")
    yield stream
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def database(services: Services) -> Database:
    return services.database
