"""A webhook as Shopify sends it: a body, and headers that sign and name it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

API_VERSION = "2026-10"
Payload = dict[str, Any]


@dataclass(frozen=True)
class WebhookRequest:
    """What is posted. A retry posts the very same headers and bytes, signature and ids included."""

    topic: str
    shop_domain: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def webhook_id(self) -> str:
        """Names this delivery; the same on each retry (facts of the delivery contract)."""
        return self.headers["X-Shopify-Webhook-Id"]

    @property
    def event_id(self) -> str:
        """Names the merchant's action; shared by all webhooks which that action caused."""
        return self.headers["X-Shopify-Event-Id"]

    @property
    def payload(self) -> Payload:
        """The body, parsed."""
        parsed: Payload = json.loads(self.body)
        return parsed


@dataclass(frozen=True)
class Event:
    """One action of a merchant, buyer or parcel carrier; it may cause several webhooks."""

    shop_domain: str
    at: datetime
    id: str

    @classmethod
    def at_shop(cls, shop_domain: str, at: datetime) -> Event:
        """A new action at a shop; `at` is aware."""
        return cls(shop_domain=shop_domain, at=at, id=str(uuid.uuid4()))

    def webhook(self, topic: str, payload: Payload, *, secret: str) -> WebhookRequest:
        """The signed request which tells an app about this action."""
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        triggered = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Shopify-Captain-Hook",
            "X-Shopify-Topic": topic,
            "X-Shopify-Hmac-Sha256": sign(body, secret=secret),
            "X-Shopify-Shop-Domain": self.shop_domain,
            "X-Shopify-API-Version": API_VERSION,
            "X-Shopify-Webhook-Id": str(uuid.uuid4()),
            "X-Shopify-Event-Id": self.id,
            "X-Shopify-Triggered-At": triggered.replace("+00:00", "Z"),
        }
        return WebhookRequest(topic, self.shop_domain, headers, body)


def sign(body: bytes, *, secret: str) -> str:
    """HMAC-SHA256 of the raw bytes, in base64."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
