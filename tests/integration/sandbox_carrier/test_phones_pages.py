"""The phones' pages and their JSON, without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

import sandbox
from sandbox.carrier import Carrier, register
from sandbox.carrier.accounts import Account
from sandbox.carrier.life import AT_ONCE
from sandbox.world import PHONES, World
from tests.integration.sandbox_carrier.running import ADA, SILENT, TOLL_FREE, eventually

SANDBOX = Path(sandbox.__file__).parent


@pytest.fixture
def app(tmp_path: Path) -> Iterator[tuple[Flask, Carrier]]:
    app = Flask("sandbox", root_path=str(SANDBOX))
    accounts = [Account(**TOLL_FREE), Account(**SILENT)]
    carrier = register(app, data=tmp_path, accounts=accounts)
    carrier.life.pace = AT_ONCE
    yield app, carrier
    carrier.close()


@pytest.fixture
def client(app: tuple[Flask, Carrier]) -> FlaskClient:
    return app[0].test_client()


@pytest.fixture
def carrier(app: tuple[Flask, Carrier]) -> Carrier:
    return app[1]


def deliver(carrier: Carrier, body: str, *, to: str = ADA) -> None:
    account = carrier.directory.by_number(SILENT["number"])
    assert account is not None
    message = carrier.accept(account, to=to, body=body)
    carrier.life.begin(message)


def phone(client: FlaskClient, number: str = ADA) -> dict[str, Any]:
    query = {"phone": number, "version": "0"}
    state: dict[str, Any] = client.get("/phones/state.json", query_string=query).get_json()
    return dict(state["phones"][number])


def texts_on(client: FlaskClient, number: str = ADA) -> list[str]:
    return [m["body"] for thread in phone(client, number)["threads"] for m in thread["messages"]]


def test_every_person_has_a_phone_and_strangers_have_none(client: FlaskClient) -> None:
    page = client.get("/phones").get_data(as_text=True)
    assert all(owner.number in page for owner in PHONES)
    assert client.get(f"/phones/{ADA}").status_code == 200
    assert client.get("/phones/+19995550100").status_code == 404


def test_a_text_with_markup_stays_text_in_the_page(client: FlaskClient, carrier: Carrier) -> None:
    deliver(carrier, "</script><script>alert(1)</script>")
    assert eventually(lambda: texts_on(client))
    assert "<script>alert(1)" not in client.get("/phones").get_data(as_text=True)


def test_only_what_changed_is_sent(client: FlaskClient, carrier: Carrier) -> None:
    version = phone(client)["version"]
    query = {"phone": ADA, "version": version}
    assert client.get("/phones/state.json", query_string=query).get_json() == {"phones": {}}
    deliver(carrier, "news")
    assert eventually(
        lambda: client.get("/phones/state.json", query_string=query).get_json()["phones"]
    )


def test_unread_texts_are_counted_until_they_are_read(
    client: FlaskClient, carrier: Carrier
) -> None:
    deliver(carrier, "one")
    deliver(carrier, "two")
    assert eventually(lambda: len(texts_on(client)) == 2)
    assert phone(client)["threads"][0]["unread"] == 2
    client.post("/phones/read", json={"phone": ADA, "number": SILENT["number"]})
    assert phone(client)["threads"][0]["unread"] == 0


def test_in_airplane_mode_texts_wait_in_both_directions(
    client: FlaskClient, carrier: Carrier
) -> None:
    client.post("/phones/airplane", json={"phone": ADA, "on": True})
    deliver(carrier, "first")
    client.post("/phones/send", json={"phone": ADA, "to": SILENT["number"], "body": "mine"})
    assert not eventually(lambda: "first" in texts_on(client), within=0.3)
    bubble = phone(client)["threads"][0]["messages"][0]
    assert (bubble["body"], bubble["state"]) == ("mine", "waiting")

    client.post("/phones/airplane", json={"phone": ADA, "on": False})
    assert eventually(lambda: sorted(texts_on(client)) == ["first", "mine"])
    assert eventually(
        lambda: "delivered" in [m["state"] for m in phone(client)["threads"][0]["messages"]]
    )


def test_a_text_nobody_took_is_not_delivered_and_can_be_sent_again(
    client: FlaskClient, carrier: Carrier
) -> None:
    carrier.store.change("UPDATE numbers SET sms_url = 'http://127.0.0.1:1/in#rc=0'")
    sent = client.post("/phones/send", json={"phone": ADA, "to": SILENT["number"], "body": "hi"})
    sid = sent.get_json()["sid"]

    def state() -> str:
        return str(phone(client)["threads"][0]["messages"][0]["state"])

    assert eventually(lambda: state() == "failed")
    carrier.store.change("UPDATE numbers SET sms_url = ''")
    assert client.post("/phones/retry", json={"phone": ADA, "sid": sid}).status_code == 200
    assert eventually(lambda: state() == "delivered")
    assert client.post("/phones/retry", json={"phone": ADA, "sid": sid}).status_code == 404


def test_the_networks_own_reply_appears_on_the_phone_only(
    client: FlaskClient, carrier: Carrier
) -> None:
    client.post("/phones/send", json={"phone": ADA, "to": TOLL_FREE["number"], "body": "STOP"})
    assert eventually(lambda: len(texts_on(client)) == 2)
    assert texts_on(client)[1].startswith("NETWORK MSG")
    auth = (TOLL_FREE["account_sid"], TOLL_FREE["auth_token"])
    listed = client.get(
        f"/2010-04-01/Accounts/{TOLL_FREE['account_sid']}/Messages.json", auth=auth
    ).get_json()
    assert [message["body"] for message in listed["messages"]] == ["STOP"]


@pytest.mark.parametrize(
    "body",
    [
        {"phone": "+19995550100", "to": SILENT["number"], "body": "hi"},
        {"phone": ADA, "to": "+19995550100", "body": "hi"},
        {"phone": ADA, "to": SILENT["number"], "body": "   "},
        {"phone": ADA, "to": SILENT["number"], "body": "x" * 1601},
        [],
    ],
)
def test_a_text_that_cannot_be_is_refused(client: FlaskClient, body: object) -> None:
    assert client.post("/phones/send", json=body).status_code == 400


def test_a_form_on_another_page_cannot_text(client: FlaskClient) -> None:
    form = {"phone": ADA, "to": SILENT["number"], "body": "hi"}
    assert client.post("/phones/send", data=form).status_code == 415


def test_inbound_texts_of_the_sandbox_go_to_parley(tmp_path: Path) -> None:
    app = Flask("sandbox", root_path=str(SANDBOX))
    accounts = World.standard("secret").carrier_accounts
    carrier = register(app, data=tmp_path, accounts=accounts, parley_url="http://localhost:9/")
    rows = carrier.store.rows("SELECT phone, sms_url FROM numbers")
    assert {row["phone"]: row["sms_url"] for row in rows} == {
        account.number: f"http://localhost:9/webhooks/twilio/{account.account_key}/inbound"
        "#rc=5&rp=all"
        for account in accounts
    }
    carrier.close()
