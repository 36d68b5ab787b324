from __future__ import annotations

import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import inspect, select

from models import (
    Base,
    Contact,
    Database,
    Fulfillment,
    FulfillmentEvent,
    Message,
    Order,
    ShipmentMilestone,
)
from models.enums import Milestone, MilestoneOutcome
from tests.factories import MadeShop, make_shop
from tests.integration.shopify.making import (
    MUG,
    PARCEL_ID,
    TEA,
    Payload,
    order_payload,
    outcomes,
    parcel_payload,
    process,
    scan_payload,
)

Webhook = tuple[str, Payload, datetime]
MINUTE = timedelta(minutes=1)
SECOND_PARCEL = PARCEL_ID + 1
NOT_COMPARED = {"id", "shop_id", "contact_id", "message_id", "happened_at", "outcome", "decided_at"}


def history(began: datetime) -> list[Webhook]:
    """One order in two parcels, as it happens: each entry with the moment of its webhook."""
    mug = {"line_items": [MUG], "created_at": began.isoformat()}
    tea = {"id": SECOND_PARCEL, "line_items": [TEA], "created_at": began.isoformat()}
    states: list[tuple[str, Any]] = [
        ("orders/create", lambda at: order_payload(at, phone=None, customer=None)),
        ("orders/updated", lambda at: order_payload(at, financial_status="paid")),
        ("fulfillments/create", lambda at: parcel_payload(at, **mug, tracking_urls=[])),
        (
            "orders/updated",
            lambda at: order_payload(
                at, fulfillment_status="partial", fulfillments=[parcel_payload(at, **mug)]
            ),
        ),
        ("fulfillments/update", lambda at: parcel_payload(at, **mug, shipment_status="in_transit")),
        ("fulfillments/create", lambda at: parcel_payload(at, **tea)),
        (
            "orders/fulfilled",
            lambda at: order_payload(
                at,
                fulfillment_status="fulfilled",
                fulfillments=[
                    parcel_payload(at, **mug, shipment_status="in_transit"),
                    parcel_payload(at, **tea),
                ],
            ),
        ),
    ]
    for number, status in enumerate(("delayed", "out_for_delivery", "delivered")):
        states.append(
            (
                "fulfillment_events/create",
                lambda at, status=status, number=number: scan_payload(status, at, id=900 + number),
            )
        )
        states.append(
            (
                "fulfillments/update",
                lambda at, status=status: parcel_payload(at, **mug, shipment_status=status),
            )
        )
    moments = [began + number * MINUTE for number in range(len(states))]
    return [(topic, make(at), at) for (topic, make), at in zip(states, moments, strict=True)]


def play(database: Database, shop: MadeShop, webhooks: list[Webhook], now: datetime) -> None:
    for topic, payload, triggered_at in webhooks:
        process(database, shop.id, topic, payload, now=now, triggered_at=triggered_at)


def snapshot(database: Database, shop: MadeShop) -> list[dict[str, Any]]:
    """Return all that should not depend on the order of arrival."""
    tables: tuple[type[Base], ...] = (Order, Fulfillment, FulfillmentEvent, ShipmentMilestone)
    with database.shop_session(shop.id) as session:
        rows = [row for table in tables for row in session.scalars(select(table))]
        shown = [
            {"table": type(row).__name__}
            | {
                column.key: getattr(row, column.key)
                for column in inspect(type(row)).column_attrs
                if column.key not in NOT_COMPARED
            }
            for row in rows
        ]
        contact = session.scalars(select(Contact)).one()
        shown.append({"phone": contact.phone, "name": contact.first_name})
    return sorted(shown, key=repr)


def texts_per_milestone(database: Database, shop: MadeShop) -> Counter[str]:
    with database.shop_session(shop.id) as session:
        return Counter(session.scalars(select(Message.dedupe_key)))


@pytest.fixture
def ordered(database: Database, now: datetime) -> list[dict[str, Any]]:
    shop = make_shop(database, now=now)
    play(database, shop, history(now - timedelta(hours=1)), now)
    return snapshot(database, shop)


@given(seed=st.integers(0, 10**9), repeats=st.integers(1, 3))
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_order_and_any_repetition_ends_where_the_true_history_ends(
    database: Database, now: datetime, ordered: list[dict[str, Any]], seed: int, repeats: int
) -> None:
    webhooks = history(now - timedelta(hours=1)) * repeats
    random.Random(seed).shuffle(webhooks)
    shop = make_shop(database, now=now)

    play(database, shop, webhooks, now)

    assert snapshot(database, shop) == ordered
    texts = texts_per_milestone(database, shop)
    assert set(texts.values()) == {1}
    # However the rest fell, the last word on each parcel was told.
    last_words = {f"shipping:{PARCEL_ID}:delivered", f"shipping:{SECOND_PARCEL}:shipped"}
    assert last_words <= set(texts)


def test_the_true_history_tells_everything_once(database: Database, now: datetime) -> None:
    shop = make_shop(database, now=now)
    play(database, shop, history(now - timedelta(hours=1)), now)

    told = outcomes(database, shop.id, parcel=PARCEL_ID)
    assert set(told.values()) == {MilestoneOutcome.TEXTED}
    assert set(told) == {
        Milestone.SHIPPED,
        Milestone.DELAYED,
        Milestone.OUT_FOR_DELIVERY,
        Milestone.DELIVERED,
    }
    assert outcomes(database, shop.id, parcel=SECOND_PARCEL) == {
        Milestone.SHIPPED: MilestoneOutcome.TEXTED
    }


@pytest.mark.parametrize("seed", range(4))
def test_workers_that_get_everything_at_once_text_once(
    database: Database, now: datetime, ordered: list[dict[str, Any]], seed: int
) -> None:
    shop = make_shop(database, now=now)
    webhooks = history(now - timedelta(hours=1)) * 3
    random.Random(seed).shuffle(webhooks)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda webhook: play(database, shop, [webhook], now), webhooks))

    assert snapshot(database, shop) == ordered
    assert set(texts_per_milestone(database, shop).values()) == {1}


@pytest.mark.parametrize("attempt", range(5))
def test_an_order_and_its_parcel_in_the_same_moment_are_not_missed_by_both(
    database: Database, now: datetime, attempt: int
) -> None:
    shop = make_shop(database, now=now)
    at = now - MINUTE
    webhooks: list[Webhook] = [
        ("orders/create", order_payload(at), at),
        ("fulfillments/create", parcel_payload(at), at),
    ]
    start = threading.Barrier(2)

    def work(webhook: Webhook) -> None:
        start.wait()
        play(database, shop, [webhook], now)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, webhooks))

    assert outcomes(database, shop.id) == {Milestone.SHIPPED: MilestoneOutcome.TEXTED}


def test_a_later_state_within_the_same_second_wins(database: Database, now: datetime) -> None:
    second = (now - timedelta(hours=1)).replace(microsecond=0)
    states: list[Webhook] = [
        ("orders/updated", order_payload(second, name=f"#{number}"), second + number * MINUTE / 600)
        for number in range(3)
    ]
    for arrival in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        shop = make_shop(database, now=now)
        play(database, shop, [states[number] for number in arrival], now)
        with database.shop_session(shop.id) as session:
            assert session.scalars(select(Order.name)).all() == ["#2"]
