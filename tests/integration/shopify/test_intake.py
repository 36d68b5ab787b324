from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import create_engine, select, text
from structlog.testing import capture_logs

from models import Database, OutboxEntry, Shop, Vault, Wake, WebhookReceipt
from models.enums import ReceiptStatus, ShopStatus
from route_access import access_of
from shopify.intake import ShopifyIntake
from shopify.topics import TOPICS
from shopify.webhooks import create_blueprint
from tests.integration.shopify.signing import (
    BODY,
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


def test_a_signed_webhook_is_kept_encrypted_with_something_to_do(
    database: Database, intake: ShopifyIntake, now: datetime, wakes: list[Wake]
) -> None:
    assert receive(intake, headers()) == (200, "kept")

    with session_of(database) as session:
        assert session.shop.status is ShopStatus.PENDING
        receipt = session.scalars(select(WebhookReceipt)).one()
        assert receipt.status is ReceiptStatus.RECEIVED
        assert receipt.topic == "orders/create"
        assert receipt.external_id == "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"
        assert receipt.triggered_at == datetime(2026, 11, 20, 10, 0, 0, 123456, UTC)
        assert receipt.body_encrypted is not None
        assert b"order" not in receipt.body_encrypted
        assert database.vault.decrypt(receipt.body_encrypted) == BODY
        entry = session.scalars(select(OutboxEntry)).one()
        assert (entry.kind, entry.receipt_id) == ("shopify_webhook", receipt.id)
    assert wakes == [Wake("shopify_webhook")]


def test_the_same_delivery_again_is_answered_and_not_kept(
    database: Database, intake: ShopifyIntake
) -> None:
    receive(intake, headers())

    assert receive(intake, headers()) == (200, "duplicate")
    assert receive(intake, headers(Shop_Domain="other.myshopify.com")) == (200, "duplicate")
    assert rows(database)[1:] == (1, 1)


def test_a_delivery_without_an_id_is_known_again_by_its_bytes(
    database: Database, intake: ShopifyIntake
) -> None:
    assert receive(intake, headers(Webhook_Id=None)) == (200, "kept")
    assert receive(intake, headers(Webhook_Id=None)) == (200, "duplicate")
    assert receive(intake, headers(Webhook_Id=None, Topic="orders/updated")) == (200, "kept")
    assert receive(intake, headers(Webhook_Id="é" * 300)) == (200, "kept")


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_every_topic_is_taken(intake: ShopifyIntake, topic: str) -> None:
    body = b"{}"
    assert receive(intake, headers(body, Topic=topic), body) == (200, "kept")


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (headers(Hmac_Sha256=None), (401, "no_signature")),
        (headers(Hmac_Sha256=""), (401, "no_signature")),
        (headers(Hmac_Sha256=sign(BODY, "not ours")), (401, "wrong_signature")),
        (headers(Hmac_Sha256=sign(BODY + b" ")), (401, "wrong_signature")),
        (headers(Hmac_Sha256="ünïcödé"), (401, "wrong_signature")),
        (headers(Hmac_Sha256="x" * 100_000), (401, "wrong_signature")),
        (headers(Shop_Domain=None), (400, "no_shop")),
        (headers(Shop_Domain="evil.com"), (400, "no_shop")),
        (headers(Shop_Domain="evil.com/.myshopify.com"), (400, "no_shop")),
        (headers(Shop_Domain="-a.myshopify.com"), (400, "no_shop")),
        (headers(Shop_Domain="a.myshopify.com.evil.com"), (400, "no_shop")),
        (headers(Shop_Domain=f"{'a' * 300}.myshopify.com"), (400, "no_shop")),
        (headers(Shop_Domain="ä.myshopify.com"), (400, "no_shop")),
        (headers(Topic="products/create"), (200, "topic_not_ours")),
        (headers(Topic=None), (200, "topic_not_ours")),
    ],
)
def test_what_is_not_to_be_kept_leaves_no_row(
    database: Database, intake: ShopifyIntake, sent: dict[str, str], answer: tuple[int, str]
) -> None:
    assert receive(intake, sent) == answer
    assert rows(database) == (0, 0, 0)


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", ""])
def test_anything_but_a_post_is_refused(intake: ShopifyIntake, method: str) -> None:
    assert intake.receive(method, headers(), BODY).status == 405


def test_the_secret_from_before_a_rotation_still_counts(intake: ShopifyIntake) -> None:
    assert receive(intake, headers(Hmac_Sha256=sign(BODY, PREVIOUS))) == (200, "kept")


def test_an_empty_previous_secret_signs_nothing(database: Database, now: datetime) -> None:
    for secrets in ((SECRET, None), (SECRET, "")):
        intake = ShopifyIntake(database, client_id="app", secrets=secrets, clock=lambda: now)
        for body in (BODY, b"\xff\xfe"):
            signed = headers(Hmac_Sha256=sign(body, ""))
            assert receive(intake, signed, body) == (401, "wrong_signature")


def test_the_newer_headers_count_too_and_names_have_no_case(intake: ShopifyIntake) -> None:
    newer = {
        name.lower().removeprefix("x-"): value
        for name, value in headers(Shop_Domain=DOMAIN.upper()).items()
    }
    assert receive(intake, newer) == (200, "kept")


@pytest.mark.parametrize("said", ["2099-01-01T00:00:00Z", "yesterday", "", "1", "9" * 500])
def test_a_moment_that_cannot_be_is_taken_as_now(
    database: Database, intake: ShopifyIntake, now: datetime, said: str
) -> None:
    receive(intake, headers(Triggered_At=said))
    with session_of(database) as session:
        assert session.scalars(select(WebhookReceipt.triggered_at)).one() == now


def test_two_first_webhooks_at_once_make_one_shop(
    database: Database, intake: ShopifyIntake
) -> None:
    start = threading.Barrier(8)

    def send(number: int) -> int:
        start.wait()
        return receive(intake, headers(Webhook_Id=f"webhook {number}"))[0]

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(send, range(8))) == {200}
    assert rows(database) == (1, 8, 8)


def test_an_erased_shop_is_not_filled_again(
    database: Database, intake: ShopifyIntake, now: datetime
) -> None:
    receive(intake, headers())
    with session_of(database) as session, session.begin():
        session.shop.status = ShopStatus.ERASED

    assert receive(intake, headers(Webhook_Id="later")) == (200, "shop_erased")
    body = b"{}"
    compliance = headers(body, Webhook_Id="last", Topic="customers/redact")
    assert receive(intake, compliance, body) == (200, "kept")
    assert rows(database)[1] == 2


def test_a_database_that_is_away_is_no_lost_webhook(vault: Vault, now: datetime) -> None:
    away = Database("postgresql+psycopg://nobody@127.0.0.1:1/none", vault=vault)
    intake = ShopifyIntake(away, client_id="app", secrets=(SECRET, None), clock=lambda: now)

    assert receive(intake, headers()) == (503, "database_unavailable")


def test_the_log_names_the_webhook_and_never_what_it_says(intake: ShopifyIntake) -> None:
    with capture_logs() as logs:
        receive(intake, headers())

    (line,) = logs
    assert (line["code"], line["topic"], line["shop"]) == ("kept", "orders/create", DOMAIN)
    assert "Chlo" not in str(logs)


def test_the_address_says_how_it_knows_who_asks(intake: ShopifyIntake) -> None:
    app = Flask(__name__)
    app.register_blueprint(create_blueprint(intake))
    client = app.test_client()

    assert client.post("/webhooks/shopify", data=BODY, headers=headers()).status_code == 200
    assert client.post("/webhooks/shopify", data=BODY).status_code == 401
    assert client.get("/webhooks/shopify").status_code == 405
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    again = client.post("/webhooks/shopify", data=BODY, headers=headers() | form)
    assert again.status_code == 200
    views = [app.view_functions[name] for name in app.view_functions if "shopify" in name]
    assert [access_of(view) for view in views] == ["Shopify HMAC"]


def test_a_megabyte_is_taken_in_a_moment(intake: ShopifyIntake) -> None:
    body = json.dumps({"id": 1, "note": "x" * 1_000_000}).encode()
    began = datetime.now(UTC)
    assert receive(intake, headers(body), body) == (200, "kept")
    # Shopify waits five seconds; this takes some fifty milliseconds.
    assert datetime.now(UTC) - began < timedelta(seconds=2)


def test_a_shop_is_made_in_its_own_session_alone(
    database: Database, intake: ShopifyIntake, empty_database: str
) -> None:
    receive(intake, headers())
    receive(intake, headers(Webhook_Id="b", Shop_Domain="harbor-tea.myshopify.com"))
    with session_of(database) as session:
        assert [shop.domain for shop in session.scalars(select(Shop))] == [DOMAIN]
    engine = create_engine(empty_database)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM shops")) == 2
    engine.dispose()
