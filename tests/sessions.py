"""Session tokens as Shopify signs them, and a browser inside Shopify admin that holds one."""

from __future__ import annotations

import secrets as randomness
import time
from typing import Any

import jwt
from flask import Flask
from flask.testing import FlaskClient

CLIENT_ID = "parley-client-id"
SECRET = "shpss_of_the_tests_and_long_enough_for_hs256"
PREVIOUS_SECRET = "shpss_of_the_tests_before_the_rotation_of_secrets"
STAFF_ID = "71000001"


def session_token(
    shop_domain: str,
    *,
    staff_id: str = STAFF_ID,
    secret: str = SECRET,
    client_id: str = CLIENT_ID,
    expires_in: float = 60,
    **overrides: Any,
) -> str:
    """Sign a token; `overrides` replace claims, and one of None leaves its claim out."""
    now = int(time.time())
    claims = {
        "iss": f"https://{shop_domain}/admin",
        "dest": f"https://{shop_domain}",
        "aud": client_id,
        "sub": staff_id,
        "exp": now + int(expires_in),
        "nbf": now,
        "iat": now,
        "jti": randomness.token_hex(16),
        "sid": randomness.token_hex(16),
    } | overrides
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, secret, algorithm="HS256")


def bearer(shop_domain: str, **about: Any) -> dict[str, str]:
    """Make the header that App Bridge adds to a fetch."""
    return {"Authorization": f"Bearer {session_token(shop_domain, **about)}"}


def admin_client(app: Flask, shop_domain: str, **about: Any) -> FlaskClient:
    """Make a client whose every request carries a session token, as App Bridge's fetch does."""
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {session_token(shop_domain, **about)}"
    return client
