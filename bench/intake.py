"""Webhooks a second through gunicorn, beside an address that answers without doing anything."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import urllib3

from bench.machines import Machines
from bench.measure import Line, percentile, timed
from sandbox.store import WebhookRequest

HANDS = 8
# Shopify waits five seconds for an answer, and counts a slower one as none.
NOWHERE = "/robots.txt"


def measure(machines: Machines, webhooks: Sequence[WebhookRequest]) -> list[Line]:
    with urllib3.PoolManager(maxsize=HANDS, retries=False, timeout=30) as http:
        floor, floor_p95 = _rate(lambda _: _get(http, machines.web_url), webhooks)
        first, first_p95 = _rate(lambda each: _post(http, machines.web_url, each), webhooks)
        again, again_p95 = _rate(lambda each: _post(http, machines.web_url, each), webhooks)
    floor_is = f"a page that does not exist, p95 {floor_p95 * 1000:.0f} ms"
    return [
        Line("webhook, new", first, floor, floor_is, f"p95 {first_p95 * 1000:.0f} ms"),
        Line("webhook, known already", again, floor, floor_is, f"p95 {again_p95 * 1000:.0f} ms"),
    ]


def _rate(
    ask: Callable[[WebhookRequest], None], webhooks: Sequence[WebhookRequest]
) -> tuple[float, float]:
    def one(webhook: WebhookRequest) -> float:
        began = time.perf_counter()
        ask(webhook)
        return time.perf_counter() - began

    with ThreadPoolExecutor(HANDS) as hands, timed() as took:
        each = list(hands.map(one, webhooks))
    return len(webhooks) / took.seconds, percentile(each, 0.95)


def _get(http: urllib3.PoolManager, web_url: str) -> None:
    status = http.request("GET", web_url + NOWHERE).status
    if status != 404:
        raise AssertionError(f"GET {NOWHERE} was answered {status}")


def _post(http: urllib3.PoolManager, web_url: str, webhook: WebhookRequest) -> None:
    url = f"{web_url}/webhooks/shopify"
    status = http.request("POST", url, body=webhook.body, headers=dict(webhook.headers)).status
    if status != 200:
        raise AssertionError(f"a webhook was answered {status}")
