"""Tokens over time: idle shops, removed ones, those of a merchant's own, and what is logged."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
from flask import Flask
from sqlalchemy import select

from logs import configure_logging
from models import Shop, Wake
from models.enums import ShopStatus, TokenState
from services import Services, build_services
from shopify.shops import mark_uninstalled
from shopify.token_rows import CREDENTIALS_REFUSED, AccessToken, NoToken
from tests.factories import MadeShop
from tests.integration.shopify_auth.conftest import MAPLE, make_settings
from tests.integration.shopify_auth.making import change, hours_ago, row_of, soon, visit
from tests.integration.shopify_auth.stand_in import HANGS_UP, Says, StandIn
from tests.sessions import bearer


def test_idle_tokens_are_renewed_weekly_and_only_those(
    web: Flask, services: Services, shopify: StandIn, maple: MadeShop, harbor: MadeShop
) -> None:
    visit(web)
    visit(web, harbor.domain)
    assert services.tokens.idle_shops() == []
    change(services.database, maple.id, obtained_at=hours_ago(24 * 8))
    assert services.tokens.idle_shops() == [maple.id]
    asked = len(shopify.asked)
    for _ in range(2):
        services.tokens.renew_idle(maple.id)
    assert [each.grant for each in shopify.asked[asked:]] == ["refresh_token"]
    assert services.tokens.idle_shops() == []
    change(services.database, maple.id, obtained_at=hours_ago(24 * 8))
    with services.database.shop_session(maple.id) as session:
        session.scalars(select(Shop)).one().status = ShopStatus.UNINSTALLED
    assert services.tokens.idle_shops() == []


def test_a_removed_shop_has_no_token_whatever_is_stored(
    web: Flask, services: Services, shopify: StandIn, maple: MadeShop
) -> None:
    visit(web)
    with services.database.shop_session(maple.id) as session:
        assert mark_uninstalled(session, triggered_at=datetime.now(UTC) + timedelta(seconds=1))
    row = row_of(services.database, maple.id)
    assert (row.access_token_encrypted, row.refresh_token_encrypted) == (None, None)
    assert isinstance(services.tokens.access_token(maple.id), NoToken)


def test_a_merchants_own_shop_needs_nobodys_visit(
    services: Services, shopify: StandIn, maple: MadeShop, empty_database: str, empty_queue: str
) -> None:
    own = build_services(
        make_settings(
            empty_database,
            empty_queue,
            shopify_base_url=shopify.url,
            shopify_client_credentials=True,
        )
    )
    assert own.tokens.access_token(maple.id) == AccessToken(MAPLE, "shpat_1")
    assert own.tokens.access_token(maple.id, rejected="shpat_1") == AccessToken(MAPLE, "shpat_2")
    change(own.database, maple.id, expires_at=soon())
    assert own.tokens.access_token(maple.id) == AccessToken(MAPLE, "shpat_3")
    assert shopify.grants() == ["client_credentials"] * 3
    assert row_of(own.database, maple.id).refresh_token_encrypted is None
    own.dispatcher.close()
    own.database.dispose()


def test_one_shop_can_be_switched_to_client_credentials_and_back(
    web: Flask, services: Services, shopify: StandIn, maple: MadeShop
) -> None:
    run = web.test_cli_runner().invoke
    done = run(args=["shops", "use-client-credentials", MAPLE])
    assert done.exit_code == 0, done.output
    assert visit(web) == 200
    assert shopify.grants() == ["client_credentials"]
    assert run(args=["shops", "use-client-credentials", MAPLE, "--off"]).exit_code == 0
    assert isinstance(services.tokens.access_token(maple.id), NoToken)
    assert visit(web) == 200
    assert shopify.grants() == ["client_credentials", "token-exchange"]
    shopify.for_tokens.append(Says({"error": "invalid_client"}, 400))
    failed = run(args=["shops", "use-client-credentials", MAPLE])
    assert failed.exit_code == 1
    assert CREDENTIALS_REFUSED in failed.output


def test_no_token_and_no_secret_is_ever_logged(
    web: Flask,
    services: Services,
    shopify: StandIn,
    maple: MadeShop,
    everything_logged: io.StringIO,
) -> None:
    with_secrets: list[Callable[[], object]] = [
        lambda: visit(web),
        lambda: change(services.database, maple.id, expires_at=hours_ago(1)),
        lambda: services.admin_api.run(maple.id, "ShopFacts"),
    ]
    for step in with_secrets:
        step()
    for said in (Says({"error": "invalid_grant"}, 400), Says({"error": "odd"}, 418), HANGS_UP):
        change(services.database, maple.id, state=TokenState.FRESH, expires_at=hours_ago(1))
        shopify.for_tokens.append(said)
        services.tokens.access_token(maple.id)
    web.test_client().get("/", headers=bearer(MAPLE, secret="x" * 40))
    said_aloud = everything_logged.getvalue()
    assert said_aloud
    for secret in ("shpat_", "shprt_", "shpss_", "eyJ", "Bearer"):
        assert secret not in said_aloud


@pytest.fixture
def everything_logged(monkeypatch: pytest.MonkeyPatch) -> Any:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    configure_logging("DEBUG")
    # A logger that keeps what it was made with would outlive this test.
    structlog.configure(cache_logger_on_first_use=False)
    yield stream
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_a_new_token_asks_for_a_look_at_the_shop(
    web: Flask, services: Services, maple: MadeShop
) -> None:
    woken: list[Wake] = []
    services.database.on_wake = woken.extend
    visit(web)
    assert Wake("shop_connection", str(maple.id)) in woken
    change(services.database, maple.id, looked_at=datetime.now(UTC))
    woken.clear()
    visit(web)
    assert not woken
