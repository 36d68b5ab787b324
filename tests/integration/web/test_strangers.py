"""Whatever a stranger sends to whichever address: the right refusal, and nothing is kept."""

from __future__ import annotations

import io

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.factories import MadeShop
from tests.integration.web.attacks import (
    GIVEAWAYS,
    Attack,
    attacks,
    endpoints,
    has_safe_headers,
    send,
)
from tests.integration.web.conftest import RowCounts

# Pages inside Shopify's admin send whoever has no token to fetch one.
REFUSALS = {302, 303, 400, 401, 403, 413, 415, 431}
# Where the address itself is the proof, a wrong one leads nowhere.
SIGNED_LINKS = {"media.show"}
# An open page does not look at a body; /healthz says 503 because no worker runs here.
OF_OPEN_PAGES = {200, 302, 400, 404, 413, 503}


@pytest.mark.parametrize("attack", list(attacks()), ids=lambda attack: attack.name)
def test_a_stranger_is_refused_at_every_address(
    attack: Attack,
    web: Flask,
    client: FlaskClient,
    shop: MadeShop,
    rows: RowCounts,
    written: io.StringIO,
) -> None:
    before = rows()
    for endpoint in endpoints(web, account_key=shop.account_key):
        answer = send(client, endpoint, attack)
        allowed = OF_OPEN_PAGES if endpoint.is_open else REFUSALS
        if endpoint.name in SIGNED_LINKS:
            allowed = {404, 405, 413}
        assert answer.status_code in allowed, (endpoint, answer.status)
        _gives_nothing_away(answer)
    assert rows() == before
    _nothing_slipped(written)


PATHS = [
    *("/webhooks/twilio/%00/inbound", "/webhooks/twilio/%ff%fe/status"),
    *("/webhooks/twilio/../shopify/inbound", "/webhooks/twilio/%2e%2e%2fshopify/inbound"),
    *("/webhooks/twilio//inbound", "//webhooks//shopify", "/webhooks/shopify/"),
    *("/webhooks/twilio/' OR 1=1 --/inbound", "/webhooks/twilio/{{7*7}}/status"),
    *(f"/webhooks/twilio/{'k' * 5_000}/inbound", "/webhooks/twilio/%F0%9F%92%A9/status"),
    *("/webhooks/twilio/a%0d%0aX-Evil:1/inbound", "/webhooks/twilio/a;b/inbound"),
    *("/static/../app.py", "/static/%2e%2e/app.py", "/static/%2e%2e%2fapp.py", "/static/%00"),
    *("/static//etc/passwd", "/.env", "/admin", "/console", "/static/"),
]


@pytest.mark.parametrize("path", PATHS, ids=range(len(PATHS)))
def test_no_trick_with_the_path_leads_anywhere(
    path: str, client: FlaskClient, shop: MadeShop, rows: RowCounts, written: io.StringIO
) -> None:
    before = rows()
    for method in ("GET", "POST", "PUT"):
        answer = client.open(path, method=method, data=b"a=b", buffered=True)
        assert answer.status_code in {301, 308, 400, 401, 403, 404, 405}, (method, answer.status)
        _gives_nothing_away(answer)
        assert "X-Evil" not in answer.headers
        assert "49" not in answer.text or "7*7" not in path
    assert rows() == before
    _nothing_slipped(written)


def test_a_failure_of_ours_is_told_to_the_log_alone(web: Flask, written: io.StringIO) -> None:
    @web.get("/breaks")
    def breaks() -> str:
        raise RuntimeError("+14155550101 marked-inside")

    answer = web.test_client().get("/breaks")
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert "marked-inside" not in answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "RuntimeError: +1415•••0101" in written.getvalue()


def _gives_nothing_away(answer: TestResponse) -> None:
    for giveaway in GIVEAWAYS:
        assert giveaway not in answer.text
    has_safe_headers(answer)


def _nothing_slipped(written: io.StringIO) -> None:
    for giveaway in ("Traceback", "marked-", "request_failed"):
        assert giveaway not in written.getvalue()
