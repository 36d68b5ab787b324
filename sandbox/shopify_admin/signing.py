"""What Shopify signs with the app's secret: session tokens, and the parameters of addresses."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import jwt

from sandbox.shopify_admin.app_config import AppConfig
from sandbox.world import Shop, Staff

TOKEN_LIFETIME = 60


def session_token(app: AppConfig, shop: Shop, staff: Staff, *, now: float | None = None) -> str:
    """A JWT as App Bridge hands it out; `now` is seconds since 1970."""
    issued = int(time.time() if now is None else now)
    claims = {
        "iss": f"https://{shop.domain}/admin",
        "dest": f"https://{shop.domain}",
        "aud": app.client_id,
        "sub": str(staff.id),
        "exp": issued + TOKEN_LIFETIME,
        "nbf": issued,
        "iat": issued,
        "jti": str(uuid.uuid4()),
        "sid": session_id(app, shop, staff),
    }
    return jwt.encode(claims, app.secret, algorithm="HS256")


def read_session_token(app: AppConfig, shop: Shop, token: str) -> dict[str, Any] | None:
    """The claims of a token that is good for this app and shop now, else None."""
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            app.secret,
            algorithms=["HS256"],
            audience=app.client_id,
            issuer=f"https://{shop.domain}/admin",
            options={"require": ["exp", "nbf", "iss", "aud", "dest", "sub"]},
        )
    except jwt.InvalidTokenError:
        return None
    return claims if claims["dest"] == f"https://{shop.domain}" else None


def session_id(app: AppConfig, shop: Shop, staff: Staff) -> str:
    """Names a person's session in a shop's admin; the same as long as they stay."""
    text = f"session {shop.domain} {staff.id}".encode()
    return hmac.new(app.secret.encode(), text, hashlib.sha256).hexdigest()


def host_of(shop: Shop) -> str:
    """The `host` that App Bridge needs: where the admin is, in base64 without padding."""
    place = f"admin.shopify.com/store/{shop.handle}".encode()
    return base64.urlsafe_b64encode(place).decode().rstrip("=")


def signed_query(app: AppConfig, values: Mapping[str, str]) -> str:
    """A query with its `hmac`: hex HMAC-SHA256 over the sorted `name=value`, joined with `&`."""
    told = "&".join(f"{name}={values[name]}" for name in sorted(values))
    signature = hmac.new(app.secret.encode(), told.encode(), hashlib.sha256).hexdigest()
    return urlencode({**values, "hmac": signature})
