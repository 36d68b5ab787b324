"""The cockpit's pages without a browser: they work without JavaScript, and only from here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from sandbox.app import SandboxSettings, create_app, stop
from sandbox.store.cockpit import Sandbox

MAPLE = "maple-and-rye.myshopify.com"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[FlaskClient]:
    settings = SandboxSettings(
        port=0, data=tmp_path, parley_url="http://127.0.0.1:9", api_secret="hush"
    )
    app = create_app(settings)
    yield app.test_client()
    stop(app)


@pytest.fixture
def sandbox(client: FlaskClient) -> Sandbox:
    found: Sandbox = client.application.extensions["sandbox"]
    return found


def buy(client: FlaskClient, **form: str) -> str:
    """Place an order as a form without JavaScript does; returns the page that follows."""
    answer = client.post(
        "/store/orders",
        data={"shop": MAPLE, "buyer": "ben", "product": "MR-SYRUP-AMB", **form},
        follow_redirects=True,
    )
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_an_order_is_placed_shipped_and_scanned_without_javascript(
    client: FlaskClient, sandbox: Sandbox
) -> None:
    page = buy(client)
    assert "Order #1001 is placed" in page
    order = sandbox.store.memory.orders(MAPLE, limit=1)[0]
    assert order.doc["billing_address"]["name"] == "Ben Okafor"
    client.post(f"/store/orders/{order.id}/ship", data={"shop": MAPLE})
    parcel = sandbox.store.memory.order(order.id).doc["fulfillments"][0]
    answer = client.post(
        f"/store/parcels/{parcel['id']}/scan",
        data={"shop": MAPLE, "status": "out_for_delivery"},
        follow_redirects=True,
    )
    assert "Parcel #1001.1: out for delivery." in answer.get_data(as_text=True)
    assert [d.webhook.topic for d in sandbox.courier.deliveries.latest(3)][::-1] == [
        "fulfillment_events/create", "fulfillments/update", "orders/updated",
    ]  # fmt: skip


def test_the_same_form_submitted_twice_acts_once(client: FlaskClient, sandbox: Sandbox) -> None:
    once = re.findall(r'name="once" value="(\w+)"', client.get("/").get_data(as_text=True))[0]
    buy(client, once=once)
    assert "That was done already" in buy(client, once=once)
    assert sandbox.store.memory.count_orders(MAPLE) == 1


def test_what_makes_no_sense_is_answered_with_a_sentence(client: FlaskClient) -> None:
    page = buy(client, product="")
    assert "Choose at least one item first." in page


def test_an_unusual_order_is_placed_as_described(client: FlaskClient, sandbox: Sandbox) -> None:
    unusual = {"product": "", "MR-RYE-SEED": "3", "guest": "yes", "phone_on": "nowhere"}
    page = buy(client, name="<b>Ada</b>", **unusual)
    assert "&lt;b&gt;Ada&lt;/b&gt;" in page
    doc = sandbox.store.memory.orders(MAPLE, limit=1)[0].doc
    assert "customer" not in doc
    assert doc["shipping_address"]["phone"] is None
    assert doc["line_items"][0]["quantity"] == 3


def test_another_number_is_read_as_people_write_it(client: FlaskClient, sandbox: Sandbox) -> None:
    unusual = {"product": "", "MR-RYE-SEED": "1"}
    assert "That is no phone number" in buy(client, number="555-SHIP-IT-NOW-PLEASE", **unusual)
    buy(client, number="(415) 555-0177", **unusual)
    assert sandbox.store.memory.orders(MAPLE, limit=1)[0].doc["phone"] == "+14155550177"


@pytest.mark.parametrize("do", ["texts_on", "texts_off", "uninstall", "reinstall", "redact_shop",
                                "request_data", "redact_customer"])  # fmt: skip
def test_every_button_of_the_shops_settings_answers(client: FlaskClient, do: str) -> None:
    answer = client.post(
        "/store/shop", data={"shop": MAPLE, "do": do, "person": "ada"}, follow_redirects=True
    )
    assert answer.status_code == 200
    assert 'class="toast success"' in answer.get_data(as_text=True)


@pytest.mark.parametrize("address", ["/?shop=nowhere", "/webhooks/9", "/store/nothing"])
def test_what_is_not_there_is_not_found(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("data", [{"do": "explode"}, {}, {"do": "redact_customer"}])
def test_a_button_that_does_not_exist_is_refused(client: FlaskClient, data: dict[str, str]) -> None:
    assert client.post("/store/shop", data={"shop": MAPLE, **data}).status_code in {400, 404}


def test_pages_elsewhere_on_the_web_cannot_press_buttons(
    client: FlaskClient, sandbox: Sandbox
) -> None:
    answer = client.post(
        "/store/orders",
        data={"shop": MAPLE, "buyer": "ada", "product": "MR-SYRUP-AMB"},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status_code == 403
    assert sandbox.store.memory.count_orders(MAPLE) == 0


def test_the_log_shows_each_webhook_with_its_payload(client: FlaskClient) -> None:
    assert "Nothing sent yet" in client.get("/webhooks/").get_data(as_text=True)
    buy(client)
    assert "orders/create" in client.get("/webhooks/").get_data(as_text=True)
    page = client.get("/webhooks/1").get_data(as_text=True)
    assert "X-Shopify-Hmac-Sha256" in page
    assert "&#34;order_status_url&#34;" in page
    again = client.post("/webhooks/1/again", data={"once": "a"}, follow_redirects=True)
    assert "Sent once more" in again.get_data(as_text=True)
