"""Every route says how it knows who is asking; nothing is served without the safe headers."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import SECURITY_HEADERS
from route_access import access_of, authenticated_by, open_to_all
from tests.factories import MadeShop
from tests.integration.web.attacks import PUBLIC_URL, endpoints

# What may answer people nobody knows. One more here needs a reason that stands up to an attacker.
OPEN = {"/", "/healthz", "/static/<path:filename>"}


def routes_without_access(app: Flask) -> list[str]:
    return [
        rule.rule
        for rule in app.url_map.iter_rules()
        if not access_of(app.view_functions[rule.endpoint])
    ]


def test_every_route_declares_who_may_call_it(web: Flask) -> None:
    assert not routes_without_access(web)


def test_only_these_are_open_to_all(web: Flask) -> None:
    declared = {
        rule.rule: access_of(web.view_functions[rule.endpoint]) or ""
        for rule in web.url_map.iter_rules()
    }
    assert {rule for rule, access in declared.items() if access.startswith("nobody:")} == OPEN


def test_a_route_that_declares_nothing_is_found() -> None:
    app = Flask("throwaway", static_folder=None)
    app.add_url_rule("/a", "a", authenticated_by("a signature")(lambda: ""))
    app.add_url_rule("/b", "b", open_to_all("it holds nothing")(lambda: ""))
    assert not routes_without_access(app)
    app.add_url_rule("/c", "c", lambda: "")
    assert routes_without_access(app) == ["/c"]


@pytest.mark.parametrize("path", ["/", "/healthz", "/nothing", "/static/nothing.css"])
def test_every_answer_has_the_security_headers(client: FlaskClient, path: str) -> None:
    _has_safe_headers(client, path)


def _has_safe_headers(client: FlaskClient, path: str) -> None:
    for method in ("GET", "POST", "PUT", "OPTIONS", "HEAD", "DELETE", "PATCH", "TRACE"):
        answer = client.open(path, method=method)
        assert answer.status_code < 500 or path == "/healthz"
        for name, value in SECURITY_HEADERS.items():
            assert answer.headers[name] == value
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
        assert "Set-Cookie" not in answer.headers
        assert answer.headers.get("Server") is None


def test_a_wrong_method_is_told_which_are_right(
    web: Flask, client: FlaskClient, shop: MadeShop
) -> None:
    served: dict[str, set[str]] = {}
    for endpoint in endpoints(web, account_key=shop.account_key):
        served.setdefault(endpoint.path, set()).add(endpoint.method)
    for path, methods in served.items():
        for method in {"GET", "POST", "PUT", "DELETE", "PATCH", "TRACE"} - methods:
            answer = client.open(path, method=method)
            assert answer.status_code == 405, (method, path)
            assert methods <= set(answer.headers["Allow"].split(", "))


def test_strict_transport_is_only_asked_for_where_there_is_some(web: Flask) -> None:
    assert PUBLIC_URL.startswith("https://")
    assert "Strict-Transport-Security" in web.test_client().get("/").headers
