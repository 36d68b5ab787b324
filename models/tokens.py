"""What lets Parley into a shop's data, and who of its staff has been in Parley."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Tenant, text_enum, unique_in_shop
from models.enums import TokenGrant, TokenState


class ShopToken(Tenant, Base):
    """A shop's tokens for the Admin API, encrypted. One row a shop: whoever renews it locks it."""

    __tablename__ = "shop_tokens"
    __table_args__ = (
        unique_in_shop("id"),
        unique_in_shop(),
        Index("ix_shop_tokens_idle", "obtained_at", postgresql_where=text("state = 'fresh'")),
    )

    granted_by: Mapped[TokenGrant] = mapped_column(text_enum(TokenGrant))
    state: Mapped[TokenState] = mapped_column(text_enum(TokenState))
    # A sentence for the merchant: why there is no token that works.
    problem: Mapped[str | None]
    access_token_encrypted: Mapped[bytes | None]
    refresh_token_encrypted: Mapped[bytes | None]
    expires_at: Mapped[datetime | None]
    refresh_expires_at: Mapped[datetime | None]
    obtained_at: Mapped[datetime | None]
    # When Shopify last refused, so that it is not asked again and again.
    refused_at: Mapped[datetime | None]
    # What Shopify withholds from this app, as a sentence; and when that, and the shop, was asked.
    withheld: Mapped[str | None]
    looked_at: Mapped[datetime | None]
    # When the last used state of an authorization was made: an older one is not taken again.
    state_used: Mapped[datetime | None]


class StaffMember(Tenant, Base):
    """Somebody of a shop's staff who has opened Parley. `staff_id` is Shopify's id of the user."""

    __tablename__ = "users"
    __table_args__ = (unique_in_shop("id"), unique_in_shop("staff_id"))

    staff_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str | None]
    locale: Mapped[str | None] = mapped_column(String(20))
    account_owner: Mapped[bool] = mapped_column(default=False)
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
