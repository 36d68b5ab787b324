from __future__ import annotations

import json
from datetime import datetime

import pytest

from models import Database
from shopify.intake import ShopifyIntake
from tests.integration.shopify.signing import (
    DOMAIN,
    PREVIOUS,
    SECRET,
    headers,
    receive,
    rows,
    session_of,
    sign,
)


@pytest.fixture
def intake(database: Database, now: datetime) -> ShopifyIntake:
    return ShopifyIntake(database, client_id="app", secrets=(SECRET, PREVIOUS), clock=lambda: now)


@pytest.mark.parametrize(
    "body", [b"", b"not json", b"\xff\xfe\x00", b"[" * 100_000, b"1" * 10_000, b"null"]
)
@pytest.mark.parametrize("topic", ["orders/create", "shop/update", "customers/redact"])
def test_what_cannot_be_read_is_kept_for_a_person_to_look_at(
    intake: ShopifyIntake, body: bytes, topic: str
) -> None:
    assert receive(intake, headers(body, Topic=topic), body) == (200, "kept")


def test_bytes_that_are_no_text_are_verified_like_any_other(
    database: Database, intake: ShopifyIntake
) -> None:
    body = b"\xff\xfe"
    wrong = headers(body, Hmac_Sha256=sign(b"\xff"))

    assert receive(intake, wrong, body) == (401, "wrong_signature")
    assert receive(intake, headers(body, Hmac_Sha256=sign(body, PREVIOUS)), body)[0] == 200
    assert rows(database)[1] == 1


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("shop/update", {"id": 1, "myshopify_domain": "other.myshopify.com"}),
        ("app/uninstalled", {"id": 1, "myshopify_domain": "other.myshopify.com"}),
        ("customers/redact", {"shop_id": 1, "shop_domain": "other.myshopify.com"}),
        ("customers/data_request", {"shop_id": 1, "shop_domain": "other.myshopify.com"}),
        ("shop/redact", {"shop_domain": "other.myshopify.com"}),
        ("shop/redact", {"shop_domain": "{shop}.myshopify.com"}),
    ],
)
def test_a_payload_about_another_shop_is_refused_also_for_a_shop_nobody_knows(
    database: Database, intake: ShopifyIntake, topic: str, payload: object
) -> None:
    body = json.dumps(payload).encode()
    assert receive(intake, headers(body, Topic=topic), body) == (403, "another_shop")
    assert rows(database) == (0, 0, 0)


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("shop/update", {"id": 7}),
        ("app/uninstalled", {"id": "7"}),
        ("shop/redact", {"shop_id": 7, "shop_domain": DOMAIN}),
        ("fulfillment_events/create", {"id": 1, "shop_id": 7}),
        ("app/scopes_update", {"id": 1, "shop_id": "gid://shopify/Shop/7"}),
        ("orders/create", {"order_status_url": "https://a.example/7/orders/abc/authenticate"}),
    ],
)
def test_a_payload_with_another_shops_number_is_refused(
    database: Database, intake: ShopifyIntake, topic: str, payload: object
) -> None:
    receive(intake, headers())
    with session_of(database) as session, session.begin():
        session.shop.shopify_id = 548380009
    body = json.dumps(payload).encode()
    sent = headers(body, Topic=topic, Webhook_Id="another")

    assert receive(intake, sent, body) == (403, "another_shop")
    assert rows(database)[1:] == (1, 1)
