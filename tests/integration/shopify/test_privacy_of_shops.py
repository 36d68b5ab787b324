from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from models import (
    CarrierAccount,
    ConsentEvidence,
    Database,
    Sender,
    Suppression,
    WebhookReceipt,
)
from models.enums import (
    Scope,
    ShopStatus,
)
from shopify.shops import install_shop
from sms.consent.ledger import suppressed_scopes
from tests.factories import ADA, BEN, MadeShop
from tests.integration.shopify.making import (
    ORDER_ID,
    order_payload,
    process,
    scan_payload,
)
from tests.integration.shopify.people import everything, shop_of_ada_and_ben, stop

HOUR = timedelta(hours=1)


@pytest.fixture
def shop(database: Database, now: datetime) -> MadeShop:
    return shop_of_ada_and_ben(database, now=now)


def uninstalled(database: Database, shop: MadeShop, now: datetime) -> None:
    process(database, shop.id, "app/uninstalled", {}, now=now)


def test_a_shop_is_forgotten_but_for_who_said_stop(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    stop(database, shop, ADA, now)
    uninstalled(database, shop, now)
    later = now + timedelta(days=2)
    for _ in range(2):
        process(database, shop.id, "shop/redact", {"shop_domain": shop.domain}, now=later)

    held = everything(database)
    for trace in (
        ADA,
        BEN,
        "Ada",
        "Ben",
        "BYRON",
        "Maple & Rye",
        "help@maple",
        "1Z5R",
        shop.number,
    ):
        assert trace not in held, trace
    with database.shop_session(shop.id) as session:
        assert session.shop.status is ShopStatus.ERASED
        for table in (CarrierAccount, Sender, ConsentEvidence):
            assert session.scalars(select(table)).all() == []
        assert len(session.scalars(select(Suppression)).all()) == 2
        with_body = session.scalars(
            select(WebhookReceipt.topic).where(WebhookReceipt.body_encrypted.is_not(None))
        )
        # The repetition's own; it names nobody.
        assert with_body.all() == ["shop/redact"]

    install_shop(database, shop.domain, now=later)
    with database.shop_session(shop.id) as session:
        assert suppressed_scopes(session, ADA) == set(Scope)


def test_a_shop_that_came_back_is_not_forgotten(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    uninstalled(database, shop, now)
    install_shop(database, shop.domain, now=now + 3 * HOUR)
    late, then = now + 2 * HOUR, now + 4 * HOUR
    redact = {"shop_domain": shop.domain}
    process(database, shop.id, "shop/redact", redact, now=then, triggered_at=late)

    assert ADA in everything(database)


def test_an_erased_shop_takes_nothing_in(database: Database, shop: MadeShop, now: datetime) -> None:
    uninstalled(database, shop, now)
    process(database, shop.id, "shop/redact", {"shop_domain": shop.domain}, now=now)
    process(database, shop.id, "orders/create", order_payload(now, id=ORDER_ID + 5), now=now)
    scan = scan_payload("delivered", now, order_id=None, fulfillment_id=1)
    process(database, shop.id, "fulfillment_events/create", scan, now=now)

    held = everything(database)
    assert ADA not in held
    assert "BYRON" not in held
