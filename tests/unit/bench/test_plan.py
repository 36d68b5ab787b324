from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from bench.chaos.plan import COPIES, Plan, make_plan
from bench.world import Busy, people

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def plan() -> Plan:
    busy = Busy.of(shop_count=4, people_count=240, segments_per_second=10)
    return make_plan(busy.world, random.Random(7), now=NOW)


def test_should_plan_at_least_500_texts_of_several_shops_most_of_them_from_webhooks(
    plan: Plan,
) -> None:
    surely_texted = [want for want in plan.expected if not want.later]
    assert len(surely_texted) >= 500
    assert len({want.shop for want in surely_texted}) == 4
    assert len(plan.inbound) < 100


def test_should_deliver_each_webhook_five_times_in_no_order(plan: Plan) -> None:
    times = Counter(webhook.webhook_id for webhook in plan.deliveries)
    assert set(times.values()) == {COPIES} == {5}
    assert len(times) == len(plan.webhooks)
    in_order = [webhook.webhook_id for webhook in plan.webhooks]
    assert [webhook.webhook_id for webhook in plan.deliveries[: len(in_order)]] != in_order


def test_should_happen_after_the_install_and_while_it_is_news(plan: Plan) -> None:
    moments = [
        datetime.fromisoformat(webhook.headers["X-Shopify-Triggered-At"])
        for webhook in plan.webhooks
    ]
    assert NOW - timedelta(minutes=31) < min(moments)
    assert max(moments) < NOW


def test_should_expect_every_parcel_to_be_told_of(plan: Plan) -> None:
    parcels = {
        webhook.payload["id"] for webhook in plan.webhooks if webhook.topic == "fulfillments/create"
    }
    assert parcels == {want.parcel_id for want in plan.expected if want.milestone == "shipped"}


def test_should_give_everybody_a_phone_of_their_own() -> None:
    numbers = [person.number for person in people(800)]
    assert len(set(numbers)) == 800
