from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from models import (
    Database,
    Message,
)
from models.enums import (
    MessageStatus,
    Milestone,
    MilestoneOutcome,
    Purpose,
)
from tests.factories import MadeShop, make_shop
from tests.integration.shopify.making import (
    LINK,
    MUG,
    PARCEL_ID,
    STATUS_PAGE,
    TEA,
    bodies,
    order_and_parcel,
    order_payload,
    outcomes,
    parcel_payload,
    process,
    scan_payload,
)

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def shop(database: Database, now: datetime) -> MadeShop:
    return make_shop(database, now=now)


def test_a_shipped_order_becomes_one_text_with_the_real_tracking_link(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    parcel = parcel_payload(now - MINUTE)
    order_and_parcel(database, shop.id, now=now, order=order_payload(now - HOUR), parcel=parcel)

    assert bodies(database, shop.id) == [
        f"Maple & Rye: Your order #1001 is on its way.\n{LINK}\nReply STOP to opt out."
    ]
    with database.shop_session(shop.id) as session:
        message = session.scalars(select(Message)).one()
        assert message.status is MessageStatus.QUEUED
        assert message.purpose is Purpose.TRANSACTIONAL
        assert message.encoding == "GSM-7"
        assert message.dedupe_key == f"shipping:{PARCEL_ID}:shipped"
        assert message.send_before == (now - MINUTE) + timedelta(hours=48)


def test_the_same_webhook_five_times_makes_one_text(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    for _ in range(5):
        order_and_parcel(
            database,
            shop.id,
            now=now,
            order=order_payload(now - HOUR),
            parcel=parcel_payload(now - MINUTE),
        )

    assert len(bodies(database, shop.id)) == 1


def test_a_parcel_that_is_known_before_its_order_is_told_when_the_order_comes(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    process(database, shop.id, "fulfillments/create", parcel_payload(now - MINUTE), now=now)
    assert bodies(database, shop.id) == []

    process(database, shop.id, "orders/create", order_payload(now - HOUR), now=now)

    assert len(bodies(database, shop.id)) == 1


def test_a_parcel_inside_an_order_is_told_without_a_webhook_of_its_own(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    order = order_payload(now - HOUR, fulfillments=[parcel_payload(now - MINUTE)])

    process(database, shop.id, "orders/fulfilled", order, now=now)

    assert outcomes(database, shop.id) == {Milestone.SHIPPED: MilestoneOutcome.TEXTED}


def test_each_milestone_in_its_turn_gets_a_text(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    order_and_parcel(
        database,
        shop.id,
        now=now,
        order=order_payload(now - HOUR),
        parcel=parcel_payload(now - MINUTE),
    )
    for hours, status in enumerate(
        ["in_transit", "delayed", "out_for_delivery", "attempted_delivery", "failure", "delivered"]
    ):
        at = now + hours * HOUR
        process(database, shop.id, "fulfillment_events/create", scan_payload(status, at), now=at)

    assert outcomes(database, shop.id) == dict.fromkeys(Milestone, MilestoneOutcome.TEXTED)
    assert [
        body.split("\n")[0].removeprefix("Maple & Rye: ") for body in bodies(database, shop.id)
    ] == [
        "Your order #1001 is on its way.",
        "Sorry, your order #1001 is delayed on its way.",
        "Your order #1001 is out for delivery.",
        "The carrier tried to deliver your order #1001 but could not hand it over.",
        "Sorry, your order #1001 could not be delivered. Text us here and we will sort it.",
        "Your order #1001 was delivered.",
    ]


def test_a_split_shipment_names_what_is_in_it(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    first = parcel_payload(now - MINUTE, line_items=[MUG])
    second = parcel_payload(now - MINUTE, id=PARCEL_ID + 1, line_items=[TEA], tracking_urls=[])
    order_and_parcel(database, shop.id, now=now, order=order_payload(now - HOUR), parcel=first)
    process(database, shop.id, "fulfillments/create", second | {"tracking_url": None}, now=now)

    texts = bodies(database, shop.id)
    assert "Part of your order #1001 is on its way: 2 x Mug." in texts[0]
    assert "Part of your order #1001 is on its way: 1 x Tea." in texts[1]
    assert STATUS_PAGE in texts[1]


def test_one_of_two_mugs_is_a_part_of_the_order(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    parcel = parcel_payload(now - MINUTE, line_items=[MUG | {"quantity": 1}])
    order = order_payload(now - HOUR, line_items=[MUG])
    order_and_parcel(database, shop.id, now=now, order=order, parcel=parcel)

    assert "is on its way: 1 x Mug." in bodies(database, shop.id)[0]


@pytest.mark.parametrize(
    ("status", "age", "outcome"),
    [
        ("out_for_delivery", timedelta(hours=11, minutes=59), MilestoneOutcome.TEXTED),
        ("out_for_delivery", timedelta(hours=12), MilestoneOutcome.STALE),
        ("delivered", timedelta(hours=47, minutes=59), MilestoneOutcome.TEXTED),
        ("delivered", timedelta(hours=48), MilestoneOutcome.STALE),
        ("delivered", timedelta(days=31), MilestoneOutcome.BEFORE_INSTALL),
    ],
)
def test_old_news_is_dropped(
    database: Database,
    shop: MadeShop,
    now: datetime,
    status: str,
    age: timedelta,
    outcome: MilestoneOutcome,
) -> None:
    began = now - timedelta(days=32)
    order_and_parcel(
        database, shop.id, now=now, order=order_payload(began), parcel=parcel_payload(began)
    )
    scan = scan_payload(status, now - age)
    process(database, shop.id, "fulfillment_events/create", scan, now=now)

    assert outcomes(database, shop.id)[Milestone(status)] is outcome


def test_what_arrives_after_the_delivery_is_overtaken(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    process(
        database,
        shop.id,
        "fulfillment_events/create",
        scan_payload("delivered", now - MINUTE),
        now=now,
    )
    for status in ("attempted_delivery", "out_for_delivery", "delayed", "failure"):
        scan = scan_payload(status, now - HOUR)
        process(database, shop.id, "fulfillment_events/create", scan, now=now)
    order_and_parcel(
        database,
        shop.id,
        now=now,
        order=order_payload(now - HOUR),
        parcel=parcel_payload(now - HOUR),
    )

    told = outcomes(database, shop.id)
    assert told.pop(Milestone.DELIVERED) is MilestoneOutcome.TEXTED
    assert set(told.values()) == {MilestoneOutcome.OVERTAKEN}
    assert len(bodies(database, shop.id)) == 1


def test_a_cancelled_order_is_not_told_about(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    order = order_payload(now - HOUR, cancelled_at=now.isoformat())
    order_and_parcel(database, shop.id, now=now, order=order, parcel=parcel_payload(now - MINUTE))

    assert outcomes(database, shop.id) == {Milestone.SHIPPED: MilestoneOutcome.ORDER_CANCELLED}


def test_a_test_order_is_told_about_because_whoever_places_it_wants_to_see_the_text(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    order = order_payload(now - HOUR, test=True)
    order_and_parcel(database, shop.id, now=now, order=order, parcel=parcel_payload(now - MINUTE))

    assert len(bodies(database, shop.id)) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"line_items": [MUG | {"requires_shipping": False}]},
        {"status": "cancelled"},
        {"status": "error"},
        {"status": "failure"},
        {"status": "pending"},
        {"status": None},
        {"shipment_status": "ready_for_pickup"},
        {"shipment_status": "label_printed", "status": "open"},
    ],
)
def test_what_has_not_left_as_a_parcel_is_no_news(
    database: Database, shop: MadeShop, now: datetime, changes: dict[str, Any]
) -> None:
    parcel = parcel_payload(now - MINUTE, **changes)
    order_and_parcel(database, shop.id, now=now, order=order_payload(now - HOUR), parcel=parcel)

    assert outcomes(database, shop.id) == {}


def test_a_carrier_that_has_the_parcel_proves_that_it_left(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    parcel = parcel_payload(now - MINUTE, status="open", shipment_status="in_transit")
    order_and_parcel(database, shop.id, now=now, order=order_payload(now - HOUR), parcel=parcel)

    assert outcomes(database, shop.id) == {Milestone.SHIPPED: MilestoneOutcome.TEXTED}
