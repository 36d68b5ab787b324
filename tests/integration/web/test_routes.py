"""Every route says how it knows who is asking; nothing is served without the safe headers."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from route_access import access_of, authenticated_by, open_to_all
from tests.factories import MadeShop
from tests.integration.web.attacks import endpoints, has_safe_headers


def routes_without_access(app: Flask) -> list[str]:
    return [
        rule.rule
        for rule in app.url_map.iter_rules()
        if not access_of(app.view_functions[rule.endpoint])
    ]


def test_every_route_declares_who_may_call_it(web: Flask) -> None:
    assert not routes_without_access(web)


def test_a_route_that_is_open_says_why_and_changes_nothing(web: Flask) -> None:
    for rule in web.url_map.iter_rules():
        access = access_of(web.view_functions[rule.endpoint]) or ""
        if access.startswith("nobody:"):
            assert len(access.split()) > 4, rule
            assert (rule.methods or set()) <= {"GET", "HEAD", "OPTIONS"}, rule


def test_a_route_that_declares_nothing_is_found() -> None:
    app = Flask("throwaway", static_folder=None)
    app.add_url_rule("/a", "a", authenticated_by("a signature")(lambda: ""))
    app.add_url_rule("/b", "b", open_to_all("it holds nothing")(lambda: ""))
    assert not routes_without_access(app)
    app.add_url_rule("/c", "c", lambda: "")
    assert routes_without_access(app) == ["/c"]


def test_every_answer_has_the_safe_headers(web: Flask, client: FlaskClient, shop: MadeShop) -> None:
    paths = {endpoint.path for endpoint in endpoints(web, account_key=shop.account_key)}
    for path in {*paths, "/nothing"}:
        for method in ("GET", "POST", "PUT", "OPTIONS", "HEAD", "DELETE", "PATCH", "TRACE"):
            answer = client.open(path, method=method, buffered=True)
            assert answer.status_code < 500 or path == "/healthz"
            has_safe_headers(answer)
            assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
            assert answer.headers.get("Server") is None


def test_a_wrong_method_is_told_which_are_right(
    web: Flask, client: FlaskClient, shop: MadeShop
) -> None:
    served: dict[str, set[str]] = {}
    for endpoint in endpoints(web, account_key=shop.account_key):
        served.setdefault(endpoint.path, set()).add(endpoint.method)
    for path, methods in served.items():
        for method in {"GET", "POST", "PUT", "DELETE", "PATCH", "TRACE"} - methods:
            answer = client.open(path, method=method, buffered=True)
            assert answer.status_code == 405, (method, path)
            assert methods <= set(answer.headers["Allow"].split(", "))
