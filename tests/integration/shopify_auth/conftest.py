"""The whole application on real servers, as a shop called maple.myshopify.com meets it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from flask import Flask

from app import create_app
from models import Database
from services import Services, build_services
from settings import Settings
from tests.conftest import ENCRYPTION_KEY, PHONE_HASH_KEY
from tests.factories import MadeShop, make_shop
from tests.integration.shopify_auth.stand_in import StandIn, running
from tests.sessions import CLIENT_ID, PREVIOUS_SECRET, SECRET

MAPLE = "maple.myshopify.com"
HARBOR = "harbor.myshopify.com"


@pytest.fixture
def shopify() -> Iterator[StandIn]:
    with running() as stand_in:
        yield stand_in


@pytest.fixture
def settings(empty_database: str, empty_queue: str, shopify: StandIn) -> Settings:
    return make_settings(empty_database, empty_queue, shopify_base_url=shopify.url)


def make_settings(database_url: str, redis_url: str, **overrides: object) -> Settings:
    return Settings.model_validate(
        {
            "database_url": database_url,
            "redis_url": redis_url,
            "public_url": "http://localhost:9400",
            "shopify_api_key": CLIENT_ID,
            "shopify_api_secret": SECRET,
            "shopify_api_secret_previous": PREVIOUS_SECRET,
            "encryption_keys": ENCRYPTION_KEY,
            "phone_hash_keys": PHONE_HASH_KEY,
        }
        | overrides
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
