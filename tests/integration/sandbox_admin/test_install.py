"""Installs that the app begins itself, and what the frame signs, by Shopify's own libraries."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from sandbox.shopify_admin.parts import Admin
from sandbox.shopify_admin.signing import read_session_token
from shopify.session import Session
from shopify.session_token import decode_from_header
from tests.integration.sandbox_admin.conftest import MAPLE
from tests.integration.sandbox_admin.toy_app import KEY, SECRET, ToyApp

FROM_THE_FRAME = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def client(sandbox: Flask) -> FlaskClient:
    return sandbox.test_client()


def authorize(toy: ToyApp, **changes: str) -> str:
    asked = {
        "client_id": KEY, "scope": "read_orders,read_customers", "state": "once",
        "redirect_uri": f"{toy.url}/auth/callback",
    }  # fmt: skip
    return f"/shops/{MAPLE}/admin/oauth/authorize?{urlencode(asked | changes)}"


def test_a_merchant_agrees_and_the_code_buys_a_token_once(
    client: FlaskClient, admin: Admin, toy: ToyApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin.store.uninstall(MAPLE)
    assert "See customers" in client.get(authorize(toy)).get_data(as_text=True)
    answer = client.post(authorize(toy))
    assert answer.location.startswith(f"{toy.url}/auth/callback?")
    values = dict(parse_qsl(urlsplit(answer.location).query))
    monkeypatch.setattr(Session, "secret", SECRET)
    assert Session.validate_params(values)
    assert values["state"] == "once"
    assert admin.installed(MAPLE)
    given = {"client_id": KEY, "client_secret": SECRET, "code": values["code"], "expiring": 1}
    address = f"/shops/{MAPLE}/admin/oauth/access_token"
    told: Any = client.post(address, data=given).json
    assert told["scope"] == "read_customers,read_orders"
    assert client.post(address, data=given).status_code == 400


def test_what_was_granted_before_is_not_asked_again(client: FlaskClient, toy: ToyApp) -> None:
    assert client.get(authorize(toy, scope="read_orders")).status_code == 302
    assert client.get(authorize(toy)).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "other"},
        {"redirect_uri": "https://evil.example/auth/callback"},
        {"scope": "read_minds"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_wrong_request_is_refused_in_place(
    client: FlaskClient, toy: ToyApp, changes: dict[str, str]
) -> None:
    assert client.get(authorize(toy, **changes)).status_code == 400
    assert client.post(authorize(toy, **changes)).status_code == 400


def test_the_launch_address_is_signed_as_shopify_signs(
    client: FlaskClient, admin: Admin, toy: ToyApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"shop": MAPLE, "staff": "priya", "path": "/inbox?filter=new&shop=evil&hmac=1"}
    answer: Any = client.post("/admin/launch", json=body, headers=FROM_THE_FRAME).json
    url = urlsplit(answer["url"])
    values = dict(parse_qsl(url.query))
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{toy.url}/inbox"
    assert (values["shop"], values["filter"], values["embedded"]) == (MAPLE, "new", "1")
    monkeypatch.setattr(Session, "secret", SECRET)
    assert Session.validate_params(dict(values))
    claims = decode_from_header(f"Bearer {values['id_token']}", api_key=KEY, secret=SECRET)
    assert claims["sub"] == "94500100003"
    assert 55 < claims["exp"] - time.time() <= 60
    other = admin.store.world.shop("harbor-tea.myshopify.com")
    assert read_session_token(admin.app, other, values["id_token"]) is None


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "https://evil.example"}, FROM_THE_FRAME | {"Sec-Fetch-Site": "cross-site"}],
    ids=["no origin", "another origin", "another site"],
)
def test_only_the_frame_gets_a_session_token(client: FlaskClient, headers: dict[str, str]) -> None:
    body = {"shop": MAPLE, "staff": "mia"}
    assert client.post("/admin/session-token", json=body, headers=headers).status_code == 403


def test_an_uninstalled_app_gets_no_session_token(client: FlaskClient, admin: Admin) -> None:
    admin.store.uninstall(MAPLE)
    body = {"shop": MAPLE, "staff": "mia"}
    answer = client.post("/admin/session-token", json=body, headers=FROM_THE_FRAME)
    assert answer.status_code == 409


def test_the_admins_own_pages_show_the_stores_data(client: FlaskClient, admin: Admin) -> None:
    order_id = admin.store.place_order(MAPLE, "chloe", {"MR-RYE-SEED": 1}).order_id
    start = "/admin/store/maple-and-rye"
    assert "Chloé Gagnon" in client.get(f"{start}/orders").get_data(as_text=True)
    assert "Seeded rye loaf" in client.get(f"{start}/orders/{order_id}").get_data(as_text=True)
    assert "Montréal" in client.get(f"{start}/customers").get_data(as_text=True)
    assert client.get(f"/admin/store/harbor-tea/orders/{order_id}").status_code == 404
    assert client.get("/admin/store/nobody").status_code == 404
    policy = client.get(start).headers["Content-Security-Policy"]
    assert policy == "frame-ancestors 'self'"


def test_an_app_is_found_by_its_client_id(client: FlaskClient) -> None:
    found = client.get(f"/shops/{MAPLE}/admin/apps/{KEY}")
    assert found.status_code == 302
    assert found.location == "/admin/store/maple-and-rye/apps/parley"
    assert client.get(f"/shops/{MAPLE}/admin/apps/another").status_code == 404
