"""Creating texts: what is accepted, what is refused and with which code."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import requests

from sandbox.carrier import magic
from tests.integration.sandbox_carrier.running import (
    SILENT,
    TOLL_FREE,
    Running,
    eventually,
    start_carrier,
    stop_carrier,
)


def test_a_good_text_is_queued_then_delivered_with_price_and_segments(carrier: Running) -> None:
    answer = carrier.send(Body="é" * 161)
    assert answer.status_code == 201
    created = answer.json()
    assert (created["status"], created["num_segments"], created["price"]) == ("queued", "2", None)

    assert eventually(lambda: carrier.status_of(created["sid"]) == "delivered")
    delivered = carrier.get(SILENT, f"/Messages/{created['sid']}.json").json()
    assert delivered["price"] == "-0.01660"
    assert delivered["date_sent"] is not None
    assert delivered["error_code"] is None


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"To": None}, 21604),
        ({"To": "555-555-SHIP"}, 21211),
        ({"To": "4155550101"}, 21211),
        ({"From": None}, 21603),
        ({"From": "+15555550000"}, 21606),
        ({"From": TOLL_FREE["number"]}, 21606),
        ({"To": SILENT["number"]}, 21266),
        ({"Body": None}, 21602),
        ({"Body": ""}, 21602),
        ({"Body": "x" * 1601}, 21617),
        ({"MediaUrl": [f"https://example.com/{n}.png" for n in range(11)]}, 21623),
        ({"MediaUrl": "ftp://example.com/a.png"}, 21620),
        ({"StatusCallback": "not a url"}, 21609),
        ({"StatusCallback": "https://my_host.example.com/x"}, 21609),
        ({"StatusCallback": "ftp://example.com/x"}, 21609),
        ({"StatusCallback": "http://localhost:99999/x"}, 21609),
        ({"ValidityPeriod": "0"}, 20001),
        ({"ValidityPeriod": "36001"}, 20001),
        ({"SmartEncoded": "perhaps"}, 20001),
        ({"RiskCheck": "on"}, 20001),
        ({"Bodyy": "typo"}, 20001),
        ({"From": None, "MessagingServiceSid": "MG" + "f" * 32}, 21701),
    ],
)
def test_a_wrong_create_is_refused_with_twilios_code(
    carrier: Running, form: dict[str, Any], code: int
) -> None:
    answer = carrier.send(**form)
    assert answer.status_code == 400
    assert set(answer.json()) == {"code", "message", "more_info", "status"}
    assert answer.json()["code"] == code
    assert carrier.control("/messages")["messages"] == []


def test_everything_twilio_allows_is_allowed(carrier: Running) -> None:
    answer = carrier.send(
        Body="x" * 1600,
        MediaUrl=[f"https://example.com/{n}.png" for n in range(10)],
        StatusCallback="http://localhost:1/status?m=1",
        ValidityPeriod="36000",
        SmartEncoded="true",
        MessageIntent="notifications",
    )
    assert answer.status_code == 201
    assert answer.json()["sid"].startswith("MM")
    assert answer.json()["num_media"] == "10"


def test_a_messaging_service_text_starts_accepted_without_a_sender(carrier: Running) -> None:
    created = carrier.send(From=None, MessagingServiceSid=SILENT["messaging_service_sid"]).json()
    assert (created["status"], created["from"], created["num_segments"]) == ("accepted", None, "0")
    assert eventually(lambda: carrier.status_of(created["sid"]) == "delivered")


@pytest.mark.parametrize(("to", "code"), magic.REFUSED_AT_CREATE.items())
def test_a_magic_number_is_refused_at_create(carrier: Running, to: str, code: int) -> None:
    answer = carrier.send(To=to)
    assert answer.json()["code"] == code
    assert answer.status_code == {20429: 429, 20500: 500}.get(code, 400)


@pytest.mark.parametrize(("to", "code"), magic.FAILS_LATER.items())
def test_a_magic_number_fails_after_it_was_accepted(carrier: Running, to: str, code: int) -> None:
    sid = carrier.send(To=to).json()["sid"]
    assert eventually(lambda: carrier.status_of(sid) in ("undelivered", "failed"))
    assert carrier.get(SILENT, f"/Messages/{sid}.json").json()["error_code"] == code


@pytest.mark.parametrize(
    "auth",
    [None, ("AC" + "b" * 32, "wrong"), ("AC" + "f" * 32, "token-of-b"), ("tökén", "ünïcode")],
)
def test_wrong_credentials_are_401_with_code_20003(
    carrier: Running, auth: tuple[str, str] | None
) -> None:
    path = carrier.path(SILENT, "/Messages.json")
    given = f"{auth[0]}:{auth[1]}".encode() if auth else b""
    headers = {"Authorization": f"Basic {base64.b64encode(given).decode()}"} if auth else {}
    answer = requests.post(path, {"To": "+14155550101"}, headers=headers, timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


def test_one_account_cannot_see_or_use_another(carrier: Running) -> None:
    sid = carrier.send().json()["sid"]
    assert carrier.get(TOLL_FREE, f"/Messages/{sid}.json").json()["code"] == 20404
    auth = (TOLL_FREE["account_sid"], TOLL_FREE["auth_token"])
    theirs = requests.get(carrier.path(SILENT, "/Messages.json"), auth=auth, timeout=5)
    assert theirs.status_code == 404


def test_what_the_carrier_does_not_offer_is_not_found(carrier: Running) -> None:
    answer = carrier.get(SILENT, "/Calls.json")
    assert (answer.status_code, answer.json()["code"]) == (404, 20404)
    assert requests.get(carrier.path(SILENT, "/Calls.json"), timeout=5).status_code == 401


def test_texts_and_number_settings_survive_a_restart(tmp_path: Any) -> None:
    first = start_carrier(tmp_path)
    try:
        first.control("/pace", {"all": 600})
        sid = first.send().json()["sid"]
        first.point_inbound_at(SILENT, "https://app.example.com/inbound#rc=5")
    finally:
        first.process.kill()
        stop_carrier(first)
    second = start_carrier(tmp_path)
    try:
        assert eventually(lambda: second.status_of(sid) == "delivered", within=10)
        numbers = second.get(SILENT, "/IncomingPhoneNumbers.json").json()
        assert numbers["incoming_phone_numbers"][0]["sms_url"].endswith("#rc=5")
    finally:
        stop_carrier(second)
