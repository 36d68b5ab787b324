"""What a session token must say, and everything that one may be wrong about."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import jwt
import pytest

from shopify.session_tokens import Fault, Identity, read_session_token
from tests.sessions import CLIENT_ID, PREVIOUS_SECRET, SECRET, STAFF_ID, session_token

MAPLE = "maple.myshopify.com"


def read(token: str) -> Identity | Fault:
    return read_session_token(token, client_id=CLIENT_ID, secrets=[SECRET, PREVIOUS_SECRET])


def test_a_token_as_shopify_signs_it_says_who_is_asking() -> None:
    who = read(session_token(MAPLE))
    assert isinstance(who, Identity)
    assert (who.shop_domain, who.staff_id) == (MAPLE, STAFF_ID)
    assert abs(who.issued_at.timestamp() - time.time()) < 5


def test_a_shop_written_in_capitals_is_the_same_shop() -> None:
    who = read(session_token("Maple.MyShopify.com"))
    assert isinstance(who, Identity)
    assert who.shop_domain == MAPLE
    assert who.claims["dest"] == f"https://{MAPLE}"


def test_the_secret_from_before_a_rotation_is_still_good() -> None:
    assert isinstance(read(session_token(MAPLE, secret=PREVIOUS_SECRET)), Identity)


@pytest.mark.parametrize("secret", [SECRET, PREVIOUS_SECRET])
def test_an_old_token_is_told_from_a_forged_one(secret: str) -> None:
    old = session_token(MAPLE, secret=secret, expires_in=-60, nbf=0, iat=0)
    assert read(old) is Fault.EXPIRED


def test_a_clock_that_is_a_few_seconds_off_does_no_harm() -> None:
    now = int(time.time())
    assert isinstance(read(session_token(MAPLE, nbf=now + 5, iat=now + 5)), Identity)
    assert isinstance(read(session_token(MAPLE, expires_in=-5)), Identity)


def test_another_apps_token_is_refused() -> None:
    assert read(session_token(MAPLE, client_id="another-app")) is Fault.ANOTHER_APP
    assert read(session_token(MAPLE, aud=[CLIENT_ID, "another-app"])) is Fault.ANOTHER_APP


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://harbor.myshopify.com/admin"},
        {"dest": "https://harbor.myshopify.com"},
        {"iss": "https://evil.com/admin", "dest": "https://evil.com"},
        {"iss": "https://evil.com/.myshopify.com/admin", "dest": "https://evil.com/.myshopify.com"},
        {
            "iss": "https://maple.myshopify.com.evil.com/admin",
            "dest": "https://maple.myshopify.com.evil.com",
        },
        {"iss": "http://maple.myshopify.com/admin", "dest": "http://maple.myshopify.com"},
        {
            "iss": "https://x@maple.myshopify.com/admin",
            "dest": "https://x@maple.myshopify.com",
        },
        {"iss": "https://maple.myshopify.com:8/admin", "dest": "https://maple.myshopify.com:8"},
        {"iss": "https://maple.myshopify.com"},
        {"dest": "https://maple.myshopify.com?x"},
        {"dest": "maple.myshopify.com"},
        {"dest": "https://[maple"},
        {"dest": 7},
        {"dest": None},
        {"iss": 7},
        {"iss": None},
        {"iss": ["https://maple.myshopify.com/admin"]},
        {"aud": None},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": float("inf")},
        {"nbf": None},
        {"nbf": 4_000_000_000},
        {"iat": 4_000_000_000},
        {"iat": 1e300},
        {"sub": None},
        {"sub": ""},
        {"sub": 71},
        {"sub": "7" * 65},
        {"sid": None},
        {"sid": {}},
        {"jti": None},
    ],
    ids=str,
)
def test_a_token_with_a_claim_that_is_wrong_or_missing_is_refused(claims: dict[str, Any]) -> None:
    assert read(session_token(MAPLE, **claims)) in {Fault.INVALID, Fault.ANOTHER_APP}


def parts_of(token: str) -> tuple[dict[str, Any], str, str]:
    head, body, signature = token.split(".")
    return json.loads(base64.urlsafe_b64decode(head + "==")), body, signature


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def forged() -> list[str]:
    good = session_token(MAPLE)
    head, body, signature = parts_of(good)
    claims = jwt.decode(good, options={"verify_signature": False})
    return [
        jwt.encode(claims, "", algorithm="none"),
        f"{encoded({'alg': 'none', 'typ': 'JWT'})}.{body}.",
        f"{encoded({'alg': 'None'})}.{body}.{signature}",
        f"{encoded({'alg': 'HS512', 'typ': 'JWT'})}.{body}.{signature}",
        f"{encoded(head | {'alg': 'RS256'})}.{body}.{signature}",
        session_token(MAPLE, secret="another secret that is long enough for everybody"),
        f"{encoded(head)}.{encoded(claims | {'dest': 'https://harbor.myshopify.com'})}.{signature}",
        good[:-4] + "AAAA",
        good.rsplit(".", 1)[0] + ".",
        "",
        ".",
        "..",
        "a.b.c",
        "é" * 40,
        "x" * 100_000,
        f"{good}\n",
        f" {good}",
    ]


@pytest.mark.parametrize("token", forged(), ids=range(len(forged())))
def test_a_token_that_nobody_signed_is_refused(token: str) -> None:
    assert read(token) is Fault.INVALID
