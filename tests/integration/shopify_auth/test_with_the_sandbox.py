"""The same ways against the sandbox's Shopify, which holds requests to Shopify's own schema."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.serving import make_server

from app import create_app
from models import ShopToken, StaffMember
from models.across_shops import shop_id_of_domain
from sandbox.app import SandboxSettings, stop
from sandbox.app import create_app as create_sandbox
from sandbox.world import SHOPS, STAFF
from services import Services, build_services
from shopify.connection import connection_of
from shopify.token_rows import AccessToken
from tests.integration.shopify_auth.conftest import make_settings
from tests.integration.shopify_auth.making import hours_ago, visit
from tests.sessions import CLIENT_ID, SECRET

SHOP = SHOPS[0].domain


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[str]:
    made = create_sandbox(
        SandboxSettings(
            port=0,
            data=tmp_path,
            parley_url="http://localhost:9400",
            api_key=CLIENT_ID,
            api_secret=SECRET,
        )
    )
    server = make_server("127.0.0.1", 0, made, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    stop(made)


@pytest.fixture
def services(sandbox: str, empty_database: str, empty_queue: str) -> Iterator[Services]:
    services = build_services(make_settings(empty_database, empty_queue, shopify_base_url=sandbox))
    yield services
    services.dispatcher.close()
    services.database.dispose()


@pytest.fixture
def web(services: Services) -> Flask:
    return create_app(services)


def test_a_shop_comes_in_is_looked_at_and_renewed(web: Flask, services: Services) -> None:
    assert visit(web, SHOP, staff_id=str(STAFF[0].id)) == 200
    with services.database.shared_session() as session:
        shop_id = shop_id_of_domain(session, SHOP)
    assert shop_id is not None
    services.shop_connection.look_after(shop_id)
    with services.database.shop_session(shop_id) as session:
        connection = connection_of(session)
        assert (connection.works, connection.problem) == (True, None)
        assert not connection.missing_scopes
        assert session.shop.name == SHOPS[0].name
        assert session.scalars(select(StaffMember)).one().name == STAFF[0].name
        assert session.scalars(select(ShopToken)).one().looked_at is not None
    first = services.tokens.access_token(shop_id)
    with services.database.shop_session(shop_id) as session:
        session.execute(update(ShopToken).values(expires_at=hours_ago(1)))
    second = services.tokens.access_token(shop_id)
    assert isinstance(first, AccessToken)
    assert isinstance(second, AccessToken)
    assert first != second
    answer = services.admin_api.run(shop_id, "LatestOrders", {"first": 2})
    assert answer.problem is None
    assert answer.errors == ()
