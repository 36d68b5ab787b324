"""A page sent to App Bridge comes back as it was, and nobody can send it elsewhere."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopify import bounce


def reload_of(location: str) -> str:
    (wanted,) = parse_qs(urlsplit(location).query)[bounce.RELOAD]
    return wanted


def test_path_and_query_come_back_as_they_were_written() -> None:
    query = "shop=a.myshopify.com&host=YWRt%3D&q=a%20b+%C3%A9&tab=&tab=2&id_token=old"
    there = bounce.location("/inbox/é 1", query, now=1_000.5)
    assert there.startswith("/auth/patch-id-token?shop=a.myshopify.com&host=YWRt%3D&")
    assert reload_of(there) == (
        "/inbox/%C3%A9%201?shop=a.myshopify.com&host=YWRt%3D&q=a%20b+%C3%A9&tab=&tab=2"
        "&bounced-at=1000"
    )


@pytest.mark.parametrize("name", ["shopify-reload", "shopify%2Dreload", "id_token", "bounced-at"])
def test_what_a_stranger_put_into_the_address_is_dropped(name: str) -> None:
    there = bounce.location("/", f"{name}=https://evil.com&x=1", now=0)
    assert "evil" not in there
    assert reload_of(there) == "/?x=1&bounced-at=0"


@given(st.text(), st.text())
def test_whatever_was_asked_for_it_is_a_path_of_ours(path: str, query: str) -> None:
    there = bounce.location(f"/a{path}", query, now=0)
    assert bounce.is_path_of_ours(there)


@pytest.mark.parametrize(
    "wanted",
    [
        *("", "inbox", "https://evil.com", "//evil.com", "///evil.com", "/\\evil.com"),
        *("\\\\evil.com", "/\t/evil.com", "\t//evil.com", "/\n/evil.com", "javascript:alert(1)"),
        *(" /inbox", "/in\\box", "/in\x00box", "/a\r\nSet-Cookie: x=1", "data:text/html,x"),
    ],
)
def test_another_sites_address_is_no_path_of_ours(wanted: str) -> None:
    assert not bounce.is_path_of_ours(wanted)


@pytest.mark.parametrize(
    "wanted", ["/", "/inbox", "/inbox/1?q=a%20b&x=//y", "/?next=https://e.com"]
)
def test_our_own_paths_are(wanted: str) -> None:
    assert bounce.is_path_of_ours(wanted)


@pytest.mark.parametrize(
    ("query", "hopeless"),
    [
        ("bounced-at=1000", True),
        ("x=1&bounced-at=995", True),
        ("bounced-at=900", False),
        ("bounced-at=", False),
        ("bounced-at=x", False),
        ("bounced-at=" + "9" * 5000, False),
        ("", False),
    ],
)
def test_a_page_that_came_back_without_a_token_just_now_is_not_sent_again(
    query: str,
    hopeless: bool,  # noqa: FBT001 - a table's column
) -> None:
    assert bounce.just_came_back(query, now=1_000) is hopeless
