"""The carrier's small parts, one by one."""

from __future__ import annotations

import threading

import pytest
from twilio.request_validator import RequestValidator

from sandbox.carrier import magic
from sandbox.carrier.accounts import Account, Directory
from sandbox.carrier.engine import Lanes, Timer
from sandbox.carrier.inbound import replies_in
from sandbox.carrier.text import count_segments, price_of
from sandbox.carrier.validate import is_callable_url
from sandbox.carrier.webhooks import Outcome, Overrides, sign


@pytest.mark.parametrize(
    ("body", "segments"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" + "b" * 152, 3),
        ("ç" * 70, 1),
        ("ç" * 71, 2),
        ("👋" * 35, 1),
        ("👋" * 36, 2),
        ("字" * 66 + "👋" + "字" * 10, 2),
    ],
)
def test_segments_are_counted_as_they_are_billed(body: str, segments: int) -> None:
    assert count_segments(body) == segments


def test_prices_are_written_as_twilio_writes_them() -> None:
    assert price_of(segments=2, media=0) == "-0.01660"
    assert price_of(segments=1, media=3) == "-0.02200"


@pytest.mark.parametrize(
    ("url", "overrides"),
    [
        ("https://a.example/x", Overrides(1, frozenset({"ct"}), 5, 15)),
        ("https://a.example/x#rc=5&rp=all", Overrides(5, frozenset({"ct", "rt", "4xx", "5xx"}))),
        ("https://a.example/x#rc=0", Overrides(0)),
        ("https://a.example/x#rc=99&ct=1&rt=99999", Overrides(5, connect=0.1, read=15)),
        ("https://a.example/x#rc=2&rp=4xx,5xx", Overrides(2, frozenset({"4xx", "5xx"}))),
        ("https://a.example/x#top", Overrides()),
    ],
)
def test_connection_overrides_are_read_from_the_fragment(url: str, overrides: Overrides) -> None:
    assert Overrides.of(url) == overrides


def test_the_signature_leaves_the_fragment_out() -> None:
    params = {"To": "+1", "Body": "ünïcode 👋", "AccountSid": "AC1"}
    signature = sign("https://app.example/hook?a=b#rc=5", params, "token")
    assert RequestValidator("token").validate("https://app.example/hook?a=b", params, signature)


@pytest.mark.parametrize(
    ("url", "verdict"),
    [
        ("https://app.example/x?m=1#rc=5", True),
        ("http://localhost:8000/x", True),
        ("http://127.0.0.1:8000", True),
        ("http://[::1]:8000/x", True),
        ("https://user:secret@app.example/x", True),
        ("https://my_app.example/x", False),
        ("https:///x", False),
        ("//app.example/x", False),
        ("javascript:alert(1)", False),
        ("http://app.example:port/x", False),
        ("http://app example/x", False),
    ],
)
def test_a_callback_url_needs_a_valid_host(url: str, verdict: object) -> None:
    assert is_callable_url(url) is verdict


def test_magic_numbers_are_distinct_and_fictional() -> None:
    numbers = [*magic.REFUSED_AT_CREATE, *magic.FAILS_LATER]
    numbers += [magic.NEVER_CONFIRMED, magic.LATE_RECEIPT]
    assert len(numbers) == len(set(numbers))
    assert all(number.startswith("+130355501") for number in numbers)


def test_twiml_media_is_kept_apart_from_text() -> None:
    body = (
        "<Response><Message><Body>Look</Body><Media>https://a.example/1.gif</Media></Message>"
        "</Response>"
    )
    outcome = Outcome("", 1, 200, body, "text/xml; charset=utf-8")
    assert replies_in(outcome) == [("Look", ("https://a.example/1.gif",))]


def test_a_failed_webhook_says_nothing() -> None:
    assert replies_in(Outcome("5xx", 1, 500, "Internal Server Error", "text/plain")) == []


def test_a_lane_keeps_its_order_while_others_go_on() -> None:
    lanes = Lanes(threads=2)
    done: list[str] = []
    gate, finished = threading.Event(), threading.Event()

    def wait_then_note() -> None:
        gate.wait(5)
        done.append("slow 1")

    lanes.put("slow", wait_then_note)
    lanes.put("slow", lambda: done.append("slow 2"))
    lanes.put("slow", finished.set)
    lanes.put("quick", lambda: done.append("quick"))
    lanes.put("quick", gate.set)
    assert finished.wait(5)
    assert done == ["quick", "slow 1", "slow 2"]
    lanes.close()


def test_a_broken_action_stops_neither_timer_nor_lane(caplog: pytest.LogCaptureFixture) -> None:
    def breaks() -> None:
        raise ZeroDivisionError

    for put in (Timer().after, None):
        went_on = threading.Event()
        if put is not None:
            put(0, breaks)
            put(0.01, went_on.set)
        else:
            lanes = Lanes(threads=1)
            lanes.put("lane", breaks)
            lanes.put("lane", went_on.set)
        assert went_on.wait(5)
    assert "ZeroDivisionError" in caplog.text


def test_a_number_keeps_its_sid_and_its_brand() -> None:
    account = Account("AC1", "token", "+12065550155", brand="Harbor Tea")
    assert account.number_sid == Account("AC1", "other", "+12065550155").number_sid
    directory = Directory([account])
    assert directory.brand_of("+12065550155") == "Harbor Tea"
    assert directory.brand_of("+10000000000") == "+10000000000"
