"""A visit to the app: the proof that it is installed, whatever we had heard before."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from models import Database, ShopSession, ShopToken, StaffMember, new_id
from models.across_shops import shop_id_of_domain
from models.enums import ShopStatus, TokenState
from shopify.session_tokens import Identity
from shopify.shops import install_shop

# Who has no name yet is asked about again when they come another day, not with every page.
ASK_FOR_NAME_AGAIN_AFTER = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody of the shop's staff is here. `needs_token`: there is none that works."""

    shop_id: uuid.UUID
    user_id: uuid.UUID
    needs_token: bool
    needs_name: bool


@dataclass(frozen=True, slots=True)
class AppRemoved:
    """The token is older than the news that the shop removed the app."""


def note_visit(database: Database, who: Identity, *, now: datetime) -> Visit | AppRemoved:
    """Install the shop if this is the first sign of it, and remember who was here."""
    shop_id = _installed_shop(database, who, now=now)
    if isinstance(shop_id, AppRemoved):
        return shop_id
    with database.shop_session(shop_id) as session:
        user_id, needs_name = _note_staff(session, who, now=now)
        state = session.scalars(select(ShopToken.state)).first()
    return Visit(
        shop_id=shop_id,
        user_id=user_id,
        needs_token=state in {None, TokenState.NONE, TokenState.NEEDS_REAUTH, TokenState.REFUSED},
        needs_name=needs_name,
    )


def _installed_shop(database: Database, who: Identity, *, now: datetime) -> uuid.UUID | AppRemoved:
    with database.shared_session() as session:
        shop_id = shop_id_of_domain(session, who.shop_domain)
    if shop_id is not None:
        with database.shop_session(shop_id) as session:
            shop = session.shop
            if shop.status is ShopStatus.INSTALLED:
                return shop_id
            left_at = shop.uninstalled_at
        # A page left open goes on asking, with a token of up to a minute ago.
        if left_at is not None and who.issued_at <= left_at:
            return AppRemoved()
    # By Shopify's clock, because what it is compared with is Shopify's too.
    return install_shop(database, who.shop_domain, now=min(who.issued_at, now))


def _note_staff(session: ShopSession, who: Identity, *, now: datetime) -> tuple[uuid.UUID, bool]:
    """Remember who was here, and say whether to ask Shopify for their name."""
    made = session.execute(
        insert(StaffMember)
        .values(
            id=new_id(),
            shop_id=session.shop_id,
            staff_id=who.staff_id,
            account_owner=False,
            first_seen_at=now,
            last_seen_at=who.issued_at,
        )
        .on_conflict_do_nothing(index_elements=["shop_id", "staff_id"])
        .returning(StaffMember.id)
    ).scalar_one_or_none()
    if made is not None:
        return made, True
    staff = session.scalars(select(StaffMember).where(StaffMember.staff_id == who.staff_id)).one()
    again = who.issued_at - staff.last_seen_at > ASK_FOR_NAME_AGAIN_AFTER
    staff.last_seen_at = max(staff.last_seen_at, who.issued_at)
    return staff.id, staff.name is None and again
