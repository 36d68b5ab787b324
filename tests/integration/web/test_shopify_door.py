"""Requests with a good signature: kept once, for the right shop, or refused without a trace."""

from __future__ import annotations

import io
import json

import pytest
from flask.testing import FlaskClient

from services import Services
from shopify.shops import locked_shop
from tests.factories import MadeShop
from tests.integration.web.attacks import (
    PREVIOUS_SECRET,
    SECRET,
    SHOPIFY,
    bodies,
    order,
    shopify_headers,
)
from tests.integration.web.conftest import RowCounts


def test_a_signed_webhook_is_kept_once_however_often_it_comes(
    client: FlaskClient, shop: MadeShop, rows: RowCounts
) -> None:
    body = order()
    headers = shopify_headers(body, domain=shop.domain)
    for _ in range(3):
        assert client.post(SHOPIFY, data=body, headers=headers).status_code == 200
    counted = rows()
    assert (counted["webhook_receipts"], counted["outbox"]) == (1, 1)


def test_a_webhook_replayed_in_another_shops_name_is_a_duplicate(
    client: FlaskClient, shop: MadeShop, other_shop: MadeShop, rows: RowCounts
) -> None:
    body = order()
    headers = shopify_headers(body, domain=shop.domain)
    client.post(SHOPIFY, data=body, headers=headers)
    before = rows()
    headers["X-Shopify-Shop-Domain"] = other_shop.domain
    assert client.post(SHOPIFY, data=body, headers=headers).status_code == 200
    assert rows() == before


def test_the_secret_before_a_rotation_still_counts_and_no_other(
    client: FlaskClient, shop: MadeShop, rows: RowCounts
) -> None:
    body = order()
    before = rows()
    for secret in ("another app's", SECRET.upper(), SECRET + " ", "x"):
        headers = shopify_headers(body, domain=shop.domain, secret=secret)
        assert client.post(SHOPIFY, data=body, headers=headers).status_code == 401
    assert rows() == before
    headers = shopify_headers(body, domain=shop.domain, secret=PREVIOUS_SECRET)
    assert client.post(SHOPIFY, data=body, headers=headers).status_code == 200


@pytest.mark.parametrize("changed", [b" ", b"\n", b"\x00", b"\xef\xbb\xbf"])
def test_one_byte_more_than_was_signed_is_refused(
    client: FlaskClient, shop: MadeShop, rows: RowCounts, changed: bytes
) -> None:
    body = order()
    headers = shopify_headers(body, domain=shop.domain)
    before = rows()
    for forged in (body + changed, changed + body, body[:-1], b""):
        assert client.post(SHOPIFY, data=forged, headers=headers).status_code == 401
    assert rows() == before


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("customers/redact", {"shop_id": 77, "shop_domain": "theirs.myshopify.com"}),
        ("customers/data_request", {"shop_id": 78, "shop_domain": "mine.myshopify.com"}),
        ("shop/redact", {"shop_domain": "THEIRS.myshopify.com"}),
        ("shop/update", {"id": 77, "myshopify_domain": "theirs.myshopify.com"}),
        ("shop/update", {"id": 78}),
        ("app/uninstalled", {"id": 78, "myshopify_domain": "mine.myshopify.com"}),
        ("app/scopes_update", {"shop_id": 78, "current": []}),
        ("orders/create", {"order_status_url": "https://a.example/78/orders/abc/authenticate"}),
        ("fulfillment_events/create", {"id": 1, "shop_id": 78, "fulfillment_id": 1}),
    ],
)
def test_a_webhook_that_speaks_of_another_shop_leaves_no_row(
    client: FlaskClient,
    services: Services,
    shop: MadeShop,
    rows: RowCounts,
    topic: str,
    payload: dict[str, object],
) -> None:
    with services.database.shop_session(shop.id) as session:
        locked_shop(session).shopify_id = 77
    before = rows()
    body = json.dumps({"id": 5, **payload}).encode()
    headers = shopify_headers(body, domain=shop.domain, topic=topic)
    assert client.post(SHOPIFY, data=body, headers=headers).status_code in {401, 403}
    assert rows() == before


@pytest.mark.parametrize(
    "domain",
    [
        *("", "mine", "mine.myshopify.com.evil.example", "https://mine.myshopify.com"),
        *("mine.myshopify.com\x00", "mine.myshopify.com/x", "-a.myshopify.com", "é.myshopify.com"),
        *("a" * 300 + ".myshopify.com", "mine.myshopify.com,theirs.myshopify.com"),
    ],
)
def test_a_signed_webhook_of_no_shop_leaves_no_row(
    client: FlaskClient, rows: RowCounts, domain: str
) -> None:
    body = order()
    headers = shopify_headers(body, domain="x") | {"X-Shopify-Shop-Domain": domain}
    assert client.post(SHOPIFY, data=body, headers=headers).status_code == 400
    assert not rows()["webhook_receipts"]
    assert not rows()["shops"]


@pytest.mark.parametrize("name", [name for name in bodies() if "5 MB" not in name])
def test_signed_rubbish_is_kept_for_a_person_and_harms_nobody(
    client: FlaskClient, shop: MadeShop, rows: RowCounts, written: io.StringIO, name: str
) -> None:
    body, content_type = bodies()[name]
    headers = shopify_headers(body, domain=shop.domain) | {"Content-Type": content_type}
    assert client.post(SHOPIFY, data=body, headers=headers).status_code == 200
    assert rows()["webhook_receipts"] == 1
    assert "Traceback" not in written.getvalue()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Shopify-Webhook-Id", "x" * 5_000),
        ("X-Shopify-Webhook-Id", "é\x00\x01"),
        ("X-Shopify-Webhook-Id", "a\x00b"),
        ("X-Shopify-Webhook-Id", ""),
        ("X-Shopify-API-Version", "9" * 500),
        ("X-Shopify-API-Version", "\x00"),
        ("X-Shopify-API-Version", "é"),
        ("X-Shopify-Triggered-At", "yesterday"),
        ("X-Shopify-Triggered-At", "9999-12-31T23:59:59-14:00"),
        ("X-Shopify-Triggered-At", "\x00"),
        ("X-Shopify-Topic", "orders/create\x00"),
        ("X-Shopify-Topic", "unknown/topic"),
        ("X-Shopify-Topic", ""),
    ],
)
def test_odd_headers_beside_a_good_signature_never_break_the_door(
    client: FlaskClient, shop: MadeShop, written: io.StringIO, name: str, value: str
) -> None:
    body = order()
    headers = shopify_headers(body, domain=shop.domain) | {name: value}
    assert client.post(SHOPIFY, data=body, headers=headers).status_code == 200
    assert "request_failed" not in written.getvalue()
