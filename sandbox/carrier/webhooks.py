"""Calling the customer's URLs the way Twilio does: signed, with its timeouts and its retries."""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import urllib3

# A connection per callback thread and host, kept alive; redirects are not followed.
_pool = urllib3.PoolManager(num_pools=64, maxsize=32, retries=False)

_MAX_BODY = 64 * 1024  # Twilio refuses larger TwiML too


@dataclass(frozen=True)
class Overrides:
    """Connection overrides from the URL's fragment (facts 1.5). Times are seconds.

    Default: one retry, on connection failures only.
    """

    retries: int = 1
    on: frozenset[str] = frozenset({"ct"})
    connect: float = 5.0
    read: float = 15.0

    @classmethod
    def of(cls, url: str) -> Overrides:
        values = {name: held[-1] for name, held in parse_qs(urlsplit(url).fragment).items()}
        on = frozenset(values.get("rp", "ct").split(","))
        return cls(
            retries=_clamped(values.get("rc"), default=1, low=0, high=5),
            on=frozenset({"ct", "rt", "4xx", "5xx"}) if "all" in on else on,
            connect=_clamped(values.get("ct"), default=5000, low=100, high=10000) / 1000,
            read=_clamped(values.get("rt"), default=15000, low=100, high=15000) / 1000,
        )


def _clamped(text: str | None, *, default: int, low: int, high: int) -> int:
    return min(high, max(low, int(text))) if text and text.isdigit() else default


@dataclass(frozen=True)
class Outcome:
    """How a webhook went. `problem` is "" for an answer below 400, else ct, rt, 4xx or 5xx."""

    problem: str
    attempts: int
    status: int = 0
    body: str = ""
    content_type: str = ""


def sign(url: str, params: Mapping[str, str], auth_token: str) -> str:
    """X-Twilio-Signature: HMAC-SHA1 over the URL and the sorted parameters (facts 1.5).

    The fragment never travels, so it is not signed.
    """
    text = without_fragment(url) + "".join(name + params[name] for name in sorted(params))
    digest = hmac.new(auth_token.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def without_fragment(url: str) -> str:
    return urlunsplit(urlsplit(url)._replace(fragment=""))


def call(url: str, params: Mapping[str, str], auth_token: str, *, method: str = "POST") -> Outcome:
    """Call `url`, retrying as its fragment allows. Never raises for what the other side does."""
    overrides = Overrides.of(url)
    target, body = without_fragment(url), urlencode(params)
    if method == "GET":
        target, body = target + ("&" if urlsplit(target).query else "?") + body, ""
    headers = {
        "User-Agent": "TwilioProxy/1.1",
        "Accept": "*/*",
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "I-Twilio-Idempotency-Token": str(uuid.uuid4()),  # the same on every retry
        "X-Twilio-Signature": sign(target, {} if method == "GET" else params, auth_token),
    }
    outcome = Outcome("ct", 0)
    for attempt in range(1, overrides.retries + 2):
        outcome = _once(method, target, body, headers, overrides=overrides, attempt=attempt)
        if not outcome.problem or outcome.problem not in overrides.on:
            break
    return outcome


def _once(
    method: str,
    url: str,
    body: str,
    headers: Mapping[str, str],
    *,
    overrides: Overrides,
    attempt: int,
) -> Outcome:
    timeout = urllib3.Timeout(connect=overrides.connect, read=overrides.read)
    try:
        answer = _pool.request(
            method, url, body=body or None, headers=headers, timeout=timeout, redirect=False
        )
    except urllib3.exceptions.ReadTimeoutError:
        return Outcome("rt", attempt)
    except (urllib3.exceptions.HTTPError, OSError, ValueError):
        return Outcome("ct", attempt)
    problem = "" if answer.status < 400 else f"{answer.status // 100}xx"
    return Outcome(
        problem=problem,
        attempts=attempt,
        status=answer.status,
        body=answer.data[:_MAX_BODY].decode("utf-8", "replace"),
        content_type=answer.headers.get("Content-Type", ""),
    )
