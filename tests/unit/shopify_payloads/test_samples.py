from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shopify.identity import shop_named_in
from shopify.notices import read_customer_request, read_scopes, read_shop
from shopify.payloads import Arrival, read_fulfillment, read_fulfillment_event, read_order
from shopify.topics import FULFILLMENT_TOPICS, ORDER_TOPICS, TOPICS
from tests.unit.shopify_payloads.samples import VERSIONS, sample

NOW = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
ARRIVAL = Arrival(triggered_at=NOW, now=NOW)
SAMPLED_AT = datetime(2022, 1, 1, tzinfo=UTC)


def test_there_is_a_sample_of_every_topic_in_the_newest_version() -> None:
    assert [topic for topic in sorted(TOPICS) if sample(topic, VERSIONS[-1]) is None] == []


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("topic", sorted(ORDER_TOPICS))
def test_every_versions_order_is_read(topic: str, version: str) -> None:
    order = read_order(sample(topic, version), ARRIVAL)

    assert order.shopify_id == 820982911946154508
    assert order.name == "#9999"
    assert order.currency == "USD"
    assert (order.total_minor or 0) > 0
    assert (order.placed_at, order.updated_at) == (SAMPLED_AT, SAMPLED_AT)
    assert order.is_test
    assert [phone.raw for phone in order.phones] == ["555-555-SHIP", "555-555-SHIP"]
    assert order.lines
    assert all(line.title and line.quantity >= 0 for line in order.lines)
    # Neither would survive a float; older versions sell another thing.
    assert {487817672276298554, 866550311766439020} & {line.id for line in order.lines}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("topic", sorted(FULFILLMENT_TOPICS))
def test_every_versions_fulfillment_is_read(topic: str, version: str) -> None:
    parcel = read_fulfillment(sample(topic, version), ARRIVAL)

    assert parcel.shopify_id == 123456
    assert parcel.status == "pending"
    assert parcel.tracking_company == "UPS"
    assert parcel.tracking_numbers
    assert parcel.lines[0].title in {"Aviator sunglasses", "IPod Nano - 8GB"}
    assert parcel.created_at == SAMPLED_AT


@pytest.mark.parametrize("version", VERSIONS)
def test_every_versions_scan_is_read(version: str) -> None:
    scan = read_fulfillment_event(sample("fulfillment_events/create", version), ARRIVAL)

    assert (scan.shopify_id, scan.fulfillment_id, scan.status) == (1234567, 123456, "in_transit")
    assert scan.happened_at == SAMPLED_AT


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("topic", ["shop/update", "app/uninstalled"])
def test_every_versions_shop_is_read(topic: str, version: str) -> None:
    shop = read_shop(sample(topic, version), ARRIVAL)

    assert (shop.shopify_id, shop.name, shop.country) == (548380009, "Super Toys", "US")
    assert shop.support_contact == "super@supertoys.com"
    assert shop.updated_at == NOW


@pytest.mark.parametrize("version", VERSIONS)
def test_every_versions_scopes_are_read(version: str) -> None:
    update = sample("app/scopes_update", version)
    if update is not None:
        assert read_scopes(update, ARRIVAL).scopes == "read_products,write_products"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("topic", ["customers/data_request", "customers/redact"])
def test_every_versions_customer_request_is_read(topic: str, version: str) -> None:
    request = sample(topic, version)
    if request is not None:
        found = read_customer_request(request)
        assert (found.customer_id, found.phone) == (191167, "555-625-1199")
        assert found.order_ids == {299938, 280263, 220458}


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_an_unread_body_names_no_shop(topic: str) -> None:
    for body in (b"", b"[]", b"\xff", b'{"order_status_url": "http://[::1"}'):
        assert not shop_named_in(topic, body).contradicts(domain="a.myshopify.com", shopify_id=1)
