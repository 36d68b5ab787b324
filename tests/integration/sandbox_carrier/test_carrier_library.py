"""Twilio's own library against the carrier, with nothing changed but the host."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from tests.integration.sandbox_carrier.running import ADA, SILENT, Running, eventually


class OtherHost(TwilioHttpClient):  # type: ignore[misc]  # twilio ships no types
    """Sends what is meant for api.twilio.com to `base` (facts 1.10)."""

    def __init__(self, base: str) -> None:
        super().__init__(timeout=10)
        self.base = base

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        parts = urlsplit(url)
        target = self.base + parts.path + (f"?{parts.query}" if parts.query else "")
        return super().request(method, target, *args, **kwargs)


@pytest.fixture
def client(carrier: Running) -> Any:
    http = OtherHost(carrier.url)
    yield Client(SILENT["account_sid"], SILENT["auth_token"], http_client=http)
    http.session.close()


def test_the_library_creates_fetches_and_deletes(carrier: Running, client: Client) -> None:
    created = client.messages.create(to=ADA, from_=SILENT["number"], body="Hello 👋")
    assert created.status == "queued"
    assert created.num_segments == "1"
    assert eventually(lambda: client.messages(str(created.sid)).fetch().status == "delivered")

    fetched = client.messages(str(created.sid)).fetch()
    assert fetched.body == "Hello 👋"
    assert fetched.date_created is not None
    assert client.messages(str(created.sid)).update(body="").body == ""
    assert client.messages(str(created.sid)).delete()
    with pytest.raises(TwilioRestException) as missing:
        client.messages(str(created.sid)).fetch()
    assert missing.value.code == 20404


def test_the_library_raises_the_code_of_a_refusal(client: Client) -> None:
    with pytest.raises(TwilioRestException) as refused:
        client.messages.create(to="+13035550110", from_=SILENT["number"], body="Hello")
    assert (refused.value.status, refused.value.code) == (400, 21610)


def test_the_library_walks_all_pages_newest_first(carrier: Running, client: Client) -> None:
    for number in range(7):
        carrier.send(Body=f"text {number}")
    carrier.send(To="+12125550102", Body="someone else's")
    bodies = [message.body for message in client.messages.list(to=ADA, page_size=3)]
    assert bodies == [f"text {number}" for number in reversed(range(7))]
    assert len(client.messages.list(to=ADA, limit=2)) == 2


def test_inbound_texts_are_listed_by_the_number_they_came_to(
    carrier: Running, client: Client
) -> None:
    carrier.texts("where is my order?", to=SILENT["number"])
    listed = client.messages.list(to=SILENT["number"])
    assert [(m.direction, m.from_, m.body) for m in listed] == [
        ("inbound", ADA, "where is my order?")
    ]


def test_pages_do_not_shift_when_texts_arrive_meanwhile(carrier: Running) -> None:
    for number in range(4):
        carrier.send(Body=f"text {number}")
    first = carrier.get(SILENT, "/Messages.json", PageSize=2).json()
    carrier.send(Body="a new one")
    next_page = carrier.http.get(
        carrier.url + first["next_page_uri"],
        auth=(SILENT["account_sid"], SILENT["auth_token"]),
        timeout=5,
    ).json()
    assert [m["body"] for m in first["messages"]] == ["text 3", "text 2"]
    assert [m["body"] for m in next_page["messages"]] == ["text 1", "text 0"]
    assert next_page["next_page_uri"] is None


def test_date_filters_leave_out_what_was_not_sent(carrier: Running) -> None:
    carrier.control("/pace", {"all": 600})
    carrier.send()
    carrier.texts("hi", to=SILENT["number"])
    for name in ("DateSent", "DateSent>", "DateSent<"):
        day = {"DateSent>": "2020-01-01", "DateSent<": "2999-01-01"}.get(name)
        if day is None:
            continue
        found = carrier.get(SILENT, "/Messages.json", **{name: day}).json()["messages"]
        assert [m["direction"] for m in found] == ["inbound"]
    assert carrier.get(SILENT, "/Messages.json", DateSent="2020-01-01").json()["messages"] == []


@pytest.mark.parametrize("query", [{"PageSize": "1001"}, {"PageSize": "0"}, {"PageToken": "!"}])
def test_a_page_nobody_can_have_is_refused(carrier: Running, query: dict[str, str]) -> None:
    assert carrier.get(SILENT, "/Messages.json", **query).json()["code"] == 20001


def test_a_text_can_be_canceled_until_it_is_sent(carrier: Running, client: Client) -> None:
    carrier.control("/pace", {"all": 600})
    waiting = client.messages.create(to=ADA, from_=SILENT["number"], body="wait")
    assert client.messages(str(waiting.sid)).update(status="canceled").status == "canceled"
    with pytest.raises(TwilioRestException):
        client.messages(str(waiting.sid)).update(status="canceled")


def test_numbers_are_configured_through_the_library(client: Client) -> None:
    number = client.incoming_phone_numbers.list(phone_number=SILENT["number"])[0]
    url = "https://app.example.com/inbound#rc=5&rp=all"
    changed = client.incoming_phone_numbers(str(number.sid)).update(sms_url=url)
    assert changed.sms_url == url
    with pytest.raises(TwilioRestException):
        client.incoming_phone_numbers(str(number.sid)).update(sms_url="nonsense")
    assert client.api.v2010.accounts(SILENT["account_sid"]).fetch().friendly_name == "Harbor Tea"
    assert client.balance.fetch().currency == "USD"
