"""What a shop's row of tokens says: whether there is one that works, and if not, why."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from cryptography.fernet import InvalidToken

from models import ShopSession, ShopToken
from models.enums import ShopStatus, TokenGrant, TokenState
from shopify.grants import Denied, Granted

log = structlog.get_logger(__name__)

# A token is renewed this long before it ends, so that none ends on its way to Shopify.
EXPIRY_MARGIN = timedelta(seconds=60)
# A refresh token dies after 90 days without use ("About offline access tokens"). Once it is a week
# old it is tried hourly, so that even weeks without Shopify or without Parley lose no shop.
RENEW_IDLE_AFTER = timedelta(days=7)
# Wrong credentials stay wrong until somebody restarts Parley with right ones.
REFUSED_FOR = timedelta(minutes=10)
# An approval of Shopify's, or another currency, is noticed within a day of somebody's visit.
LOOK_AGAIN_AFTER = timedelta(days=1)
SHOP_CONNECTION = "shop_connection"

NEVER_OPENED = "Open Parley in Shopify admin once, so that Shopify lets it see your orders."
NEEDS_VISIT = "Shopify's permission has run out. It renews itself when you open Parley in admin."
CREDENTIALS_REFUSED = (
    "Shopify refuses Parley's credentials for this store: either the app was uninstalled, or "
    "SHOPIFY_API_KEY and SHOPIFY_API_SECRET are not this app's."
)
UNINSTALLED = "Parley was removed from this store."
NO_ANSWER = "Shopify does not answer at the moment. Nothing is lost; please try again."


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token that works, as far as anybody knows."""

    shop_domain: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NoToken:
    """Why there is none, and a sentence about it for the merchant."""

    state: TokenState
    sentence: str


def usable(
    session: ShopSession, row: ShopToken, *, rejected: str | None, now: datetime
) -> AccessToken | NoToken | None:
    """Return what to answer without asking Shopify, or None if it must be asked."""
    shop = session.shop
    if shop.status in {ShopStatus.UNINSTALLED, ShopStatus.ERASED}:
        return NoToken(TokenState.NONE, UNINSTALLED)
    by_itself = row.granted_by is TokenGrant.CLIENT_CREDENTIALS
    if row.state is TokenState.FRESH:
        value = opened(session, row.access_token_encrypted)
        lasts = row.expires_at is None or row.expires_at - now > EXPIRY_MARGIN
        works = value is not None and value != rejected and lasts
        return AccessToken(shop.domain, value) if works and value else None
    if row.state is TokenState.REFUSED:
        soon = row.refused_at is not None and now - row.refused_at < REFUSED_FOR
        return NoToken(row.state, row.problem or CREDENTIALS_REFUSED) if soon else None
    return None if by_itself else NoToken(row.state, row.problem or NEVER_OPENED)


def store(
    session: ShopSession, row: ShopToken, granted: Granted | Denied, *, now: datetime
) -> Denied | None:
    """Write down what Shopify gave, or what its refusal says of the token that there was."""
    if isinstance(granted, Granted):
        row.state, row.problem, row.refused_at = TokenState.FRESH, None, None
        row.access_token_encrypted = session.vault.encrypt(granted.access_token.encode())
        row.refresh_token_encrypted = (
            session.vault.encrypt(granted.refresh_token.encode()) if granted.refresh_token else None
        )
        row.expires_at, row.refresh_expires_at = granted.expires_at, granted.refresh_expires_at
        row.obtained_at = now
        session.info["scopes"] = granted.scopes
        if is_look_due(row, now=now):
            session.wake(SHOP_CONNECTION, row.shop_id)
        return None
    if granted is Denied.GRANT_IS_DEAD:
        forget(row)
        row.state, row.problem = TokenState.NEEDS_REAUTH, NEEDS_VISIT
    elif granted is Denied.CREDENTIALS_REFUSED:
        row.state, row.problem = TokenState.REFUSED, CREDENTIALS_REFUSED
        row.refused_at = now
    log.warning("token_denied", shop_id=str(row.shop_id), denied=granted)
    return granted


def is_idle(row: ShopToken, *, now: datetime) -> bool:
    if row.state is not TokenState.FRESH or row.obtained_at is None:
        return False
    return now - row.obtained_at > RENEW_IDLE_AFTER


def is_look_due(row: ShopToken, *, now: datetime) -> bool:
    return row.looked_at is None or now - row.looked_at > LOOK_AGAIN_AFTER


def opened(session: ShopSession, encrypted: bytes | None) -> str | None:
    if encrypted is None:
        return None
    try:
        return session.vault.decrypt(encrypted).decode()
    except InvalidToken:
        # Its key is no longer among ENCRYPTION_KEYS. A visit brings a new one.
        return None


def forget(row: ShopToken) -> None:
    row.state, row.problem, row.refused_at = TokenState.NONE, None, None
    row.access_token_encrypted = row.refresh_token_encrypted = None
    row.expires_at = row.refresh_expires_at = row.obtained_at = None
