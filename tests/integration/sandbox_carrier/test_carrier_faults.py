"""Faults on demand: each does what its name says, and nothing else."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from tests.integration.sandbox_carrier.running import ADA, SILENT, Hook, Running, eventually


def fault(carrier: Running, name: str, **rule: Any) -> None:
    carrier.control("/faults", {"seed": 1, "rules": [{"fault": name, **rule}]})


def test_a_timeout_after_accepting_leaves_the_client_hanging(carrier: Running) -> None:
    fault(carrier, "timeout_after_accept", seconds=30)
    begun = time.monotonic()
    with pytest.raises(requests.exceptions.ReadTimeout):
        carrier.send(timeout=0.5)
    assert 0.4 < time.monotonic() - begun < 2
    assert [text["fault"] for text in carrier.accepted()] == ["timeout_after_accept"]


def test_a_hanging_connection_is_dropped_in_the_end(carrier: Running) -> None:
    fault(carrier, "timeout_after_accept", seconds=0.2)
    with pytest.raises(requests.exceptions.ConnectionError):
        carrier.send(timeout=5)


def test_hanging_connections_hold_no_threads(carrier: Running) -> None:
    fault(carrier, "timeout_after_accept", count=100)
    for _ in range(100):
        with pytest.raises(requests.exceptions.ReadTimeout):
            carrier.send(timeout=0.02)
    eventually(lambda: len(carrier.accepted()) == 100)
    assert carrier.send(timeout=2).status_code == 201


@pytest.mark.parametrize(("status", "code"), [(500, 20500), (503, 20503)])
def test_an_error_after_accepting_is_still_accepted(
    carrier: Running, status: int, code: int
) -> None:
    fault(carrier, "error_after_accept", status=status)
    answer = carrier.send()
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    texts = carrier.accepted()
    assert [text["fault"] for text in texts] == ["error_after_accept"]
    assert eventually(lambda: carrier.status_of(texts[0]["sid"]) == "delivered")


def test_a_reset_after_accepting_is_still_accepted(carrier: Running) -> None:
    fault(carrier, "drop_after_accept")
    with pytest.raises(requests.exceptions.ConnectionError):
        carrier.send()
    assert [text["fault"] for text in carrier.accepted()] == ["drop_after_accept"]


def test_an_error_before_accepting_accepts_nothing(carrier: Running) -> None:
    fault(carrier, "error_before_accept", status=503)
    assert carrier.send().status_code == 503
    assert carrier.accepted() == []


def test_too_many_requests_accepts_nothing(carrier: Running) -> None:
    fault(carrier, "too_many_requests", count=1)
    assert (carrier.send().status_code, carrier.send().status_code) == (429, 201)
    assert len(carrier.accepted()) == 1


def test_a_drop_before_reading_accepts_nothing(carrier: Running) -> None:
    fault(carrier, "drop_before_read")
    with pytest.raises(requests.exceptions.ConnectionError):
        carrier.send()
    assert carrier.accepted() == []


def test_slow_is_slow_and_otherwise_fine(carrier: Running) -> None:
    fault(carrier, "slow", seconds=0.3)
    begun = time.monotonic()
    assert carrier.send().status_code == 201
    assert time.monotonic() - begun > 0.3


def test_callbacks_can_stay_away(carrier: Running, hook: Hook) -> None:
    fault(carrier, "no_callbacks")
    sid = carrier.send(StatusCallback=hook.url).json()["sid"]
    assert eventually(lambda: carrier.status_of(sid) == "delivered")
    assert hook.wait_for(1, within=0.3) == []


def test_callbacks_can_come_reversed(carrier: Running, hook: Hook) -> None:
    fault(carrier, "callbacks_reversed")
    carrier.send(StatusCallback=hook.url)
    hook.wait_for(2)
    assert hook.statuses() == ["delivered", "sent"]


def test_callbacks_can_repeat(carrier: Running, hook: Hook) -> None:
    fault(carrier, "callbacks_repeated", times=3)
    carrier.send(StatusCallback=hook.url)
    hook.wait_for(6)
    assert hook.statuses() == ["sent"] * 3 + ["delivered"] * 3


def test_a_callback_can_come_before_the_creates_answer(carrier: Running, hook: Hook) -> None:
    fault(carrier, "callback_before_answer")
    hook.delay = 0.2
    begun = time.monotonic()
    created = carrier.send(StatusCallback=hook.url).json()
    assert time.monotonic() - begun > 0.2
    assert hook.statuses()[0] == "sent"
    assert hook.calls[0].form["MessageSid"] == created["sid"]


def test_faults_can_be_for_one_number_or_one_account(carrier: Running) -> None:
    fault(carrier, "error_before_accept", to="+12125550102")
    assert carrier.send(To=ADA).status_code == 201
    assert carrier.send(To="+12125550102").status_code == 500
    fault(carrier, "error_before_accept", account="AC" + "a" * 32)
    assert carrier.send(SILENT).status_code == 201


def test_the_same_seed_strikes_the_same_requests(carrier: Running) -> None:
    luck = []
    for _ in range(2):
        fault(carrier, "error_before_accept", probability=0.3)
        luck.append([carrier.send().status_code for _ in range(40)])
    assert luck[0] == luck[1]
    assert 4 < luck[0].count(500) < 24
    strikes = carrier.control("/faults")["rules"][0]["strikes"]
    assert strikes == luck[0].count(500)


@pytest.mark.parametrize(
    "rule",
    [{"fault": "no such"}, {}, {"fault": "slow", "speed": 1}, {"fault": "slow", "status": 4}],
)
def test_a_rule_that_makes_no_sense_is_refused(carrier: Running, rule: dict[str, Any]) -> None:
    url = f"{carrier.url}/_control/faults"
    assert requests.post(url, json={"rules": [rule]}, timeout=5).status_code == 400


def test_control_is_closed_to_proxies_and_to_web_forms(carrier: Running) -> None:
    url = f"{carrier.url}/_control/faults"
    proxied = requests.get(url, headers={"X-Forwarded-For": "203.0.113.9"}, timeout=5)
    assert proxied.status_code == 403
    assert requests.post(url, data={"rules": "[]"}, timeout=5).status_code == 415


def test_control_shows_exact_times_and_what_is_pending(carrier: Running) -> None:
    before = time.time()
    carrier.send(Body="one")
    text = carrier.accepted()[0]
    assert before <= text["accepted_at"] <= time.time()
    assert text["accepted_at_iso"].endswith("+00:00")
    assert eventually(lambda: carrier.control("/state")["pending"] == {"timers": 0, "webhooks": 0})
