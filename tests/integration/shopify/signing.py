"""Signed requests, and a look at what became of them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping

from sqlalchemy import text

from models import Database, ShopSession
from models.across_shops import shop_id_of_domain
from shopify.intake import ShopifyIntake

SECRET, PREVIOUS = "current secret", "secret before the rotation"
DOMAIN = "maple-and-rye.myshopify.com"
BODY = json.dumps({"id": 820982911946154507, "name": "Chloé's order"}).encode()
TRIGGERED = "2026-11-20T10:00:00.123456789Z"


def sign(body: bytes, secret: str = SECRET) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def headers(body: bytes = BODY, **changes: str | None) -> dict[str, str]:
    """Header names are written as keywords: `Webhook_Id` is X-Shopify-Webhook-Id."""
    values = {
        "Topic": "orders/create",
        "Hmac_Sha256": sign(body),
        "Shop_Domain": DOMAIN,
        "API_Version": "2026-10",
        "Webhook_Id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
        "Triggered_At": TRIGGERED,
    } | changes
    return {
        f"X-Shopify-{name.replace('_', '-')}": value
        for name, value in values.items()
        if value is not None
    }


def receive(intake: ShopifyIntake, sent: Mapping[str, str], body: bytes = BODY) -> tuple[int, str]:
    answer = intake.receive("POST", sent, body)
    return answer.status, answer.code


def rows(database: Database) -> tuple[int, int, int]:
    """Count shops, receipts and things to do, over all shops."""
    with database.engine.connect() as connection:
        counts = "SELECT (SELECT count(*) FROM shops), (SELECT count(*) FROM webhook_receipts), "
        found = connection.execute(text(counts + "(SELECT count(*) FROM outbox)")).one()
        return found[0], found[1], found[2]


def session_of(database: Database, domain: str = DOMAIN) -> ShopSession:
    with database.shared_session() as session:
        shop_id = shop_id_of_domain(session, domain)
    assert shop_id is not None
    session = ShopSession(database.engine)
    session.shop_id, session.vault = shop_id, database.vault
    return session
