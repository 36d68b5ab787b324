"""Session tokens as Shopify signs them, and a browser inside Shopify admin that holds one."""

from __future__ import annotations

import json
import secrets as randomness
import time
from datetime import UTC, datetime
from typing import Any

import jwt
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.dialects.postgresql import insert

from models import Database, ShopToken, StaffMember, new_id
from models.enums import TokenGrant, TokenState
from services import Services
from shopify.shops import install_shop

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
    # Signed as bytes, because the library would refuse to sign some of what is to be refused.
    return jwt.PyJWS().encode(json.dumps(claims).encode(), secret, algorithm="HS256")


def bearer(shop_domain: str, **about: Any) -> dict[str, str]:
    """Make the header that App Bridge adds to a fetch."""
    return {"Authorization": f"Bearer {session_token(shop_domain, **about)}"}


def admin_client(
    app: Flask, shop_domain: str, *, connected: bool = True, **about: Any
) -> FlaskClient:
    """Make a client whose every request carries a session token, as App Bridge's fetch does.

    The shop is given a token for the Admin API as well, unless it is not to be `connected`, so
    that its first visit asks nothing of Shopify.
    """
    services: Services = app.extensions["parley"]
    about = {
        "secret": services.settings.shopify_api_secret.get_secret_value(),
        "client_id": services.settings.shopify_api_key,
    } | about
    if connected:
        _connect(services.database, shop_domain, about.get("staff_id", STAFF_ID))
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {session_token(shop_domain, **about)}"
    return client


def _connect(database: Database, shop_domain: str, staff_id: str) -> None:
    now = datetime.now(UTC)
    shop_id = install_shop(database, shop_domain, now=now)
    token = {
        "granted_by": TokenGrant.EXCHANGE,
        "state": TokenState.FRESH,
        "access_token_encrypted": database.vault.encrypt(b"shpat_of_the_tests"),
        "obtained_at": now,
        "looked_at": now,
    }
    staff = {"staff_id": staff_id, "name": "Ada Lovelace", "account_owner": True}
    seen = {"first_seen_at": now, "last_seen_at": now}
    with database.shop_session(shop_id) as session:
        for table, values in ((ShopToken, token), (StaffMember, staff | seen)):
            row = {"id": new_id(), "shop_id": shop_id} | values
            session.execute(insert(table).values(**row).on_conflict_do_nothing())
