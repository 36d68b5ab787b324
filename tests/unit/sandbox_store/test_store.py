"""What each act at the store stand-in tells an app."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.store import Happened, Refused, Store, WebhookRequest
from sandbox.world import World

MAPLE = "maple-and-rye.myshopify.com"
HARBOR = "harbor-tea.myshopify.com"
SYRUP, LOAF, CLASS = "MR-SYRUP-AMB", "MR-RYE-SEED", "MR-CLASS-RYE"


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def passes(self, **how: int) -> None:
        self.now += timedelta(**how)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> Store:
    return Store(World.standard("hush"), clock=clock)


def topics(happened: Happened) -> list[str]:
    return [webhook.topic for webhook in happened.webhooks]


def order_of(store: Store, happened: Happened) -> dict[str, object]:
    assert happened.order_id is not None
    return store.memory.order(happened.order_id).doc


def parcel(happened: Happened) -> int:
    assert happened.parcel_id is not None
    return happened.parcel_id


def order(happened: Happened) -> int:
    assert happened.order_id is not None
    return happened.order_id


def line_ids(store: Store, order_id: int) -> list[int]:
    return [line["id"] for line in store.memory.order(order_id).doc["line_items"]]


def test_placing_an_order_tells_of_its_creation_and_of_an_update(store: Store) -> None:
    assert topics(store.place_order(MAPLE, "ada", {SYRUP: 1})) == [
        "orders/create",
        "orders/updated",
    ]


def test_shipping_everything_completes_the_order(store: Store) -> None:
    placed = store.place_order(MAPLE, "ada", {SYRUP: 2, LOAF: 1})
    shipped = store.ship(order(placed))
    assert topics(shipped) == ["fulfillments/create", "orders/updated", "orders/fulfilled"]
    assert order_of(store, placed)["fulfillment_status"] == "fulfilled"


def test_a_split_shipment_names_its_own_items_and_completes_with_the_last(store: Store) -> None:
    order_id = order(store.place_order(MAPLE, "ada", {SYRUP: 2, LOAF: 1}))
    syrup, _loaf = line_ids(store, order_id)
    first = store.ship(order_id, {syrup: 1}, carrier="USPS")
    second = store.ship(order_id)
    assert topics(first) == ["fulfillments/create", "orders/updated"]
    assert topics(second) == ["fulfillments/create", "orders/updated", "orders/fulfilled"]
    payloads = [happened.webhooks[0].payload for happened in (first, second)]
    assert [payload["name"] for payload in payloads] == ["#1001.1", "#1001.2"]
    assert [[(line["title"], line["quantity"]) for line in p["line_items"]] for p in payloads] == [
        [("Amber maple syrup", 1)],
        [("Amber maple syrup", 1), ("Seeded rye loaf", 1)],
    ]
    assert payloads[0]["tracking_number"] in payloads[0]["tracking_url"]
    assert payloads[0]["tracking_number"] != payloads[1]["tracking_number"]


def test_a_scan_tells_of_the_event_and_of_the_parcels_new_status(store: Store) -> None:
    order_id = order(store.place_order(MAPLE, "ben", {LOAF: 1}))
    scanned = store.scan(parcel(store.ship(order_id)), "out_for_delivery")
    assert topics(scanned) == ["fulfillment_events/create", "fulfillments/update", "orders/updated"]
    event, fulfillment, _order = (webhook.payload for webhook in scanned.webhooks)
    assert event["status"] == fulfillment["shipment_status"] == "out_for_delivery"
    assert event["fulfillment_id"] == fulfillment["id"]
    assert event["order_id"] == fulfillment["order_id"] == order_id


def test_each_parcel_is_scanned_by_itself(store: Store) -> None:
    order_id = order(store.place_order(MAPLE, "ada", {SYRUP: 1, LOAF: 1}))
    syrup, _loaf = line_ids(store, order_id)
    first, second = store.ship(order_id, {syrup: 1}), store.ship(order_id)
    store.scan(parcel(first), "delivered")
    statuses = {
        each["id"]: each["shipment_status"]
        for each in store.memory.order(order_id).doc["fulfillments"]
    }
    assert statuses == {first.parcel_id: "delivered", second.parcel_id: None}


def test_one_act_shares_an_event_id_and_every_webhook_has_its_own_id(store: Store) -> None:
    placed = store.place_order(MAPLE, "ada", {SYRUP: 1})
    shipped = store.ship(order(placed))
    assert len({webhook.event_id for webhook in placed.webhooks}) == 1
    assert placed.webhooks[0].event_id != shipped.webhooks[0].event_id
    everything = placed.webhooks + shipped.webhooks
    assert len({webhook.webhook_id for webhook in everything}) == len(everything)


def test_ids_are_exact_integers_which_a_float_would_round(store: Store) -> None:
    ids = [order(store.place_order(MAPLE, "ada", {SYRUP: 1})) for _ in range(20)]
    assert len(set(ids)) == 20
    assert all(2**53 < each < 2**63 for each in ids)
    assert any(int(float(each)) != each for each in ids)


def test_updated_at_moves_with_each_act_and_is_told_in_the_shops_zone(
    store: Store, clock: Clock
) -> None:
    placed = store.place_order(HARBOR, "dev", {"HT-FOG-50": 1})
    clock.passes(minutes=5)
    shipped = store.ship(order(placed))
    assert placed.webhooks[0].payload["updated_at"] == "2026-11-23T07:00:00-08:00"
    assert shipped.webhooks[1].payload["updated_at"] == "2026-11-23T07:05:00-08:00"
    assert shipped.webhooks[0].headers["X-Shopify-Triggered-At"] == "2026-11-23T15:05:00.000000Z"


def test_a_digital_item_is_fulfilled_without_tracking_and_cannot_be_scanned(store: Store) -> None:
    placed = store.place_order(MAPLE, "ada", {CLASS: 1})
    assert order_of(store, placed)["shipping_address"] is None
    sent = store.ship(order(placed))
    assert sent.webhooks[0].payload["tracking_number"] is None
    with pytest.raises(Refused, match="nothing to scan"):
        store.scan(parcel(sent), "delivered")


def test_digital_items_do_not_travel_with_the_others(store: Store) -> None:
    order_id = order(store.place_order(MAPLE, "ada", {CLASS: 1, LOAF: 1}))
    titles = [line["title"] for line in store.ship(order_id).webhooks[0].payload["line_items"]]
    assert titles == ["Seeded rye loaf"]


def test_a_guest_order_names_no_customer(store: Store) -> None:
    payload = store.place_order(MAPLE, "ada", {SYRUP: 1}, as_guest=True).webhooks[0].payload
    assert "customer" not in payload


def test_the_phone_may_be_only_on_the_shipping_address_or_nowhere(store: Store) -> None:
    only = store.place_order(MAPLE, "ada", {SYRUP: 1}, phone_on="shipping_address")
    payload = only.webhooks[0].payload
    assert payload["shipping_address"]["phone"] == "(415) 555-0101"
    others = (payload, payload["customer"], payload["billing_address"])
    assert [other["phone"] for other in others] == [None, None, None]
    nowhere = store.place_order(MAPLE, "ada", {SYRUP: 1}, phone_on="nowhere").webhooks[0]
    assert b"555-0101" not in nowhere.body
    assert b"+1415" not in nowhere.body


def test_cancelling_tells_so_once_and_only_before_anything_left(store: Store) -> None:
    first = order(store.place_order(MAPLE, "ada", {SYRUP: 1}))
    cancelled = store.cancel(first)
    assert topics(cancelled) == ["orders/cancelled", "orders/updated"]
    assert cancelled.webhooks[0].payload["cancelled_at"]
    for again in (store.cancel, store.ship):
        with pytest.raises(Refused) as refused:
            again(first)
        assert refused.value.code == "cancelled"
    second = order(store.place_order(MAPLE, "ada", {SYRUP: 1}))
    store.ship(second)
    with pytest.raises(Refused) as refused:
        store.cancel(second)
    assert refused.value.code == "already_shipped"


def test_no_more_can_be_shipped_than_was_bought(store: Store) -> None:
    order_id = order(store.place_order(MAPLE, "ada", {SYRUP: 1}))
    (line,) = line_ids(store, order_id)
    for items, code in (({line: 2}, "not_so_many"), ({line: 0}, "nothing_chosen")):
        with pytest.raises(Refused) as refused:
            store.ship(order_id, items)
        assert refused.value.code == code
    store.ship(order_id)
    with pytest.raises(Refused) as refused:
        store.ship(order_id)
    assert refused.value.code == "nothing_left"


def test_an_empty_basket_is_refused(store: Store) -> None:
    with pytest.raises(Refused) as refused:
        store.place_order(MAPLE, "ada", {SYRUP: 0})
    assert refused.value.code == "nothing_chosen"


def test_shopifys_own_texts_are_off_until_turned_on(store: Store) -> None:
    told = [store.announce(MAPLE), store.set_shopify_texts(MAPLE, on=True), store.announce(MAPLE)]
    assert [each.webhooks[0].payload["transactional_sms_disabled"] for each in told] == [
        True, False, False,
    ]  # fmt: skip
    assert store.announce(HARBOR).webhooks[0].payload["transactional_sms_disabled"] is True


def test_after_an_uninstall_only_privacy_requests_are_sent_until_it_is_installed_again(
    store: Store,
) -> None:
    assert topics(store.uninstall(MAPLE)) == ["app/uninstalled"]
    placed = store.place_order(MAPLE, "ada", {SYRUP: 1})
    assert placed.webhooks == ()
    privacy = [
        store.request_data(MAPLE, "ada"), store.redact_customer(MAPLE, "ada"),
        store.redact_shop(MAPLE),
    ]  # fmt: skip
    assert [topics(each) for each in privacy] == [
        ["customers/data_request"], ["customers/redact"], ["shop/redact"],
    ]  # fmt: skip
    assert privacy[0].webhooks[0].payload["orders_requested"] == [placed.order_id]
    assert topics(store.place_order(HARBOR, "ada", {"HT-FOG-50": 1}))
    assert topics(store.reinstall(MAPLE)) == ["shop/update"]
    assert topics(store.place_order(MAPLE, "ada", {SYRUP: 1}))


def test_an_act_whose_webhooks_cannot_be_kept_did_not_happen() -> None:
    def full(_webhooks: Sequence[WebhookRequest]) -> None:
        raise OSError("disk full")

    store = Store(World.standard("hush"), deliver=full)
    with pytest.raises(OSError, match="disk full"):
        store.place_order(MAPLE, "ada", {SYRUP: 1})
    assert store.memory.orders(MAPLE, limit=10) == []


def test_order_numbers_count_from_1001_in_each_shop(store: Store) -> None:
    names = [
        order_of(store, store.place_order(shop, "ada", {sku: 1}))["name"]
        for shop, sku in ((MAPLE, SYRUP), (MAPLE, LOAF), (HARBOR, "HT-FOG-50"))
    ]
    assert names == ["#1001", "#1002", "#1001"]
