from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete

from models import (
    Database,
    Sender,
    ShippingText,
)
from models.enums import (
    Milestone,
    MilestoneOutcome,
)
from tests.factories import MadeShop, make_shop
from tests.integration.shopify.making import (
    LINK,
    MUG,
    bodies,
    order_and_parcel,
    order_payload,
    outcomes,
    parcel_payload,
)

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def shop(database: Database, now: datetime) -> MadeShop:
    return make_shop(database, now=now)


PART_OF_THE_ORDER = (
    f"Maple & Rye: Part of your order #1001 is on its way: 2 x Mug.\n{LINK}\nReply STOP to opt out."
)


@pytest.mark.parametrize(
    ("shopifys_own_off", "choice", "outcome"),
    [
        (None, None, MilestoneOutcome.SWITCHED_OFF),
        (False, None, MilestoneOutcome.SWITCHED_OFF),
        (True, None, MilestoneOutcome.TEXTED),
        (True, False, MilestoneOutcome.SWITCHED_OFF),
        (None, True, MilestoneOutcome.TEXTED),
    ],
)
def test_texts_start_switched_off_where_shopifys_own_may_be_on(
    database: Database,
    now: datetime,
    shopifys_own_off: bool | None,  # noqa: FBT001 - the value under test
    choice: bool | None,  # noqa: FBT001 - the value under test
    outcome: MilestoneOutcome,
) -> None:
    shop = make_shop(database, now=now, own_shipping_texts_off=shopifys_own_off)
    _choose(database, shop, enabled=choice, template=None, now=now)
    parcel = parcel_payload(now - MINUTE)
    order_and_parcel(database, shop.id, now=now, order=order_payload(now - HOUR), parcel=parcel)

    assert outcomes(database, shop.id) == {Milestone.SHIPPED: outcome}


def _choose(
    database: Database, shop: MadeShop, *, enabled: bool | None, template: str | None, now: datetime
) -> None:
    with database.shop_session(shop.id) as session:
        session.query(ShippingText).delete()
        session.add(
            ShippingText(
                milestone=Milestone.SHIPPED, enabled=enabled, template=template, updated_at=now
            )
        )


def test_what_was_switched_off_is_not_told_once_it_is_switched_on(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    parcel = parcel_payload(now - MINUTE)
    _choose(database, shop, enabled=False, template=None, now=now)
    order_and_parcel(database, shop.id, now=now, order=order_payload(now - HOUR), parcel=parcel)
    _choose(database, shop, enabled=True, template=None, now=now)
    order_and_parcel(database, shop.id, now=now, order=order_payload(now - HOUR), parcel=parcel)

    assert outcomes(database, shop.id) == {Milestone.SHIPPED: MilestoneOutcome.SWITCHED_OFF}
    assert bodies(database, shop.id) == []


@pytest.mark.parametrize(
    ("template", "text"),
    [
        (
            '{{ brand }}: {{ first_name | default: "Hi" }}, {{ shipment }}: {{ company }}.',
            "Maple & Rye: Ada, part of your order #1001 (2 x Mug): UPS.",
        ),
        (
            "{% if broken %}",
            PART_OF_THE_ORDER,
        ),
    ],
)
def test_the_merchants_words_are_used_as_long_as_they_can_be_read(
    database: Database, shop: MadeShop, now: datetime, template: str, text: str
) -> None:
    _choose(database, shop, enabled=True, template=template, now=now)
    parcel = parcel_payload(now - MINUTE, line_items=[MUG])
    order_and_parcel(database, shop.id, now=now, order=order_payload(now - HOUR), parcel=parcel)

    assert bodies(database, shop.id) == [text]


def test_a_shop_without_a_number_keeps_the_reason(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    with database.shop_session(shop.id) as session:
        session.execute(delete(Sender))
    parcel = parcel_payload(now - MINUTE)
    order_and_parcel(database, shop.id, now=now, order=order_payload(now - HOUR), parcel=parcel)

    assert outcomes(database, shop.id) == {Milestone.SHIPPED: MilestoneOutcome.NO_SENDER}
