from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from models import Database, Message, Shop
from models.enums import MessageStatus, ShopStatus
from shopify.shops import install_shop, normalised_domain
from tests.factories import MadeShop, make_contact, make_shop, queue_text
from tests.integration.shopify.making import process

MINUTE = timedelta(minutes=1)


@pytest.fixture
def shop(database: Database, now: datetime) -> MadeShop:
    return make_shop(database, now=now)


def read(database: Database, shop: MadeShop) -> Shop:
    with database.shop_session(shop.id) as session:
        return session.shop


def shop_payload(at: datetime | None, **changes: Any) -> dict[str, Any]:
    return {
        "id": 548380009,
        "name": "Harbor Tea",
        "customer_email": "tea@harbor.example",
        "currency": "CAD",
        "iana_timezone": "America/Toronto",
        "country_code": "CA",
        "transactional_sms_disabled": False,
        "updated_at": at and at.isoformat(),
    } | changes


@pytest.mark.parametrize(
    ("raw", "domain"),
    [
        ("Maple.myshopify.com", "maple.myshopify.com"),
        (" maple.MyShopify.com ", "maple.myshopify.com"),
        ("maple.myshopify.com\n.evil.com", None),
        ("https://maple.myshopify.com", None),
        ("maple.com", None),
        ("", None),
        (None, None),
    ],
)
def test_only_a_shopify_domain_is_one(raw: str | None, domain: str | None) -> None:
    assert normalised_domain(raw) == domain


def test_installing_makes_a_shop_once(database: Database, now: datetime) -> None:
    first = install_shop(database, "Maple.myshopify.com", now=now)
    again = install_shop(database, "maple.myshopify.com", now=now + MINUTE)

    assert first == again
    with database.shop_session(first) as session:
        assert session.shop.status is ShopStatus.INSTALLED
        assert session.shop.installed_at == now


def test_installing_anything_else_is_an_error(database: Database, now: datetime) -> None:
    with pytest.raises(ValueError, match=r"write it as name\.myshopify\.com"):
        install_shop(database, "maple.com", now=now)


def test_an_uninstall_stops_everything_that_is_queued(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    with database.shop_session(shop.id) as session:
        queue_text(session, make_contact(session, now=now), now=now)

    process(database, shop.id, "app/uninstalled", {}, now=now, triggered_at=now - MINUTE)

    assert read(database, shop).status is ShopStatus.UNINSTALLED
    assert read(database, shop).uninstalled_at == now - MINUTE
    with database.shop_session(shop.id) as session:
        message = session.scalars(select(Message)).one()
        assert (message.status, message.reason) == (MessageStatus.CANCELLED, "shop_uninstalled")


def test_an_uninstall_that_arrives_after_the_reinstall_is_old_news(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    process(database, shop.id, "app/uninstalled", {}, now=now)
    install_shop(database, shop.domain, now=now + 2 * MINUTE)

    late, then = now + MINUTE, now + 3 * MINUTE
    process(database, shop.id, "app/uninstalled", {}, now=then, triggered_at=late)

    assert read(database, shop).status is ShopStatus.INSTALLED
    assert read(database, shop).uninstalled_at is None


def test_only_an_install_brings_an_uninstalled_shop_back(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    process(database, shop.id, "app/uninstalled", {}, now=now)
    process(database, shop.id, "shop/update", shop_payload(now), now=now + MINUTE)

    assert read(database, shop).status is ShopStatus.UNINSTALLED


def test_a_shops_settings_move_forward_only(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    process(database, shop.id, "shop/update", shop_payload(now), now=now)
    stale = shop_payload(now - MINUTE, name="Old name", transactional_sms_disabled=True)
    process(database, shop.id, "shop/update", stale, now=now + MINUTE)

    known = read(database, shop)
    assert (known.name, known.support_contact) == ("Harbor Tea", "tea@harbor.example")
    assert (known.shopify_id, known.currency, known.country) == (548380009, "CAD", "CA")
    assert known.iana_timezone == "America/Toronto"
    assert known.transactional_sms_disabled is False


@pytest.mark.parametrize("stamped", [True, False])
def test_of_two_settings_in_one_second_the_later_webhook_counts(
    database: Database, shop: MadeShop, now: datetime, *, stamped: bool
) -> None:
    stamp = now if stamped else None
    later = now + timedelta(milliseconds=300)
    on, off = (
        shop_payload(stamp, transactional_sms_disabled=False),
        shop_payload(stamp, transactional_sms_disabled=True),
    )
    process(database, shop.id, "shop/update", off, now=now + MINUTE, triggered_at=later)
    process(database, shop.id, "shop/update", on, now=now + MINUTE, triggered_at=now)

    assert read(database, shop).transactional_sms_disabled is True


def test_what_an_update_leaves_out_stays_known(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    process(database, shop.id, "shop/update", {"id": 548380009}, now=now)

    known = read(database, shop)
    assert (known.name, known.transactional_sms_disabled) == ("Maple & Rye", True)


def test_the_latest_word_on_scopes_counts(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    for at, scopes in ((now, ["read_orders", "write_customers"]), (now - MINUTE, [])):
        update = {"id": 1, "current": scopes, "updated_at": at.isoformat()}
        process(database, shop.id, "app/scopes_update", update, now=now)

    assert read(database, shop).scopes == "read_orders,write_customers"
