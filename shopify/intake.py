"""Taking in Shopify's webhooks: verify, commit, answer. What they mean is found out later.

Shopify waits five seconds, retries what was not answered with 2xx, and delivers at least once and
in any order (the delivery contract). So the answer depends on nothing but one short transaction.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog
from shopify_app.types import AppConfig, RequestInput
from shopify_app.verify import verify_webhook_req
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionError

from models import Database, OutboxEntry, ShopSession, WebhookReceipt, new_id
from models.enums import ReceiptStatus, ShopStatus, WebhookSource
from shopify.identity import shop_named_in
from shopify.reading import as_moment
from shopify.shops import normalised_domain, session_of_domain
from shopify.topics import COMPLIANCE_TOPICS, TOPICS

SHOPIFY_WEBHOOK = "shopify_webhook"

_MAX_ID_LENGTH = 200
_MAX_VERSION_LENGTH = 20

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What Shopify is told: an HTTP status, and a stable code for our log."""

    status: int
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A webhook whose signature is good, as its headers name it."""

    domain: str
    topic: str
    external_id: str
    api_version: str | None
    triggered_at: datetime
    body: bytes


class ShopifyIntake:
    """`secrets` are the app's current secret and, for an hour after a rotation, the one before."""

    def __init__(
        self,
        database: Database,
        *,
        client_id: str,
        secrets: tuple[str, str | None],
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._secrets = secrets
        self._config = AppConfig(
            client_id=client_id, client_secret=secrets[0], old_client_secret=secrets[1]
        )
        self._clock = clock

    def receive(self, method: str, headers: Mapping[str, str], raw_body: bytes) -> Answer:
        """Take in one request. Never raises for what a stranger can send."""
        fields = {name.lower(): value for name, value in headers.items()}
        refused = self._refused(method, fields, raw_body)
        if refused is not None:
            log.warning("shopify webhook refused", code=refused.code)
            return refused
        now = self._clock()
        delivery = _delivery(fields, raw_body, now=now)
        if isinstance(delivery, Answer):
            log.warning("shopify webhook not kept", code=delivery.code)
            return delivery
        try:
            answer = self._kept(delivery, now=now)
        except (OperationalError, NoConnectionError):
            # Shopify tries again for four hours; a database is back sooner.
            answer = Answer(503, "database_unavailable")
        log.info(
            "shopify webhook",
            code=answer.code,
            topic=delivery.topic,
            shop=delivery.domain,
            webhook_id=delivery.external_id,
        )
        return answer

    def _refused(self, method: str, fields: Mapping[str, str], raw_body: bytes) -> Answer | None:
        if method != "POST":
            return Answer(405, "not_a_post")
        signature = _header(fields, "hmac-sha256")
        # The library compares as ASCII and fails on anything else; no signature has such letters.
        if not signature or not signature.isascii():
            return Answer(401, "no_signature" if not signature else "wrong_signature")
        if not self._signed(fields, signature, raw_body):
            return Answer(401, "wrong_signature")
        return None

    def _signed(self, fields: Mapping[str, str], signature: str, raw_body: bytes) -> bool:
        try:
            body = raw_body.decode()
            request = RequestInput(method="POST", headers=dict(fields), url="", body=body)
            return bool(verify_webhook_req(request, self._config).ok)
        except (ValueError, RecursionError):
            # The library takes text, and parses it for its log before it verifies anything: bytes
            # that are no UTF-8, deep nesting and endless digits are beyond it.
            return self._signed_bytes(signature, raw_body)

    def _signed_bytes(self, signature: str, raw_body: bytes) -> bool:
        """Verify what the library cannot be given."""
        digests = (
            hmac.new(secret.encode(), raw_body, hashlib.sha256).digest()
            for secret in self._secrets
            if secret
        )
        return any(
            hmac.compare_digest(base64.b64encode(digest).decode(), signature) for digest in digests
        )

    def _kept(self, delivery: Delivery, *, now: datetime) -> Answer:
        named = shop_named_in(delivery.topic, delivery.body)
        if named.contradicts(domain=delivery.domain):
            return Answer(403, "another_shop")
        with session_of_domain(
            self._database, delivery.domain, known_since=delivery.triggered_at, now=now
        ) as session:
            shop = session.shop
            if named.contradicts(domain=delivery.domain, shopify_id=shop.shopify_id):
                return Answer(403, "another_shop")
            if shop.status is ShopStatus.ERASED and delivery.topic not in COMPLIANCE_TOPICS:
                # Its people were erased: nothing of them is taken in until it is installed again.
                return Answer(200, "shop_erased")
            receipt_id = _keep(session, delivery, now=now)
            if receipt_id is None:
                return Answer(200, "duplicate")
        return Answer(200, "kept")


def _header(fields: Mapping[str, str], name: str) -> str | None:
    """Read a header in its usual or its newer style; each is enough."""
    return fields.get(f"x-shopify-{name}") or fields.get(f"shopify-{name}")


def _delivery(fields: Mapping[str, str], body: bytes, *, now: datetime) -> Delivery | Answer:
    domain = normalised_domain(_header(fields, "shop-domain"))
    if domain is None:
        return Answer(400, "no_shop")
    topic = (_header(fields, "topic") or "").strip().lower()
    if topic not in TOPICS:
        # Refusing would only make Shopify send it again for four hours.
        return Answer(200, "topic_not_ours")
    triggered_at = as_moment(_header(fields, "triggered-at")) or now
    return Delivery(
        domain=domain,
        topic=topic,
        external_id=_external_id(fields, domain=domain, topic=topic, body=body),
        api_version=_plain(_header(fields, "api-version"), length=_MAX_VERSION_LENGTH),
        triggered_at=min(triggered_at, now),
        body=body,
    )


def _external_id(fields: Mapping[str, str], *, domain: str, topic: str, body: bytes) -> str:
    """Return Shopify's id of the delivery, the same on each of its retries.

    Without one (it has never been seen missing), what is retried is known by its own bytes.
    """
    given = _header(fields, "webhook-id") or ""
    plain = _plain(given, length=_MAX_ID_LENGTH)
    if plain is not None:
        return plain
    named = f"{given}\0{topic}\0{domain}\0".encode(errors="surrogateescape")
    return f"sha256:{hashlib.sha256(named + body).hexdigest()}"


def _plain(value: str | None, *, length: int) -> str | None:
    """Return a header's value if it can be kept as it is: PostgreSQL, for one, knows no NUL."""
    text = (value or "").strip()
    return text if text and text.isascii() and text.isprintable() and len(text) <= length else None


def _keep(session: ShopSession, delivery: Delivery, *, now: datetime) -> object:
    """Write the receipt and what is to be done about it; None if it was written before."""
    receipt_id = session.execute(
        insert(WebhookReceipt)
        .values(
            id=new_id(),
            shop_id=session.shop_id,
            source=WebhookSource.SHOPIFY,
            external_id=delivery.external_id,
            topic=delivery.topic,
            api_version=delivery.api_version,
            body_encrypted=session.vault.encrypt(delivery.body),
            status=ReceiptStatus.RECEIVED,
            triggered_at=delivery.triggered_at,
            received_at=now,
        )
        .on_conflict_do_nothing(index_elements=["source", "external_id"])
        .returning(WebhookReceipt.id)
    ).scalar_one_or_none()
    if receipt_id is not None:
        session.add(
            OutboxEntry(
                kind=SHOPIFY_WEBHOOK,
                receipt_id=receipt_id,
                args={},
                run_after=now,
                attempts=0,
                created_at=now,
            )
        )
        session.wake(SHOPIFY_WEBHOOK)
    return receipt_id
