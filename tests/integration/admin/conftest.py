"""The admin's pages on a real database, with the carrier's stand-in as a process beside them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from models import Database
from services import Services, build_services
from settings import Settings
from tests.conftest import ENCRYPTION_KEY, PHONE_HASH_KEY
from tests.factories import MadeShop, make_shop
from tests.integration.sandbox_carrier.running import Running, start_carrier, stop_carrier
from tests.sessions import CLIENT_ID, SECRET, admin_client

MAPLE = "maple.myshopify.com"
HARBOR = "harbor.myshopify.com"


@pytest.fixture(scope="session")
def carrier_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = start_carrier(tmp_path_factory.mktemp("carrier"))
    yield running
    stop_carrier(running)


@pytest.fixture
def settings(empty_database: str, empty_queue: str, carrier_process: Running) -> Settings:
    return Settings.model_validate(
        {
            "database_url": empty_database,
            "redis_url": empty_queue,
            "public_url": "http://localhost:9400",
            "carrier_base_url": carrier_process.url,
            # Nobody listens there: these pages need no answer from Shopify.
            "shopify_base_url": "http://127.0.0.1:9",
            "shopify_api_key": CLIENT_ID,
            "shopify_api_secret": SECRET,
            "encryption_keys": ENCRYPTION_KEY,
            "phone_hash_keys": PHONE_HASH_KEY,
        }
    )


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    services = build_services(settings)
    yield services
    services.dispatcher.close()
    services.database.dispose()


@pytest.fixture
def database(services: Services) -> Database:
    return services.database


@pytest.fixture
def web(services: Services) -> Flask:
    return create_app(services)


@pytest.fixture
def maple(database: Database, now: datetime) -> MadeShop:
    return make_shop(database, now=now, domain=MAPLE)


@pytest.fixture
def harbor(database: Database, now: datetime) -> MadeShop:
    return make_shop(database, now=now, domain=HARBOR)


@pytest.fixture
def merchant(web: Flask, maple: MadeShop) -> FlaskClient:
    """Somebody of Maple's staff, whose every request carries a session token."""
    return admin_client(web, maple.domain)


@pytest.fixture
def without_carrier(settings: Settings, maple: MadeShop) -> Iterator[FlaskClient]:
    """The same merchant, while nobody answers at the carrier's address."""
    nobody = settings.model_copy(update={"carrier_base_url": "http://127.0.0.1:9"})
    services = build_services(nobody)
    yield admin_client(create_app(services), maple.domain)
    services.dispatcher.close()
    services.database.dispose()
