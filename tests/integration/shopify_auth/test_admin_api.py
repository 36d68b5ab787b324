"""The one client of the Admin API against a Shopify that throttles, fails, withholds and hangs."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from services import Services
from shopify import admin, transport
from shopify.admin import AdminApi
from shopify.answers import Answer, Trouble
from shopify.connection import connection_of
from tests.factories import MadeShop
from tests.integration.shopify_auth.conftest import MAPLE, make_settings
from tests.integration.shopify_auth.making import change, hours_ago, row_of, visit
from tests.integration.shopify_auth.stand_in import HANGS_UP, Says, StandIn

FACTS = {
    "id": "gid://shopify/Shop/77",
    "name": "Maple from Shopify",
    "contactEmail": "hello@maple.example",
    "myshopifyDomain": MAPLE,
    "ianaTimezone": "America/Toronto",
    "currencyCode": "CAD",
    "transactionalSmsDisabled": False,
    "updatedAt": "2026-11-01T10:00:00Z",
    "shopAddress": {"countryCodeV2": "CA"},
}
GOOD = Says({"data": {"shop": {"name": "Maple"}}})
BUSY: dict[str, Any] = {
    "errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
    "extensions": {
        "cost": {
            "requestedQueryCost": 30,
            "throttleStatus": {
                "maximumAvailable": 2000.0,
                "currentlyAvailable": 10,
                "restoreRate": 50.0,
            },
        }
    },
}


@pytest.fixture
def shop(web: Flask, maple: MadeShop, shopify: StandIn) -> MadeShop:
    visit(web)
    shopify.asked.clear()
    return maple


@pytest.fixture
def api(services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AdminApi:
    """The client with a document more, that changes something."""
    monkeypatch.setattr(admin, "DOCUMENTS", tmp_path)
    (tmp_path / "ShopFacts.graphql").write_text("query ShopFacts { shop { name } }")
    (tmp_path / "Change.graphql").write_text("mutation Change { appUninstall { app { id } } }")
    return AdminApi(transport.build_client(services.settings.shopify_base_url), services.tokens)


def trouble(answer: Answer) -> Trouble | None:
    return None if answer.problem is None else answer.problem.code


def test_a_document_is_asked_by_its_name_with_the_shops_token(
    services: Services, shopify: StandIn, shop: MadeShop
) -> None:
    shopify.for_api.append(Says({"data": {"orders": {"nodes": []}}}))
    answer = services.admin_api.run(shop.id, "LatestOrders", {"first": 3})
    assert answer.data == {"orders": {"nodes": []}}
    (asked,) = shopify.asked
    assert asked.path == f"/shops/{MAPLE}/admin/api/2026-10/graphql.json"
    assert asked.headers["X-Shopify-Access-Token"] == "shpat_1"
    assert asked.body["operationName"] == "LatestOrders"
    assert asked.body["variables"] == {"first": 3}
    services.admin_api.run(shop.id, "ShopFacts")
    assert "Cookie" not in shopify.asked[-1].headers


def test_an_unknown_document_is_a_bug(services: Services, shop: MadeShop) -> None:
    with pytest.raises(KeyError):
        services.admin_api.run(shop.id, "Nothing")


@pytest.mark.parametrize("document", ["ShopFacts", "Change"])
@pytest.mark.parametrize(
    ("said", "least"),
    [(Says(BUSY), 0.4), (Says({}, 429, {"Retry-After": "1.0"}), 1.0), (Says({}, 429), 0.3)],
)
def test_what_shopify_refused_for_being_busy_is_asked_again_when_it_says(
    api: AdminApi, shopify: StandIn, shop: MadeShop, document: str, said: Says, least: float
) -> None:
    shopify.for_api.extend([said, GOOD])
    began = time.monotonic()
    assert api.run(shop.id, document) == Answer({"shop": {"name": "Maple"}})
    assert least <= time.monotonic() - began < least + 1
    assert len(shopify.api_calls()) == 2


def test_waiting_ends_with_patience(api: AdminApi, shopify: StandIn, shop: MadeShop) -> None:
    shopify.for_api.extend([Says({}, 429, {"Retry-After": "9"})] * 3)
    began = time.monotonic()
    assert trouble(api.run(shop.id, "ShopFacts", patience=2)) is Trouble.BUSY
    assert time.monotonic() - began < 1
    shopify.for_api.clear()
    shopify.for_api.extend([Says(BUSY)] * 20)
    assert trouble(api.run(shop.id, "ShopFacts")) is Trouble.BUSY
    assert len(shopify.api_calls()) <= 1 + admin.MOST_TRIES


@pytest.mark.parametrize("said", [HANGS_UP, Says("", 502), Says(b"<html>"), Says({}, 500)])
def test_a_question_is_repeated_and_a_change_is_not(
    api: AdminApi, shopify: StandIn, shop: MadeShop, said: Says
) -> None:
    shopify.for_api.extend([said, GOOD])
    assert api.run(shop.id, "ShopFacts").data == {"shop": {"name": "Maple"}}
    shopify.for_api.clear()
    shopify.for_api.extend([said, GOOD])
    before = len(shopify.api_calls())
    assert trouble(api.run(shop.id, "Change")) is Trouble.MAYBE_DONE
    assert len(shopify.api_calls()) == before + 1


def test_a_change_that_never_left_is_tried_again(
    services: Services, api: AdminApi, shop: MadeShop
) -> None:
    http = transport.build_client("http://127.0.0.1:9")
    nowhere = AdminApi(http, services.tokens)
    began = time.monotonic()
    assert trouble(nowhere.run(shop.id, "Change", patience=1)) is Trouble.UNREACHABLE
    assert time.monotonic() - began > 0.3
    http.close()


def test_an_answer_that_takes_too_long_is_lost(
    api: AdminApi, shopify: StandIn, shop: MadeShop
) -> None:
    api._http.timeout = 0.2
    shopify.for_api.extend([Says({}, after=1.0), GOOD])
    assert api.run(shop.id, "ShopFacts").data == {"shop": {"name": "Maple"}}
    shopify.for_api.append(Says({}, after=1.0))
    assert trouble(api.run(shop.id, "Change")) is Trouble.MAYBE_DONE


@pytest.mark.parametrize("document", ["ShopFacts", "Change"])
def test_a_rejected_token_is_renewed_once(
    api: AdminApi, shopify: StandIn, shop: MadeShop, document: str
) -> None:
    shopify.for_api.extend([Says({}, 401), GOOD])
    assert api.run(shop.id, document).data is not None
    assert shopify.grants() == ["refresh_token"]
    shopify.for_api.extend([Says({}, 401), Says({}, 401), GOOD])
    assert trouble(api.run(shop.id, document)) is Trouble.NOT_CONNECTED


def test_without_a_token_the_answer_says_what_to_do(
    services: Services, shopify: StandIn, harbor: MadeShop
) -> None:
    answer = services.admin_api.run(harbor.id, "ShopFacts")
    assert trouble(answer) is Trouble.NOT_CONNECTED
    assert answer.problem is not None
    assert "Open Parley" in answer.problem.sentence
    assert not shopify.asked


@pytest.mark.parametrize("status", [402, 403, 423])
def test_a_frozen_shop_is_not_asked_twice(
    services: Services, shopify: StandIn, shop: MadeShop, status: int
) -> None:
    shopify.for_api.append(Says({"errors": "Unavailable Shop"}, status))
    assert trouble(services.admin_api.run(shop.id, "ShopFacts")) is Trouble.SHOP_CLOSED
    assert len(shopify.api_calls()) == 1


def test_a_look_at_the_shop_takes_over_its_facts_and_says_what_is_withheld(
    services: Services, shopify: StandIn, shop: MadeShop
) -> None:
    denied = {
        "message": "This app is not approved to use the phone field.",
        "path": ["orders", "nodes", 0, "phone"],
        "extensions": {"code": "ACCESS_DENIED"},
    }
    orders = {"orders": {"nodes": [{"id": "gid://shopify/Order/1", "phone": None}]}}
    shopify.for_api.extend(
        [Says({"data": {"shop": FACTS}}), Says({"data": orders, "errors": [denied]})]
    )
    services.shop_connection.look_after(shop.id)
    with services.database.shop_session(shop.id) as session:
        found = session.shop
        assert (found.name, found.currency, found.country) == ("Maple from Shopify", "CAD", "CA")
        assert (found.iana_timezone, found.shopify_id) == ("America/Toronto", 77)
        assert found.support_contact == "hello@maple.example"
        assert found.transactional_sms_disabled is False
        connection = connection_of(session)
    assert connection.works
    assert connection.problem is None
    assert connection.withheld == "Shopify has not yet approved phone access for this app."
    assert connection.missing_scopes == ()
    services.shop_connection.look_after(shop.id)
    assert len(shopify.api_calls()) == 2
    change(services.database, shop.id, looked_at=hours_ago(25))
    shopify.for_api.extend([Says({"data": {"shop": FACTS}}), Says({"data": orders})])
    services.shop_connection.look_after(shop.id)
    assert row_of(services.database, shop.id).withheld is None


def test_a_look_that_fails_is_taken_again(
    services: Services, shopify: StandIn, shop: MadeShop
) -> None:
    shopify.for_api.append(Says({"errors": "Unavailable Shop"}, 402))
    services.shop_connection.look_after(shop.id)
    assert row_of(services.database, shop.id).looked_at is None


def test_a_shop_that_was_never_opened_is_told_how_to_connect(
    services: Services, harbor: MadeShop
) -> None:
    with services.database.shop_session(harbor.id) as session:
        connection = connection_of(session)
    assert not connection.works
    assert connection.problem is not None
    services.shop_connection.look_after(harbor.id)


def test_with_live_settings_requests_go_to_the_shop_itself(
    empty_database: str, empty_queue: str
) -> None:
    settings = make_settings(empty_database, empty_queue)
    assert settings.shopify_base_url is None
    assert transport.shop_address(MAPLE, "/admin/x", base_url=None) == f"https://{MAPLE}/admin/x"
