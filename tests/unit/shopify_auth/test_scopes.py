"""What is asked for, and what is missing without it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from shopify.scopes import SCOPES, missing_scopes


def test_both_ways_of_installing_ask_for_the_same() -> None:
    toml = tomllib.loads(Path("shopify.app.toml").read_text("utf-8"))
    assert tuple(toml["access_scopes"]["scopes"].split(",")) == SCOPES
    assert any(url.endswith("/auth/callback") for url in toml["auth"]["redirect_urls"])


@pytest.mark.parametrize(
    ("granted", "missing"),
    [
        (None, []),
        ("read_orders,read_fulfillments", []),
        ("write_orders, write_fulfillments", []),
        ("read_fulfillments", ["read_orders"]),
        ("", ["read_orders", "read_fulfillments"]),
        ("something_new,read_orders,,", ["read_fulfillments"]),
    ],
)
def test_missing_scopes_are_named(granted: str | None, missing: list[str]) -> None:
    found = missing_scopes(granted)
    assert [each.scope for each in found] == missing
    assert all(each.sentence for each in found)
