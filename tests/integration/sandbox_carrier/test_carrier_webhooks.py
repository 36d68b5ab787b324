"""Status callbacks and inbound webhooks: signed, in order, retried as their URL asks."""

from __future__ import annotations

import pytest
from twilio.request_validator import RequestValidator

from sandbox.carrier import magic
from tests.integration.sandbox_carrier.running import (
    ADA,
    FILTERED,
    SILENT,
    TOLL_FREE,
    Call,
    Hook,
    Running,
    eventually,
)


def signed_by(token: str, url: str, call: Call) -> bool:
    params = {} if call.method == "GET" else call.form
    return bool(RequestValidator(token).validate(url, params, call.headers["X-Twilio-Signature"]))


def test_callbacks_come_in_order_and_carry_twilios_signature(carrier: Running, hook: Hook) -> None:
    url = f"{hook.url}/status?m=0195-é&x=1".replace("é", "%C3%A9")
    sid = carrier.send(StatusCallback=url).json()["sid"]
    hook.wait_for(2)
    assert hook.statuses() == ["sent", "delivered"]
    for call in hook.calls:
        assert signed_by(SILENT["auth_token"], url, call)
        assert not signed_by("another token", url, call)
        assert call.form["MessageSid"] == call.form["SmsSid"] == sid
        assert call.form["MessageStatus"] == call.form["SmsStatus"]
        assert (call.form["To"], call.form["From"]) == (ADA, SILENT["number"])
        assert "ErrorCode" not in call.form
    assert len(hook.calls[1].form["RawDlrDoneDate"]) == len("yyMMddhhmm")


def test_a_failure_is_called_back_with_its_code(carrier: Running, hook: Hook) -> None:
    carrier.send(To="+13035550157", StatusCallback=hook.url)
    hook.wait_for(2)
    assert hook.statuses() == ["sent", "undelivered"]
    assert hook.calls[1].form["ErrorCode"] == "30007"


def test_a_late_receipt_turns_undelivered_into_delivered(carrier: Running, hook: Hook) -> None:
    carrier.send(To=magic.LATE_RECEIPT, StatusCallback=hook.url)
    hook.wait_for(3)
    assert hook.statuses() == ["sent", "undelivered", "delivered"]


def test_a_text_without_a_receipt_stays_sent(carrier: Running, hook: Hook) -> None:
    sid = carrier.send(To=magic.NEVER_CONFIRMED, StatusCallback=hook.url).json()["sid"]
    hook.wait_for(2, within=0.5)
    assert hook.statuses() == ["sent"]
    assert carrier.status_of(sid) == "sent"


def test_an_answered_failure_is_not_retried_unless_the_url_asks(
    carrier: Running, hook: Hook
) -> None:
    hook.status = 500
    carrier.point_inbound_at(SILENT, f"{hook.url}/in")
    carrier.texts("one", to=SILENT["number"])
    hook.wait_for(2, within=0.5)
    assert len(hook.calls) == 1

    hook.calls.clear()
    carrier.point_inbound_at(SILENT, f"{hook.url}/in#rc=3&rp=5xx")
    carrier.texts("two", to=SILENT["number"])
    hook.wait_for(4)
    tokens = {call.headers["I-Twilio-Idempotency-Token"] for call in hook.calls}
    assert len(hook.calls) == 4
    assert len(tokens) == 1


def test_a_slow_app_is_a_read_timeout(carrier: Running, hook: Hook) -> None:
    hook.delay = 0.4
    carrier.point_inbound_at(SILENT, f"{hook.url}/in#rc=1&rp=rt&rt=100")
    carrier.texts("hello", to=SILENT["number"])
    hook.wait_for(2)
    inbound = eventually(lambda: [m for m in inbound_of(carrier) if m["status"] == "received"])
    assert (inbound[0]["error_code"], inbound[0]["attempts"]) == (11200, 2)


def inbound_of(carrier: Running) -> list[dict[str, object]]:
    found: list[dict[str, object]] = carrier.control("/messages?direction=inbound")["messages"]
    return found


def test_the_fallback_url_gets_what_the_first_did_not_take(carrier: Running, hook: Hook) -> None:
    carrier.point_inbound_at(SILENT, "http://127.0.0.1:1/in", SmsFallbackUrl=f"{hook.url}/spare")
    carrier.texts("hello", to=SILENT["number"])
    assert [call.path for call in hook.wait_for(1)] == ["/spare"]


def test_an_inbound_text_carries_all_of_twilios_parameters(carrier: Running, hook: Hook) -> None:
    url = f"{hook.url}/webhooks/twilio/key/inbound"
    carrier.point_inbound_at(SILENT, f"{url}#rc=5&rp=all")
    sid = carrier.texts("Where is my order? 📦", to=SILENT["number"])["sid"]
    call = hook.wait_for(1)[0]
    assert signed_by(SILENT["auth_token"], url, call)
    assert call.headers["Content-Type"].startswith("application/x-www-form-urlencoded")
    expected = {
        "MessageSid": sid,
        "SmsSid": sid,
        "SmsMessageSid": sid,
        "AccountSid": SILENT["account_sid"],
        "From": ADA,
        "To": SILENT["number"],
        "Body": "Where is my order? 📦",
        "NumMedia": "0",
        "NumSegments": "1",
        "ApiVersion": "2010-04-01",
        "FromState": "CA",
        "FromCountry": "US",
    }
    assert expected.items() <= call.form.items()
    places = {f"{end}{part}" for end in ("From", "To") for part in ("City", "State", "Zip")}
    assert places <= call.form.keys()
    assert "OptOutType" not in call.form


def test_a_get_webhook_is_signed_over_its_whole_url(carrier: Running, hook: Hook) -> None:
    carrier.point_inbound_at(SILENT, f"{hook.url}/in?a=b", SmsMethod="GET")
    carrier.texts("hi & bye", to=SILENT["number"])
    call = hook.wait_for(1)[0]
    assert (call.method, call.form["Body"]) == ("GET", "hi & bye")
    assert signed_by(SILENT["auth_token"], hook.url + call.path, call)


@pytest.mark.parametrize(
    ("kind", "body", "texts"),
    [
        ("text/xml", "<Response/>", []),
        ("text/xml", "<Response></Response>", []),
        ("text/xml", "", []),
        ("text/xml", "<Response><Message>Hi &amp; bye</Message></Response>", ["Hi & bye"]),
        (
            "application/xml",
            "<Response><Message><Body>1</Body></Message><Message>2</Message></Response>",
            ["1", "2"],
        ),
        ("text/plain", "OK", ["OK"]),
        ("text/html", "<p>OK</p>", []),
        ("application/json", '{"ok": true}', []),
    ],
)
def test_what_the_app_answers_is_texted_as_twilio_would(
    carrier: Running, hook: Hook, kind: str, body: str, texts: list[str]
) -> None:
    hook.kind, hook.body = kind, body
    carrier.point_inbound_at(SILENT, hook.url)
    carrier.texts("hello", to=SILENT["number"])
    eventually(lambda: [m for m in inbound_of(carrier) if m["status"] == "received"])
    assert [message["body"] for message in carrier.accepted(ADA)] == texts


def test_the_toll_free_network_answers_stop_itself(carrier: Running, hook: Hook) -> None:
    carrier.point_inbound_at(TOLL_FREE, hook.url)
    carrier.texts(" stop ", to=TOLL_FREE["number"])
    hook.wait_for(1)
    assert hook.calls[0].form["Body"] == " stop "
    assert carrier.send(TOLL_FREE).json()["code"] == 21610
    assert carrier.send(TOLL_FREE, To="+12125550102").status_code == 201

    carrier.texts("YES", to=TOLL_FREE["number"])
    assert carrier.send(TOLL_FREE).json()["code"] == 21610
    carrier.texts("unstop", to=TOLL_FREE["number"])
    assert carrier.send(TOLL_FREE).status_code == 201


@pytest.mark.parametrize("word", ["STOP", "stopall", "Unsubscribe", "REVOKE", "optout", "end"])
def test_other_senders_have_twilios_default_filter(carrier: Running, word: str) -> None:
    carrier.texts(word, to=FILTERED["number"])
    assert carrier.send(FILTERED).json()["code"] == 21610
    carrier.texts("yes", to=FILTERED["number"])
    assert carrier.send(FILTERED).status_code == 201


@pytest.mark.parametrize("body", ["opt out", "stop please", "Stop.", "unsubscribe me"])
def test_the_filter_knows_whole_words_only(carrier: Running, body: str) -> None:
    carrier.texts(body, to=FILTERED["number"])
    assert carrier.send(FILTERED).status_code == 201


def test_advanced_opt_out_names_the_keyword(carrier: Running, hook: Hook) -> None:
    carrier.point_inbound_at(FILTERED, hook.url)
    for body in ("HELP", "hello"):
        carrier.texts(body, to=FILTERED["number"])
    hook.wait_for(2)
    assert [call.form.get("OptOutType") for call in hook.calls] == ["HELP", None]


def test_a_carrier_with_its_handling_off_leaves_stop_to_the_app(
    carrier: Running, hook: Hook
) -> None:
    carrier.point_inbound_at(SILENT, hook.url)
    carrier.texts("STOP", to=SILENT["number"])
    hook.wait_for(1)
    assert carrier.send().status_code == 201
    assert carrier.control("/blocks")["blocks"] == []
