"""A few thousand inputs that nobody would think of, signed and unsigned, through both intakes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import Database
from shopify.identity import shop_named_in
from shopify.intake import ShopifyIntake
from shopify.topics import TOPICS
from sms.carriers.intake import Call, CarrierIntake
from tests.factories import MadeShop, make_shop
from tests.integration.web.attacks import PUBLIC_URL, SECRET, inbound, shopify_headers, sign

# The fixtures stay over all examples: what one leaves behind is part of the next one's world.
FEW = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SOME = settings(FEW, max_examples=250)
MANY = settings(FEW, max_examples=1_500)

# What arrives over HTTP: headers are Latin-1, form fields are UTF-8 with replacements.
header_text = st.text(st.characters(max_codepoint=255), max_size=60)
field_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
names = st.sampled_from(
    [
        *("MessageSid", "AccountSid", "To", "From", "Body", "OptOutType", "MessageStatus"),
        *("ErrorCode", "MessagingServiceSid", "NumMedia"),
    ]
)
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
keys = st.sampled_from(
    [
        *("id", "shop_id", "shop_domain", "myshopify_domain", "order_status_url", "order_id"),
        *("customer", "orders_requested", "current", "phone", "updated_at"),
    ]
)
payloads = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=5),
    max_leaves=12,
)
PREFIXES = st.sampled_from(["X-Shopify-", "shopify-", "x-shopify-"])
HEADERS = st.sampled_from(
    ["Shop-Domain", "Topic", "Webhook-Id", "API-Version", "Triggered-At", "Hmac-Sha256"]
)


def _clock() -> datetime:
    return datetime.now(UTC)


def _shopify(database: Database) -> ShopifyIntake:
    return ShopifyIntake(database, client_id="key", secrets=(SECRET, None), clock=_clock)


@given(
    headers=st.dictionaries(st.builds(str.__add__, PREFIXES, HEADERS), header_text, max_size=6),
    body=st.binary(max_size=200),
)
@MANY
def test_unsigned_webhooks_of_shopify(
    database: Database, headers: dict[str, str], body: bytes
) -> None:
    assert _shopify(database).receive("POST", headers, body).status == 401


@given(
    topic=st.sampled_from(sorted(TOPICS)),
    payload=payloads,
    odd=st.dictionaries(
        HEADERS.filter(lambda name: name != "Hmac-Sha256"), header_text, max_size=2
    ),
)
@FEW
def test_signed_webhooks_of_shopify(
    database: Database, topic: str, payload: object, odd: dict[str, str]
) -> None:
    body = json.dumps(payload).encode()
    headers = shopify_headers(body, domain="mine.myshopify.com", topic=topic)
    headers |= {f"X-Shopify-{name}": value for name, value in odd.items()}
    assert _shopify(database).receive("POST", headers, body).status in {200, 400, 403}


@given(topic=st.sampled_from(sorted(TOPICS)), body=st.binary(max_size=300))
@MANY
def test_reading_whose_webhook_it_is_never_fails(topic: str, body: bytes) -> None:
    shop_named_in(topic, body)


@given(
    key=field_text,
    form=st.dictionaries(names | field_text, field_text, max_size=8),
    signature=header_text,
    signature_settings=header_text,
    ours=st.booleans(),
)
@SOME
def test_unsigned_calls_of_a_carrier(
    database: Database,
    now: datetime,
    key: str,
    form: dict[str, str],
    signature: str,
    signature_settings: str,
    *,
    ours: bool,
) -> None:
    shop = _shop(database, now)
    account_key = shop.account_key if ours else key
    url = f"{PUBLIC_URL}/webhooks/twilio/{quote(account_key)}/inbound"
    call = Call(url, form, signature, signature_settings, message_id=key)
    intake = CarrierIntake(database, clock=_clock)
    assert intake.receive_inbound(account_key, call).status == 403
    assert intake.receive_status(account_key, call).status == 403


@given(
    changed=st.dictionaries(names.filter(lambda n: n not in {"AccountSid", "To"}), field_text),
    message_id=st.none() | field_text,
)
@FEW
def test_signed_calls_of_a_carrier(
    database: Database, now: datetime, changed: dict[str, str], message_id: str | None
) -> None:
    shop = _shop(database, now)
    form: dict[str, Any] = {**inbound(shop), **changed}
    for kind, receive in _doors(database):
        fields = form if kind == "inbound" else {**form, "From": shop.number}
        path = f"/webhooks/twilio/{shop.account_key}/{kind}"
        signature = sign(shop.auth_token, path, fields)["X-Twilio-Signature"]
        call = Call(PUBLIC_URL + path, fields, signature, "", message_id=message_id)
        assert receive(shop.account_key, call).status == 200


def _doors(database: Database) -> list[tuple[str, Any]]:
    intake = CarrierIntake(database, clock=_clock)
    return [("inbound", intake.receive_inbound), ("status", intake.receive_status)]


_made: dict[int, MadeShop] = {}


def _shop(database: Database, now: datetime) -> MadeShop:
    if id(database) not in _made:
        _made.clear()
        _made[id(database)] = make_shop(database, now=now)
    return _made[id(database)]
