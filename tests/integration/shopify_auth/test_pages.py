"""Who gets to see a page, in whose frame, and how a browser without cookies finds its way."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.routing import Rule

from app import create_app
from models import Contact, Shop, StaffMember
from route_access import access_of
from services import Services, build_services
from settings import Settings
from tests.factories import ADA, MadeShop, make_contact
from tests.integration.shopify_auth.conftest import HARBOR, MAPLE
from tests.sessions import PREVIOUS_SECRET, admin_client, bearer, session_token

PAGE = f"/?shop={MAPLE}&host=YWRtaW4&embedded=1"
RETRY = "X-Shopify-Retry-Invalid-Session-Request"


@pytest.fixture
def client(web: Flask, maple: MadeShop) -> FlaskClient:
    admin_client(web, MAPLE)  # a shop that is connected asks nothing of Shopify
    return web.test_client()


def directives(csp: str) -> dict[str, list[str]]:
    pairs = [each.split() for each in csp.split(";") if each.strip()]
    return {pair[0]: pair[1:] for pair in pairs}


def admin_rules(web: Flask) -> Iterator[tuple[str, str]]:
    """Every method and address behind a session token."""
    adapter = web.url_map.bind("localhost")
    for rule in web.url_map.iter_rules():
        if access_of(web.view_functions[rule.endpoint]) != "Shopify session token":
            continue
        path = adapter.build(rule.endpoint, {name: _value(rule, name) for name in rule.arguments})
        for method in sorted((rule.methods or set()) - {"OPTIONS"}):
            yield method, urlsplit(path).path


def _value(rule: Rule, name: str) -> object:
    return uuid.UUID(int=7) if "UUID" in type(rule._converters[name]).__name__ else "shipped"


def test_the_bare_address_is_the_front_door_for_whoever_shopify_did_not_send(
    client: FlaskClient,
) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_shopifys_first_request_shows_app_home_in_its_shops_frame(client: FlaskClient) -> None:
    answer = client.get(f"{PAGE}&id_token={session_token(MAPLE)}")
    assert answer.status_code == 200
    rules = directives(answer.headers["Content-Security-Policy"])
    assert rules["frame-ancestors"] == [f"https://{MAPLE}", "https://admin.shopify.com"]
    assert rules["script-src"] == ["'self'", "https://cdn.shopify.com"]
    assert rules["default-src"] == ["'none'"]
    sources = {source for sources in rules.values() for source in sources}
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "https:"} & sources
    assert "X-Frame-Options" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.text.index("app-bridge.js") < answer.text.index("</head>")


def test_the_stand_ins_may_frame_and_script_only_where_they_are_set(
    settings: Settings, maple: MadeShop
) -> None:
    stand_ins = {"app_bridge_url": "http://127.0.0.1:9/bridge.js"}
    stand_ins |= {"extra_frame_ancestor": "http://127.0.0.1:9"}
    services = build_services(settings.model_copy(update=stand_ins))
    answer = admin_client(create_app(services), MAPLE).get("/")
    rules = directives(answer.headers["Content-Security-Policy"])
    assert rules["script-src"] == ["'self'", "http://127.0.0.1:9"]
    assert rules["frame-ancestors"][2:] == ["http://127.0.0.1:9"]
    assert "http://127.0.0.1:9/bridge.js" in answer.text
    services.dispatcher.close()
    services.database.dispose()


def test_each_shop_has_its_own_frame(client: FlaskClient, harbor: MadeShop, web: Flask) -> None:
    answer = admin_client(web, HARBOR).get("/")
    assert f"https://{HARBOR}" in answer.headers["Content-Security-Policy"]
    assert MAPLE not in answer.headers["Content-Security-Policy"]


def test_a_link_without_a_token_goes_to_app_bridge_and_comes_back(client: FlaskClient) -> None:
    away = client.get(f"{PAGE}&q=a%20b")
    assert away.status_code == 302
    bounce = client.get(away.headers["Location"])
    assert bounce.status_code == 200
    assert f"https://{MAPLE}" in bounce.headers["Content-Security-Policy"]
    assert 'data-api-key="' in bounce.text
    (back,) = parse_qs(urlsplit(away.headers["Location"]).query)["shopify-reload"]
    assert "q=a%20b" in back
    # App Bridge loads it with a fresh token in the address.
    assert client.get(f"{back}&id_token={session_token(MAPLE)}").status_code == 200


def test_reload_and_back_button_bring_an_old_token_and_go_the_same_way(client: FlaskClient) -> None:
    old = session_token(MAPLE, expires_in=-60, nbf=1, iat=1)
    away = client.get(f"{PAGE}&id_token={old}")
    assert away.status_code == 302
    assert old not in away.headers["Location"]
    assert client.head(f"{PAGE}&id_token={old}").status_code == 302
    assert client.head(f"{PAGE}&id_token={session_token(MAPLE)}").status_code == 200


def test_a_page_that_comes_back_without_a_token_is_not_sent_round_for_ever(
    client: FlaskClient,
) -> None:
    away = client.get(PAGE)
    (back,) = parse_qs(urlsplit(away.headers["Location"]).query)["shopify-reload"]
    for again in (back, f"{back}&id_token={session_token(MAPLE, secret='w' * 40)}"):
        stopped = client.get(again)
        assert stopped.status_code == 401
        assert "cannot open this page" in stopped.text
        # Where it can be read: inside the shop's frame.
        assert f"https://{MAPLE}" in stopped.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "shop=maple.myshopify.com",
        "shop=maple.myshopify.com&shopify-reload=https://evil.com",
        "shop=maple.myshopify.com&shopify-reload=//evil.com",
        "shop=maple.myshopify.com&shopify-reload=/%09/evil.com",
        "shop=maple.myshopify.com&shopify-reload=/%5Cevil.com",
        "shop=maple.myshopify.com&shopify-reload=/&shopify-reload=https://evil.com",
        "shop=evil.com&shopify-reload=/",
        "shop=maple.myshopify.com%20https://evil.com&shopify-reload=/",
        "shop=maple.myshopify.com;script-src%20*&shopify-reload=/",
        "shop=evil.com/.myshopify.com&shopify-reload=/",
    ],
)
def test_the_bounce_page_leads_nowhere_else(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/auth/patch-id-token?{query}")
    assert answer.status_code == 400
    assert "evil" not in answer.headers["Content-Security-Policy"]
    assert "app-bridge" not in answer.text


def test_a_bounce_for_no_shop_can_only_be_framed_by_shopifys_admin(client: FlaskClient) -> None:
    answer = client.get("/auth/patch-id-token?shopify-reload=/inbox")
    rules = directives(answer.headers["Content-Security-Policy"])
    assert rules["frame-ancestors"] == ["https://admin.shopify.com"]


@pytest.mark.parametrize("header", ["Bearer", "Bearer x.y.z", "Basic YTpi", "", "Bearer  ", "é"])
def test_a_fetch_with_rubbish_is_told_to_try_again(client: FlaskClient, header: str) -> None:
    answer = client.get("/", headers={"Authorization": header.encode().decode("latin-1")})
    assert (answer.status_code, answer.headers[RETRY]) == (401, "1")


def test_a_fetch_with_an_old_token_is_told_to_try_again(client: FlaskClient) -> None:
    old = bearer(MAPLE, expires_in=-60, nbf=1, iat=1)
    answer = client.get("/", headers=old)
    assert (answer.status_code, answer.headers[RETRY]) == (401, "1")


@pytest.mark.parametrize("marks", [{"HX-Request": "true"}, {"Sec-Fetch-Dest": "empty"}])
def test_a_fetch_without_a_token_is_not_handed_the_bounce_page(
    client: FlaskClient, marks: dict[str, str]
) -> None:
    assert client.get(PAGE, headers=marks).status_code == 401


def test_the_secret_before_the_rotation_is_accepted(client: FlaskClient) -> None:
    assert client.get("/", headers=bearer(MAPLE, secret=PREVIOUS_SECRET)).status_code == 200


ATTACKS: dict[str, dict[str, str]] = {
    "nothing": {},
    "another app's": bearer(MAPLE, client_id="another-app"),
    "expired": bearer(MAPLE, expires_in=-60, nbf=1, iat=1),
    "unsigned": {"Authorization": f"Bearer {session_token(MAPLE).rsplit('.', 1)[0]}."},
    "signed by nobody": bearer(MAPLE, secret="nobody's secret that is long enough to sign"),
    "of two shops": bearer(MAPLE, iss=f"https://{HARBOR}/admin"),
    "of no shop": bearer("evil.com"),
    "without an end": bearer(MAPLE, exp=None),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_admin_address_answers_without_a_good_token(
    web: Flask, client: FlaskClient, services: Services, attack: str
) -> None:
    for method, path in admin_rules(web):
        answer = client.open(path, method=method, headers=ATTACKS[attack])
        if attack == "nothing" and method in {"GET", "HEAD"}:
            # To App Bridge, or to the front door.
            assert answer.status_code == (200 if path == "/" else 302), (method, path)
        else:
            assert answer.status_code == 401, (method, path)
            assert answer.headers[RETRY] == "1"
        assert "Set-Cookie" not in answer.headers
        assert "Maple &amp; Rye" not in answer.text
    with services.database.shop_session(uuid.uuid4()) as session:
        assert session.scalar(select(func.count(Shop.id))) == 0


def test_an_address_alone_changes_nothing(web: Flask, client: FlaskClient) -> None:
    """A link can hold an `id_token`; only App Bridge can add a header."""
    changing = [each for each in admin_rules(web) if each[0] not in {"GET", "HEAD"}]
    for method, path in changing:
        answer = client.open(f"{path}?id_token={session_token(MAPLE)}", method=method)
        assert answer.status_code == 403, (method, path)


def test_another_shops_token_finds_nothing_by_this_shops_ids(
    web: Flask, client: FlaskClient, services: Services, maple: MadeShop, harbor: MadeShop
) -> None:
    with services.database.shop_session(maple.id) as session:
        contact = make_contact(session, now=datetime.now(UTC), phone=ADA)
        contact.first_name = "Ada-of-Maple"
        contact_id = contact.id
    stranger = admin_client(web, HARBOR)
    for method, path in admin_rules(web):
        real = path.replace(str(uuid.UUID(int=7)), str(contact_id))
        answer = stranger.open(f"{real}?shop={MAPLE}", method=method)
        assert "Ada-of-Maple" not in answer.text, (method, path)
        assert ADA not in answer.text, (method, path)
        assert answer.status_code < 500, (method, path)
    with services.database.shop_session(maple.id) as session:
        assert session.get_one(Contact, contact_id).first_name == "Ada-of-Maple"


def test_no_cookie_is_set_or_needed_anywhere(web: Flask, client: FlaskClient) -> None:
    mine = admin_client(web, MAPLE)
    for who in (client, mine):
        for method, path in admin_rules(web):
            answer = who.open(path, method=method)
            assert "Set-Cookie" not in answer.headers, (method, path)
        for path in ("/", PAGE, "/auth/start", "/auth/callback", "/auth/patch-id-token", "/none"):
            assert "Set-Cookie" not in who.get(path).headers
    assert not web.secret_key


def test_the_staff_member_is_remembered_once(
    web: Flask, client: FlaskClient, services: Services, maple: MadeShop
) -> None:
    for _ in range(3):
        assert client.get("/", headers=bearer(MAPLE, staff_id="42")).status_code == 200
    with services.database.shop_session(maple.id) as session:
        assert (
            session.scalar(select(func.count(StaffMember.id)).where(StaffMember.staff_id == "42"))
            == 1
        )
