"""Installing, removing and installing again, in whatever order the news of it arrives."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask

from models import Database
from models.across_shops import shop_id_of_domain
from models.enums import ShopStatus
from services import Services
from shopify.shops import mark_uninstalled, session_of_domain
from shopify.token_rows import AccessToken
from tests.integration.shopify_auth.conftest import MAPLE
from tests.integration.shopify_auth.making import visit
from tests.integration.shopify_auth.stand_in import Says, StandIn
from tests.sessions import bearer, session_token


def shop_of(database: Database) -> tuple[uuid.UUID, ShopStatus]:
    with database.shared_session() as session:
        shop_id = shop_id_of_domain(session, MAPLE)
    assert shop_id is not None
    with database.shop_session(shop_id) as session:
        return shop_id, session.shop.status


def uninstall(database: Database, *, at: datetime) -> bool:
    shop_id, _ = shop_of(database)
    with database.shop_session(shop_id) as session:
        return mark_uninstalled(session, triggered_at=at)


def issued(at: datetime) -> dict[str, Any]:
    stamp = int(at.timestamp())
    return {"iat": stamp, "nbf": stamp}


def test_a_visit_installs_a_shop_nobody_had_heard_of(web: Flask, services: Services) -> None:
    assert visit(web) == 200
    assert shop_of(services.database)[1] is ShopStatus.INSTALLED


def test_a_visit_installs_a_shop_that_webhooks_told_of_first(
    web: Flask, services: Services
) -> None:
    earlier = datetime.now(UTC) - timedelta(minutes=5)
    with session_of_domain(services.database, MAPLE, known_since=earlier, now=earlier) as session:
        assert session.shop.status is ShopStatus.PENDING
    assert visit(web) == 200
    shop_id, status = shop_of(services.database)
    assert status is ShopStatus.INSTALLED
    assert isinstance(services.tokens.access_token(shop_id), AccessToken)


def test_a_page_left_open_does_not_bring_a_removed_app_back(web: Flask, services: Services) -> None:
    visit(web)
    before = datetime.now(UTC) - timedelta(seconds=20)
    with services.database.shop_session(shop_of(services.database)[0]) as session:
        session.shop.status = ShopStatus.UNINSTALLED
        session.shop.uninstalled_at = datetime.now(UTC)
    still_open = session_token(MAPLE, **issued(before))
    answer = web.test_client().get(f"/?shop={MAPLE}&id_token={still_open}")
    assert answer.status_code == 403
    assert "removed" in answer.text
    assert f"https://{MAPLE}" in answer.headers["Content-Security-Policy"]
    assert shop_of(services.database)[1] is ShopStatus.UNINSTALLED


def test_a_reinstall_replaces_the_old_token(
    web: Flask, services: Services, shopify: StandIn
) -> None:
    visit(web, **issued(datetime.now(UTC) - timedelta(seconds=30)))
    assert uninstall(services.database, at=datetime.now(UTC) - timedelta(seconds=15))
    # The clock of the tests is the token's; ours has the first token as a moment old.
    visit(web)
    shop_id, status = shop_of(services.database)
    assert status is ShopStatus.INSTALLED
    assert isinstance(services.tokens.access_token(shop_id), AccessToken)


def test_late_news_of_the_removal_is_ignored_after_the_reinstall(
    web: Flask, services: Services
) -> None:
    visit(web)
    removed_at = datetime.now(UTC) - timedelta(hours=1)
    assert not uninstall(services.database, at=removed_at)
    shop_id, status = shop_of(services.database)
    assert status is ShopStatus.INSTALLED
    assert isinstance(services.tokens.access_token(shop_id), AccessToken)


def test_a_visit_after_the_removal_proves_the_reinstall_even_before_its_news(
    web: Flask, services: Services
) -> None:
    """The news of the removal is late; the shop was opened again in between."""
    first = datetime.now(UTC) - timedelta(seconds=50)
    visit(web, **issued(first))
    visit(web)
    assert not uninstall(services.database, at=first + timedelta(seconds=20))
    assert shop_of(services.database)[1] is ShopStatus.INSTALLED


def test_a_token_that_died_with_the_removal_heals_at_the_next_page(
    web: Flask, services: Services, shopify: StandIn
) -> None:
    visit(web)
    shop_id, _ = shop_of(services.database)
    shopify.for_api.append(Says({}, 401))
    shopify.for_tokens.append(Says({"error": "invalid_grant"}, 400))
    assert services.admin_api.run(shop_id, "ShopFacts").problem is not None
    visit(web)
    assert services.admin_api.run(shop_id, "ShopFacts").problem is None


def test_a_fetch_is_known_for_a_minute_without_asking_the_database(
    web: Flask, services: Services
) -> None:
    client = web.test_client()
    assert client.get("/", headers=bearer(MAPLE)).status_code == 200
    known = len(services.merchant_auth._known)
    assert client.get("/", headers=bearer(MAPLE)).status_code == 200
    assert len(services.merchant_auth._known) == known == 1
