"""A shop's coming and going: first heard of, installed, changed, uninstalled."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from models import Database, Message, Shop, ShopSession, ShopToken, StaffMember, new_id
from models.across_shops import shop_id_of_domain
from models.enums import Direction, MessageStatus, ShopStatus, TokenState
from shopify.notices import ScopesPayload, ShopPayload
from sms.consent.reasons import Reason

# Shopify's own rule for its domains; ShopifyAPI's sanitizer also takes other hosts and schemes.
_DOMAIN = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")
_MAX_DOMAIN_LENGTH = 255


def normalised_domain(raw: str | None) -> str | None:
    """Return `Foo.MyShopify.com` as `foo.myshopify.com`, or None if it is no shop's domain."""
    domain = (raw or "").strip().lower()
    if len(domain) > _MAX_DOMAIN_LENGTH or not _DOMAIN.fullmatch(domain):
        return None
    return domain


@contextmanager
def session_of_domain(
    database: Database, domain: str, *, known_since: datetime, now: datetime
) -> Iterator[ShopSession]:
    """Open a session on the shop with this (normalised) domain, making it `pending` if it is new.

    A shop that is heard of before anyone opened the app in it counts as installed since
    `known_since`, the moment of the webhook that told of it: later ones are compared with it.
    """
    shop_id = _shop_id(database, domain)
    if shop_id is None:
        shop_id = _make_pending(database, domain, known_since=known_since, now=now)
    with database.shop_session(shop_id) as session:
        yield session


def _shop_id(database: Database, domain: str) -> uuid.UUID | None:
    with database.shared_session() as session:
        return shop_id_of_domain(session, domain)


def _make_pending(
    database: Database, domain: str, *, known_since: datetime, now: datetime
) -> uuid.UUID:
    """Two webhooks at once make one shop: the second waits for the first's commit here."""
    fresh = new_id()
    with database.shop_session(fresh) as session:
        made = session.execute(
            insert(Shop)
            .values(
                id=fresh,
                domain=domain,
                status=ShopStatus.PENDING,
                first_seen_at=now,
                installed_at=min(known_since, now),
            )
            .on_conflict_do_nothing(index_elements=["domain"])
            .returning(Shop.id)
        ).scalar_one_or_none()
    if made is not None:
        return fresh
    found = _shop_id(database, domain)
    assert found is not None
    return found


def install_shop(database: Database, domain: str, *, now: datetime) -> uuid.UUID:
    """Mark a shop as installed, whatever it was before, and return its id.

    Its suppressions from before an uninstall or an erasure hold again: they hang on its domain.

    Raises:
        ValueError: this is not a `*.myshopify.com` domain.
    """
    name = normalised_domain(domain)
    if name is None:
        raise ValueError(f"{domain!r} is not a shop's domain: write it as name.myshopify.com")
    with session_of_domain(database, name, known_since=now, now=now) as session:
        shop = locked_shop(session)
        if shop.status is not ShopStatus.INSTALLED:
            shop.status = ShopStatus.INSTALLED
            shop.installed_at = now
            shop.uninstalled_at = None
        return shop.id


def locked_shop(session: ShopSession) -> Shop:
    """Take the session's shop for oneself, and read it afresh."""
    shop = session.shop
    # Everything that is inserted refers to the shop; a plain FOR UPDATE would hold all of it up.
    session.refresh(shop, with_for_update={"key_share": True})
    return shop


def mark_uninstalled(session: ShopSession, *, triggered_at: datetime) -> bool:
    """Stop everything for a shop that removed the app.

    Returns:
        False when this is old news: the app has been installed again since.
    """
    shop = locked_shop(session)
    _forget_tokens(session, older_than=triggered_at)
    if triggered_at < max(shop.installed_at, _last_visit(session) or shop.installed_at):
        return False
    if shop.status is ShopStatus.ERASED:
        return True
    shop.status = ShopStatus.UNINSTALLED
    shop.uninstalled_at = triggered_at
    session.execute(
        update(Message)
        .where(Message.direction == Direction.OUTBOUND, Message.status == MessageStatus.QUEUED)
        .values(status=MessageStatus.CANCELLED, reason=Reason.SHOP_UNINSTALLED)
    )
    return True


def _forget_tokens(session: ShopSession, *, older_than: datetime) -> None:
    """Drop what the uninstall made worthless; a reinstall's token is younger."""
    session.execute(
        update(ShopToken)
        .where(ShopToken.obtained_at < older_than)
        .values(
            state=TokenState.NONE,
            problem=None,
            access_token_encrypted=None,
            refresh_token_encrypted=None,
            expires_at=None,
            refresh_expires_at=None,
            obtained_at=None,
        )
    )


def _last_visit(session: ShopSession) -> datetime | None:
    """When the newest session token was issued that anybody came with: the app was there then."""
    visit: datetime | None = session.scalar(select(func.max(StaffMember.last_seen_at)))
    return visit


def apply_shop(session: ShopSession, payload: ShopPayload, *, triggered_at: datetime) -> None:
    """Take over a shop's settings if they are newer. Its status is none of them."""
    shop = locked_shop(session)
    if shop.status is ShopStatus.ERASED:
        return
    if shop.shopify_updated_at is not None and shop.triggered_at is not None:
        known = (shop.shopify_updated_at, shop.triggered_at)
        if (payload.updated_at, triggered_at) <= known:
            return
    shop.shopify_updated_at, shop.triggered_at = payload.updated_at, triggered_at
    shop.shopify_id = payload.shopify_id or shop.shopify_id
    shop.name = payload.name or shop.name
    shop.support_contact = payload.support_contact or shop.support_contact
    shop.iana_timezone = payload.iana_timezone or shop.iana_timezone
    shop.currency = payload.currency or shop.currency
    shop.country = payload.country or shop.country
    if payload.transactional_sms_disabled is not None:
        shop.transactional_sms_disabled = payload.transactional_sms_disabled


def apply_scopes(session: ShopSession, payload: ScopesPayload) -> None:
    """Take over the scopes that the merchant granted, if this is the latest word on them."""
    shop = locked_shop(session)
    if shop.scopes_updated_at is None or payload.updated_at > shop.scopes_updated_at:
        shop.scopes, shop.scopes_updated_at = payload.scopes, payload.updated_at


def note_scopes(session: ShopSession, scopes: str, *, now: datetime) -> None:
    """Take over the scopes that came with a token just granted."""
    if not scopes or session.shop.scopes == scopes:
        return
    shop = locked_shop(session)
    shop.scopes, shop.scopes_updated_at = scopes, now
