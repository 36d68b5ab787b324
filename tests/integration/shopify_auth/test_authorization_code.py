"""Installing by authorization code: signed by Shopify, bound to a state, done once."""

from __future__ import annotations

import hashlib
import hmac
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from models import ShopToken
from models.across_shops import shop_id_of_domain
from models.enums import ShopStatus, TokenGrant
from services import Services
from shopify.token_rows import AccessToken
from tests.integration.shopify_auth.conftest import HARBOR, MAPLE
from tests.integration.shopify_auth.making import visit
from tests.integration.shopify_auth.stand_in import HANGS_UP, Says, StandIn
from tests.sessions import CLIENT_ID, PREVIOUS_SECRET, SECRET


def signed(given: dict[str, str], secret: str = SECRET) -> dict[str, str]:
    """Sign a query by Shopify's own description: sorted, joined by `&`, HMAC-SHA256 in hex."""
    message = "&".join(f"{name}={given[name]}" for name in sorted(given))
    return given | {"hmac": hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()}


@pytest.fixture
def client(web: Flask) -> FlaskClient:
    return web.test_client()


def state_for(client: FlaskClient, shop: str = MAPLE) -> str:
    away = client.get(f"/auth/start?shop={shop}").headers["Location"]
    return dict(parse_qsl(urlsplit(away).query))["state"]


def brought_back(client: FlaskClient, **changes: str) -> dict[str, str]:
    given = {"code": "abc123", "host": "aG9zdA", "shop": MAPLE, "timestamp": str(int(time.time()))}
    if "state" not in changes:
        given["state"] = state_for(client)
    return given | changes


def shop_status(services: Services) -> ShopStatus | None:
    with services.database.shared_session() as session:
        shop_id = shop_id_of_domain(session, MAPLE)
    if shop_id is None:
        return None
    with services.database.shop_session(shop_id) as session:
        return session.shop.status


def test_the_start_leads_to_shopifys_consent_page(client: FlaskClient, shopify: StandIn) -> None:
    away = client.get("/auth/start?shop=Maple.MyShopify.com")
    assert away.status_code == 302
    parts = urlsplit(away.headers["Location"])
    there = parts._replace(query="").geturl()
    assert there == f"{shopify.url}/shops/{MAPLE}/admin/oauth/authorize"
    query = dict(parse_qsl(parts.query))
    assert query["client_id"] == CLIENT_ID
    assert query["redirect_uri"] == "http://localhost:9400/auth/callback"
    assert query["scope"] == "read_fulfillments,read_orders,write_app_proxy"
    assert MAPLE not in query["state"]


@pytest.mark.parametrize("shop", ["", "evil.com", "maple.myshopify.com.evil.com", "a b", "//x"])
def test_the_start_leads_to_no_other_site(client: FlaskClient, shop: str) -> None:
    answer = client.get("/auth/start", query_string={"shop": shop})
    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_an_install_ends_in_the_shops_admin_with_an_expiring_token(
    client: FlaskClient, services: Services, shopify: StandIn, web: Flask
) -> None:
    answer = client.get("/auth/callback", query_string=signed(brought_back(client)))
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{shopify.url}/shops/{MAPLE}/admin/apps/{CLIENT_ID}"
    assert "Set-Cookie" not in answer.headers
    (asked,) = shopify.asked
    assert asked.body["code"] == "abc123"
    assert asked.body["expiring"] == 1
    assert shop_status(services) is ShopStatus.INSTALLED
    with services.database.shared_session() as session:
        shop_id = shop_id_of_domain(session, MAPLE)
    assert shop_id is not None
    assert services.tokens.access_token(shop_id) == AccessToken(MAPLE, "shpat_1")
    with services.database.shop_session(shop_id) as session:
        row = session.scalars(select(ShopToken)).one()
        assert row.granted_by is TokenGrant.AUTHORIZATION_CODE
        assert row.refresh_token_encrypted is not None
    visit(web)
    assert shopify.grants() == ["authorization_code"]


def test_the_secret_before_the_rotation_may_have_signed_it(client: FlaskClient) -> None:
    query = signed(brought_back(client), PREVIOUS_SECRET)
    assert client.get("/auth/callback", query_string=query).status_code == 302


def test_a_state_is_good_once(client: FlaskClient, shopify: StandIn) -> None:
    query = brought_back(client)
    assert client.get("/auth/callback", query_string=signed(query)).status_code == 302
    again = signed(query | {"code": "another"})
    assert client.get("/auth/callback", query_string=again).status_code == 400
    assert len(shopify.asked) == 1


@pytest.mark.parametrize(
    ("purpose", "minutes_ago", "status"),
    [("install", 9, 302), ("install", 11, 400), ("something else", 0, 400)],
)
def test_a_state_grows_old_and_is_for_this_alone(
    client: FlaskClient, services: Services, purpose: str, minutes_ago: float, status: int
) -> None:
    made_at = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    state = {"for": purpose, "shop": MAPLE, "made_at": made_at.isoformat()}
    sealed = services.database.vault.encrypt_json(state).decode()
    query = signed(brought_back(client, state=sealed))
    assert client.get("/auth/callback", query_string=query).status_code == status


def test_a_state_of_another_shop_is_refused(client: FlaskClient, shopify: StandIn) -> None:
    query = signed(brought_back(client, state=state_for(client, HARBOR)))
    assert client.get("/auth/callback", query_string=query).status_code == 400
    assert not shopify.asked


@pytest.mark.parametrize(
    "changes",
    [
        {"shop": "evil.com"},
        {"shop": "maple.myshopify.com.evil.com"},
        {"shop": "maple.myshopify.com/x"},
        {"code": ""},
        {"code": "a/../b"},
        {"code": "x" * 300},
        {"state": "forged"},
        {"state": "é"},
        {"timestamp": "0"},
        {"timestamp": "tomorrow"},
        {"timestamp": "9" * 40},
        {"timestamp": "²"},
        {"timestamp": ""},
    ],
    ids=str,
)
def test_a_callback_that_is_signed_but_wrong_is_refused(
    client: FlaskClient, services: Services, shopify: StandIn, changes: dict[str, str]
) -> None:
    query = signed(brought_back(client, **changes))
    assert client.get("/auth/callback", query_string=query).status_code == 400
    assert not shopify.asked
    assert shop_status(services) is None


def test_a_callback_nobody_signed_is_refused(
    client: FlaskClient, services: Services, shopify: StandIn
) -> None:
    good = signed(brought_back(client))
    unsigned = {name: value for name, value in good.items() if name != "hmac"}
    forged = [
        unsigned,
        good | {"hmac": ""},
        good | {"hmac": "é" * 64},
        good | {"hmac": "0" * 64},
        good | {"shop": HARBOR},
        good | {"code": "other"},
        good | {"extra": "1"},
        signed(unsigned, "another secret that is long enough for it"),
    ]
    for query in forged:
        assert client.get("/auth/callback", query_string=query).status_code == 400
    twice = urlencode([*good.items(), ("shop", HARBOR)])
    assert client.get(f"/auth/callback?{twice}").status_code == 400
    assert not shopify.asked
    assert shop_status(services) is None


@pytest.mark.parametrize(
    "said", [HANGS_UP, Says({"error": "invalid_request"}, 400), Says(b"<html>"), Says({}, 500)]
)
def test_an_exchange_that_fails_can_be_started_again(
    client: FlaskClient, services: Services, shopify: StandIn, said: Says
) -> None:
    shopify.for_tokens.append(said)
    query = signed(brought_back(client))
    assert client.get("/auth/callback", query_string=query).status_code == 400
    assert shop_status(services) is ShopStatus.PENDING
    query = signed(brought_back(client))
    assert client.get("/auth/callback", query_string=query).status_code == 302
    assert shop_status(services) is ShopStatus.INSTALLED


def test_shopify_sends_merchants_of_such_an_install_to_its_start(
    client: FlaskClient, web: Flask
) -> None:
    query = signed({"shop": MAPLE, "timestamp": str(int(time.time())), "host": "aG9zdA"})
    assert client.get("/", query_string=query).headers["Location"] == f"/auth/start?shop={MAPLE}"
    # Inside the frame, unsigned, or installed already: App Bridge is asked as ever.
    framed = signed(query | {"embedded": "1", "hmac": ""} | {"hmac": ""})
    for other in (framed, query | {"hmac": "0" * 64}):
        assert "/auth/patch-id-token" in client.get("/", query_string=other).headers["Location"]
    visit(web)
    assert "/auth/patch-id-token" in client.get("/", query_string=query).headers["Location"]
