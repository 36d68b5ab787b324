from __future__ import annotations

import contextlib
import random
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from models import Database, Fulfillment, FulfillmentEvent, Order
from shopify.sync import process_webhook
from shopify.topics import TOPICS
from sms.work import UnusablePayloadError
from tests.factories import MadeShop, make_shop
from tests.integration.shopify.making import (
    CUSTOMER_ID,
    ORDER_ID,
    keep,
    order_payload,
    parcel_payload,
    process,
    scan_payload,
)
from tests.unit.shopify_payloads.samples import VERSIONS, sample

# What JSON can say, and what PostgreSQL or Python's own limits may choke on.
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.sampled_from([0, 1, 2**63, 10**400, ORDER_ID, CUSTOMER_ID])
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        [
            *("\x00", "\ud800", "a\x00b", "9" * 400, "x" * 5000, "+14155550101", "1e999999999"),
            *("2026-11-20T10:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
            *(
                "success",
                "delivered",
                "out_for_delivery",
                "USD",
                "US",
                "http://[::1",
                "https://a.b",
            ),
            *("gid://shopify/Order/1", "Ⅷ", "İ" * 40, "%s", "'; DROP TABLE orders; --"),
        ]
    )
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
_NOW = datetime.now(UTC)
PARCEL = parcel_payload(_NOW)
PLAUSIBLE: dict[str, Any] = {
    **scan_payload("out_for_delivery", _NOW),
    **PARCEL,
    **order_payload(_NOW, fulfillments=[PARCEL, parcel_payload(_NOW, id=PARCEL["id"] + 1)]),
    "shop_id": 1,
    "orders_to_redact": [ORDER_ID],
    "data_request": {"id": 1},
    "current": ["a"],
}


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    paths = [path] if path else []
    for key, item in inner:
        if isinstance(item, dict | list):
            paths += _leaves(item, (*path, key))
        else:
            paths.append((*path, key))
    return paths


def _with(value: Any, path: tuple[Any, ...], replacement: object) -> Any:
    if not path:
        return replacement
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _with(copy[path[0]], path[1:], replacement)
    return copy


@st.composite
def nearly_sound(draw: st.DrawFn) -> object:
    """A plausible payload in which a few places hold anything at all."""
    payload: Any = PLAUSIBLE
    for _ in range(draw(st.integers(1, 4))):
        path = draw(st.sampled_from(_leaves(payload) or [()]))
        payload = _with(payload, path, draw(JSON))
        if not isinstance(payload, dict):
            break
    return payload


class _UndoneError(Exception):
    """Rolls an example back."""


@pytest.fixture
def shop(database: Database, now: datetime) -> MadeShop:
    return make_shop(database, now=now)


@given(topic=st.sampled_from(sorted(TOPICS)), payload=JSON | nearly_sound())
@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_garbage_is_unusable_or_harmless(
    database: Database, shop: MadeShop, now: datetime, topic: str, payload: object
) -> None:
    expected = contextlib.suppress(UnusablePayloadError, _UndoneError)
    with expected, database.shop_session(shop.id) as session:
        process_webhook(session, keep(session, topic, now=now), payload, now=now)
        session.flush()
        # An uninstall or erasure would leave nothing for the next example to break.
        raise _UndoneError


@pytest.mark.parametrize("version", VERSIONS)
def test_shopifys_own_samples_are_stored_with_exact_ids(
    database: Database, shop: MadeShop, now: datetime, version: str
) -> None:
    topics = [topic for topic in sorted(TOPICS) if topic != "shop/redact"]
    random.Random(version).shuffle(topics)
    for topic in topics:
        payload = sample(topic, version)
        if payload is not None:
            process(database, shop.id, topic, payload, now=now)

    with database.shop_session(shop.id) as session:
        assert session.scalars(select(Order.shopify_id)).all() == [820982911946154508]
        assert session.scalars(select(Fulfillment.shopify_id)).all() == [123456]
        assert session.scalars(select(FulfillmentEvent.shopify_id)).all() == [1234567]


def test_a_topic_that_nobody_knows_is_unusable(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    with pytest.raises(UnusablePayloadError):
        process(database, shop.id, "products/create", {"id": 1}, now=now)


def test_what_was_unusable_has_changed_nothing(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    for topic in sorted(TOPICS - {"app/uninstalled"}):
        with pytest.raises(UnusablePayloadError):
            process(database, shop.id, topic, [], now=now)

    with database.engine.connect() as connection:
        for table in ("orders", "fulfillments", "fulfillment_events", "contacts", "messages"):
            assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == 0
