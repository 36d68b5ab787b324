from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from models import (
    ConsentEvent,
    Contact,
    Database,
    Message,
)
from models.enums import (
    ConsentState,
    MessageStatus,
    Milestone,
    MilestoneOutcome,
    Scope,
)
from sms.consent.revocation import Revocation, revoke
from tests.factories import ADA, BEN, MadeShop, make_shop
from tests.integration.shopify.making import (
    ORDER_ID,
    bodies,
    order_and_parcel,
    order_payload,
    outcomes,
    parcel_payload,
    process,
    the_order,
)

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def shop(database: Database, now: datetime) -> MadeShop:
    return make_shop(database, now=now)


def _without_a_phone(at: datetime) -> dict[str, Any]:
    address = {"phone": "555-555-SHIP", "country_code": "US"}
    return order_payload(at, phone=None, customer=None, shipping_address=address)


def test_a_phone_that_comes_later_is_told_what_is_still_news(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    parcel = parcel_payload(now - MINUTE)
    order = _without_a_phone(now - HOUR)
    order_and_parcel(database, shop.id, now=now, order=order, parcel=parcel)
    assert outcomes(database, shop.id) == {Milestone.SHIPPED: MilestoneOutcome.NO_USABLE_PHONE}
    assert the_order(database, shop.id).phone_problem == "not_in_use"

    for _ in range(2):
        later = order_payload(now - MINUTE)
        process(database, shop.id, "orders/updated", later, now=now + HOUR)

    assert outcomes(database, shop.id) == {Milestone.SHIPPED: MilestoneOutcome.TEXTED}
    assert len(bodies(database, shop.id)) == 1


def test_a_phone_that_comes_too_late_is_not_told(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    order = _without_a_phone(now - HOUR)
    order_and_parcel(database, shop.id, now=now, order=order, parcel=parcel_payload(now - MINUTE))

    process(database, shop.id, "orders/updated", order_payload(now), now=now + timedelta(hours=48))

    assert outcomes(database, shop.id) == {Milestone.SHIPPED: MilestoneOutcome.STALE}
    assert bodies(database, shop.id) == []


def test_someone_who_said_stop_is_never_texted_on_a_new_order(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    process(database, shop.id, "orders/create", order_payload(now - HOUR), now=now)
    with database.shop_session(shop.id) as session:
        contact = session.scalars(select(Contact)).one()
        revoke(
            session,
            contact,
            Revocation(
                source="inbound_text",
                external_id="SM1",
                method="inbound_text",
                actor="shopper",
                occurred_at=now - 30 * MINUTE,
            ),
            now=now,
        )
    new_order = order_payload(now, id=ORDER_ID + 1, name="#1002")
    parcel = parcel_payload(now, order_id=ORDER_ID + 1)
    order_and_parcel(database, shop.id, now=now, order=new_order, parcel=parcel)

    assert outcomes(database, shop.id) == {Milestone.SHIPPED: MilestoneOutcome.REFUSED}
    with database.shop_session(shop.id) as session:
        message = session.scalars(select(Message)).one()
        assert (message.status, message.reason) == (MessageStatus.BLOCKED, "opted_out")
        contact = session.scalars(select(Contact)).one()
        assert contact.transactional is ConsentState.REVOKED


def test_a_number_on_an_order_is_consent_to_order_texts_alone(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    process(database, shop.id, "orders/create", order_payload(now - HOUR), now=now)

    with database.shop_session(shop.id) as session:
        contact = session.scalars(select(Contact)).one()
        assert (contact.phone, contact.first_name, contact.last_name) == (ADA, "Ada", "Byron")
        assert contact.marketing is ConsentState.NONE
        assert contact.transactional is ConsentState.GRANTED
        event = session.scalars(select(ConsentEvent)).one()
        assert event.scope is Scope.TRANSACTIONAL
        assert event.occurred_at == now - HOUR
        assert event.external_id == f"{ORDER_ID}:{contact.id}"


def test_a_corrected_phone_is_texted_from_then_on(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    process(database, shop.id, "orders/create", order_payload(now - HOUR), now=now)
    corrected = order_payload(now - MINUTE, phone=BEN)
    process(database, shop.id, "orders/updated", corrected, now=now)
    process(database, shop.id, "fulfillments/create", parcel_payload(now - MINUTE), now=now)

    with database.shop_session(shop.id) as session:
        message = session.scalars(select(Message)).one()
        assert session.get_one(Contact, message.contact_id).phone == BEN
        assert message.status is MessageStatus.QUEUED


def test_nothing_is_told_once_the_app_is_gone(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    process(database, shop.id, "app/uninstalled", {}, now=now)
    parcel = parcel_payload(now - MINUTE)
    order_and_parcel(database, shop.id, now=now, order=order_payload(now - HOUR), parcel=parcel)

    assert outcomes(database, shop.id) == {}
