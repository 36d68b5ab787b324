"""Session tokens: who, of which shop, is looking at Parley inside Shopify admin.

Two libraries read each token. `shopify_app` checks signature, audience and times; ShopifyAPI that
issuer and destination are one shop's. Neither insists on a shop's domain or on an expiry, so the
last word is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from shopify_app.types import AppConfig, RequestInput
from shopify_app.verify.app_home_req import verify_app_home_req

from shopify.session_token import SessionTokenError, decode_from_header
from shopify.shops import normalised_domain


class Fault(StrEnum):
    """Why a token proves nothing."""

    EXPIRED = "expired"
    ANOTHER_APP = "another_app"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Identity:
    """What a valid token says. `issued_at` is by Shopify's clock."""

    shop_domain: str
    staff_id: str
    session_id: str
    issued_at: datetime
    token: str
    claims: dict[str, Any]


_FAULTS = {"expired_id_token": Fault.EXPIRED, "invalid_aud": Fault.ANOTHER_APP}
_LONGEST_TOKEN = 8_192
_LONGEST_ID = 64


def read_session_token(token: str, *, client_id: str, secrets: Sequence[str]) -> Identity | Fault:
    """Read a token that was signed with one of the secrets.

    Args:
        token: a JWT as App Bridge hands it out; it lives for a minute.
        client_id: ours; a token for another app is refused.
        secrets: the current one, and during a rotation the previous one.
    """
    if not token.isascii() or len(token) > _LONGEST_TOKEN:
        return Fault.INVALID
    faults = []
    for secret in secrets:
        found = _read(token, client_id, secret)
        if isinstance(found, Identity):
            return found
        faults.append(found)
    # One of the secrets may say that it is merely old; the others, that they never signed it.
    return next((fault for fault in faults if fault is not Fault.INVALID), Fault.INVALID)


def _read(token: str, client_id: str, secret: str) -> Identity | Fault:
    header = f"Bearer {token}"
    request: RequestInput = {
        "method": "GET",
        "headers": {"Authorization": header},
        "url": "https://parley/",
        "body": "",
    }
    config = AppConfig(client_id=client_id, client_secret=secret, old_client_secret=None)
    try:
        verified = verify_app_home_req(request, config, "/auth/patch-id-token")
        if not verified.ok or verified.id_token is None:
            return _FAULTS.get(verified.log.code, Fault.INVALID)
        decode_from_header(header, client_id, secret)
        return _identity(token, verified.id_token.claims)
    except (SessionTokenError, AttributeError, TypeError, ValueError, OverflowError):
        # Both libraries trip over claims of another type than they expect.
        return Fault.INVALID


def _identity(token: str, claims: dict[str, Any]) -> Identity | Fault:
    domain = _domain_of(claims["dest"], path="")
    if domain is None or _domain_of(claims["iss"], path="/admin") != domain:
        return Fault.INVALID
    # Without an expiry a leaked token would be a key for ever.
    if not isinstance(claims.get("exp"), int | float):
        return Fault.INVALID
    started = claims.get("iat", claims.get("nbf"))
    if "nbf" not in claims or not isinstance(started, int | float):
        return Fault.INVALID
    ids = (claims["sub"], claims["sid"])
    if not all(isinstance(each, str) and 0 < len(each) <= _LONGEST_ID for each in ids):
        return Fault.INVALID
    return Identity(
        shop_domain=domain,
        staff_id=claims["sub"],
        session_id=claims["sid"],
        issued_at=datetime.fromtimestamp(started, UTC),
        token=token,
        claims=claims | {"dest": f"https://{domain}"},
    )


def _domain_of(address: str, *, path: str) -> str | None:
    parts = urlsplit(address)
    plain = parts.scheme == "https" and parts.path.rstrip("/") == path
    if not plain or parts.query or parts.fragment:
        return None
    return normalised_domain(parts.netloc)
