"""The one HTTP client for Shopify: time limits, addresses, and what a failure means.

A lost answer and a request that never left look alike to the libraries on top, and only one of
them may be repeated when something was to be changed. So failures leave here under two names,
which those libraries do not catch.
"""

from __future__ import annotations

import json
import weakref
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.parse import quote

import httpx

TIMEOUT_SECONDS = 10.0
CONNECT_SECONDS = 4.0
TOKEN_PATH = "/admin/oauth/access_token"  # noqa: S105 - an address
# What Shopify gives ("About offline access tokens"), assumed where an answer leaves it out. Keeping
# "no expiry" beside a refresh token meant that it was never used again (shopify-app-js#3400).
ACCESS_LIVES_SECONDS = 3_600
REFRESH_LIVES_SECONDS = 90 * 86_400


class NotSentError(Exception):
    """Shopify was not reached: nothing has happened there."""


class AnswerLostError(Exception):
    """The request may have been carried out; nobody knows."""


_NEVER_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.LocalProtocolError,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
)


def shop_address(domain: str, path: str, *, base_url: str | None) -> str:
    """Return the address of a shop's page, at Shopify or at the stand-in."""
    return f"{base_url}/shops/{domain}{path}" if base_url else f"https://{domain}{path}"


def build_client(base_url: str | None) -> httpx.Client:
    """Make the client that this process uses for all shops; threads may share it.

    Args:
        base_url: where a stand-in takes Shopify's place, or None.
    """
    # One jar for all shops would carry what one of them set to the next.
    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    transport = ShopifyTransport(base_url)
    client = httpx.Client(
        transport=transport,
        timeout=httpx.Timeout(TIMEOUT_SECONDS, connect=CONNECT_SECONDS),
        cookies=no_cookies,
        follow_redirects=False,
    )
    # It lives as long as whoever was given it; its open connections end with it.
    weakref.finalize(client, transport.close)
    return client


class ShopifyTransport(httpx.BaseTransport):
    """Sends `https://<shop>/...` to that shop, or to `<base_url>/shops/<shop>/...`."""

    def __init__(self, base_url: str | None) -> None:
        self._base_url = base_url
        self._inner = httpx.HTTPTransport(
            limits=httpx.Limits(max_connections=40, max_keepalive_connections=10)
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and read its whole answer.

        Raises:
            NotSentError: nothing reached Shopify.
            AnswerLostError: something may have.
        """
        asks_for_token = request.url.path == TOKEN_PATH
        if self._base_url:
            target = request.url.raw_path.decode()
            moved = httpx.URL(f"{self._base_url}/shops/{quote(request.url.host)}{target}")
            request.url = moved
            request.headers["Host"] = moved.netloc.decode()
        try:
            response = self._inner.handle_request(request)
            response.read()
        except _NEVER_LEFT as problem:
            raise NotSentError(type(problem).__name__) from None
        except httpx.HTTPError as problem:
            raise AnswerLostError(type(problem).__name__) from None
        return _with_lifetimes(response) if asks_for_token else response

    def close(self) -> None:
        self._inner.close()


def _with_lifetimes(response: httpx.Response) -> httpx.Response:
    """Fill in the lifetimes that a token's answer left out or garbled."""
    told = json_object(response.content)
    if told is None:
        # What cannot be read is no token; the libraries would raise over it.
        status = httpx.codes.BAD_GATEWAY if response.is_success else response.status_code
        return httpx.Response(status, json={"error": "unreadable_answer"})
    if response.status_code != httpx.codes.OK:
        return response
    lifetimes = {"expires_in": ACCESS_LIVES_SECONDS}
    if told.get("refresh_token"):
        lifetimes["refresh_token_expires_in"] = REFRESH_LIVES_SECONDS
    elif told.get("expires_in") is None:
        return response  # a token that does not expire, which apps of one merchant may still have
    for name, usual in lifetimes.items():
        if not _is_lifetime(told.get(name)):
            told[name] = usual
    return httpx.Response(httpx.codes.OK, json=told)


def _is_lifetime(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31


def json_object(body: bytes) -> dict[str, Any] | None:
    """Read a JSON object, or return None for anything else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
