"""The Admin API on Shopify's own schema, over the sandbox's own orders."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from sandbox.shopify_admin.parts import Admin
from tests.integration.sandbox_admin.conftest import MAPLE

Ask = Callable[..., Any]
SCOPES = ("read_customers", "read_fulfillments", "read_orders")
WHOLE = """query($n: Int!) {
  shop { name ianaTimezone currencyCode }
  currentAppInstallation { accessScopes { handle } }
  orders(first: $n, sortKey: UPDATED_AT, reverse: true) {
    nodes { id name phone shippingAddress { name phone city }
      totalPriceSet { shopMoney { amount currencyCode } }
      customer { id displayName numberOfOrders defaultPhoneNumber { phoneNumber } }
      lineItems(first: 5) { nodes { title quantity } }
      fulfillments(first: 5) { id displayStatus trackingInfo { number url company }
        events(first: 5) { nodes { status happenedAt } } } } } }"""


@pytest.fixture
def ask(sandbox: Flask, admin: Admin) -> Ask:
    admin.grants.set_scopes(MAPLE, SCOPES)
    token = admin.grants.issue(MAPLE, SCOPES).access
    client = sandbox.test_client()

    def send(query: str, **variables: object) -> Any:
        answer = client.post(
            f"/shops/{MAPLE}/admin/api/2026-10/graphql.json",
            json={"query": query, "variables": variables},
            headers={"X-Shopify-Access-Token": token},
        )
        assert answer.status_code == 200
        return answer.json

    return send


def buy(admin: Admin, who: str = "ada") -> int:
    placed = admin.store.place_order(MAPLE, who, {"MR-SYRUP-AMB": 2})
    assert placed.order_id is not None
    return placed.order_id


def names(answer: Any) -> list[str]:
    return [node["name"] for node in answer["data"]["orders"]["nodes"]]


def test_ids_agree_with_the_webhooks(admin: Admin, ask: Ask) -> None:
    placed = admin.store.place_order(MAPLE, "ada", {"MR-SYRUP-AMB": 2})
    shipped = admin.store.ship(placed.order_id or 0)
    scanned = admin.store.scan(shipped.parcel_id or 0, "out_for_delivery")
    order = ask(WHOLE, n=5)["data"]["orders"]["nodes"][0]
    payload, parcel = placed.webhooks[0].payload, shipped.webhooks[0].payload
    assert order["id"] == payload["admin_graphql_api_id"]
    assert order["customer"]["id"] == payload["customer"]["admin_graphql_api_id"]
    assert order["phone"] == payload["phone"]
    assert order["totalPriceSet"]["shopMoney"] == {"amount": "43.0", "currencyCode": "USD"}
    found = order["fulfillments"][0]
    assert found["id"] == parcel["admin_graphql_api_id"]
    assert found["displayStatus"] == "OUT_FOR_DELIVERY"
    assert found["trackingInfo"][0]["number"] == parcel["tracking_number"]
    assert found["events"]["nodes"][0]["status"] == "OUT_FOR_DELIVERY"
    assert scanned.webhooks[0].payload["status"] == "out_for_delivery"


def test_a_guest_has_no_customer(admin: Admin, ask: Ask) -> None:
    admin.store.place_order(MAPLE, "ben", {"MR-SYRUP-AMB": 1}, as_guest=True)
    assert ask(WHOLE, n=5)["data"]["orders"]["nodes"][0]["customer"] is None
    assert ask("{ customers(first: 5) { nodes { id } } }")["data"]["customers"]["nodes"] == []


def test_pages_follow_one_another_without_gap_or_repeat(admin: Admin, ask: Ask) -> None:
    for _ in range(5):
        buy(admin)
    query = """query($after: String) { orders(first: 2, after: $after, sortKey: UPDATED_AT) {
        nodes { name } pageInfo { hasNextPage endCursor } } }"""
    seen: list[str] = []
    after = None
    while True:
        page = ask(query, after=after)
        seen += names(page)
        info = page["data"]["orders"]["pageInfo"]
        if not info["hasNextPage"]:
            break
        after = info["endCursor"]
    assert seen == [f"#{number}" for number in range(1001, 1006)]
    backwards = ask("{ orders(last: 2) { nodes { name } pageInfo { hasPreviousPage } } }")
    assert names(backwards) == ["#1004", "#1005"]
    assert backwards["data"]["orders"]["pageInfo"]["hasPreviousPage"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("updated_at:>='2026-01-01T00:00:00Z'", ["#1001", "#1002"]),
        ("updated_at:<'2026-01-01'", []),
        ("name:#1002", ["#1002"]),
        ("fulfillment_status:unfulfilled AND ben", ["#1002"]),
        ("-status:cancelled email:ada*", ["#1001"]),
    ],
)
def test_orders_are_searched_as_shopify_searches(
    admin: Admin, ask: Ask, query: str, found: list[str]
) -> None:
    buy(admin, "ada")
    buy(admin, "ben")
    answer = ask("query($q: String) { orders(first: 9, query: $q) { nodes { name } } }", q=query)
    assert sorted(names(answer)) == found


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("{ shop { nonsense } }", "Cannot query field 'nonsense'"),
        ("{ products(first: 2) { nodes { id } } }", "does not implement the field QueryRoot.prod"),
        ("{ orders { nodes { id } } }", "you must provide one of first or last"),
        ("{ orders(first: 251) { nodes { id } } }", "between 0 and 250"),
        ('{ orders(first: 1, query: "tag:x") { nodes { id } } }', "cannot search by 'tag'"),
        ('{ orders(first: 1, after: "x") { nodes { id } } }', "Invalid cursor"),
        ('{ order(id: "7") { id } }', "Invalid global id"),
        ("{ orders(first: 99) { nodes { lineItems(first: 99) { nodes { id } } } } }",
         "exceeds the single query max cost limit (1000)"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_an_error_that_says_so(
    admin: Admin, ask: Ask, query: str, says: str
) -> None:
    buy(admin)
    assert says in ask(query)["errors"][0]["message"]


def test_a_field_without_its_scope_is_null_with_an_error(admin: Admin, ask: Ask) -> None:
    buy(admin)
    admin.grants.set_scopes(MAPLE, ("read_orders",))
    answer = ask("{ orders(first: 1) { nodes { name customer { id } } } }")
    assert answer["data"]["orders"]["nodes"] == [{"name": "#1001", "customer": None}]
    assert answer["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"
    assert "read_customers" in answer["errors"][0]["message"]


def test_unapproved_personal_data_is_null_with_errors(
    admin: Admin, ask: Ask, sandbox: Flask
) -> None:
    buy(admin)
    fault = {"fault": "protected_data", "fields": ["phone"], "times": 1}
    sandbox.test_client().post("/_shopify/faults", json=fault)
    answer = ask("{ orders(first: 1) { nodes { name phone email shippingAddress { phone } } } }")
    order = answer["data"]["orders"]["nodes"][0]
    assert order["phone"] is None
    assert order["shippingAddress"] == {"phone": None}
    assert order["email"] == "ada@shoppers.example"
    assert {error["path"][-1] for error in answer["errors"]} == {"phone"}
    assert ask("{ orders(first: 1) { nodes { phone } } }")["data"]["orders"]["nodes"][0]["phone"]


def test_an_empty_bucket_throttles(ask: Ask, admin: Admin) -> None:
    query = "{ orders(first: 250) { nodes { id } } }"
    bucket = admin.bucket(MAPLE)
    assert bucket.take(1900)
    throttled = ask(query)
    assert throttled["errors"][0]["extensions"]["code"] == "THROTTLED"
    cost = throttled["extensions"]["cost"]
    assert cost["requestedQueryCost"] == 250
    assert cost["throttleStatus"]["restoreRate"] == 100.0
    bucket.give_back(1900)
    assert ask(query)["extensions"]["cost"]["actualQueryCost"] == 0


def test_scopes_that_change_are_told_to_the_app(admin: Admin) -> None:
    admin.change_scopes(MAPLE, ("read_orders",))
    told = admin.store.tell_scopes(MAPLE, previous=["a"], current=["b"]).webhooks[0]
    assert told.topic == "app/scopes_update"
    assert told.payload["shop_id"].startswith("gid://shopify/Shop/")


def test_another_version_and_a_wrong_token_are_refused(sandbox: Flask) -> None:
    client = sandbox.test_client()
    start = f"/shops/{MAPLE}/admin/api"
    assert client.post(f"{start}/2024-01/graphql.json", json={}).status_code == 404
    assert client.post(f"{start}/2026-10/graphql.json", json={}).status_code == 401


def test_the_large_schema_costs_little_once_it_is_read(admin: Admin, ask: Ask) -> None:
    buy(admin)
    ask(WHOLE, n=5)
    began = time.perf_counter()
    for _ in range(20):
        ask(WHOLE, n=5)
    assert (time.perf_counter() - began) / 20 < 0.1
