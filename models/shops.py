"""Shops, and the numbers they text from."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Numeric, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Tenant, belongs_to, new_id, text_enum, unique_in_shop
from models.enums import Milestone, Registration, SenderType, ShopStatus


class Shop(Base):
    """One Shopify store. `domain` is its `*.myshopify.com` name in lower case."""

    __tablename__ = "shops"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    domain: Mapped[str] = mapped_column(String(255), unique=True)
    status: Mapped[ShopStatus] = mapped_column(text_enum(ShopStatus))
    shopify_id: Mapped[int | None] = mapped_column(BigInteger)
    name: Mapped[str | None]
    support_contact: Mapped[str | None]
    iana_timezone: Mapped[str | None]
    currency: Mapped[str | None] = mapped_column(String(3))
    country: Mapped[str | None] = mapped_column(String(2))
    scopes: Mapped[str | None]
    # Shopify's own switch. Unknown counts as on: two texts with the same news are one too many.
    transactional_sms_disabled: Mapped[bool | None]
    shopify_updated_at: Mapped[datetime | None]
    # Shopify's own stamps are whole seconds; the webhook's decides within one.
    triggered_at: Mapped[datetime | None]
    scopes_updated_at: Mapped[datetime | None]
    first_seen_at: Mapped[datetime]
    installed_at: Mapped[datetime]
    uninstalled_at: Mapped[datetime | None]

    @property
    def brand(self) -> str:
        """The name that texts are signed with (CTIA: the sender must be recognisable)."""
        return self.name or self.domain.removesuffix(".myshopify.com")


class CarrierAccount(Tenant, Base):
    """A shop's account with a carrier. `account_key` is the secret-free name in webhook paths."""

    __tablename__ = "carrier_accounts"
    __table_args__ = (unique_in_shop("id"), UniqueConstraint("account_key"))

    carrier: Mapped[str] = mapped_column(String(20))
    account_sid: Mapped[str] = mapped_column(String(64))
    account_key: Mapped[str] = mapped_column(String(64))
    auth_token_encrypted: Mapped[bytes]
    webhook_shared_key_encrypted: Mapped[bytes | None]
    answers_stop_itself: Mapped[bool]
    paused_until: Mapped[datetime | None]
    paused_reason: Mapped[str | None]
    created_at: Mapped[datetime]


class Sender(Tenant, Base):
    """A number that texts leave from, its pace, and the lease of whoever is sending from it."""

    __tablename__ = "senders"
    __table_args__ = (
        unique_in_shop("id"),
        belongs_to("carrier_accounts", "carrier_account_id"),
        # One number answers for one shop: an inbound text must never find two owners.
        UniqueConstraint("number"),
    )

    carrier_account_id: Mapped[uuid.UUID]
    number: Mapped[str] = mapped_column(String(64))
    type: Mapped[SenderType] = mapped_column(text_enum(SenderType))
    registration: Mapped[Registration] = mapped_column(text_enum(Registration))
    segments_per_second: Mapped[Decimal] = mapped_column(Numeric(8, 2))
    paused_until: Mapped[datetime | None]
    paused_reason: Mapped[str | None]
    lease_fence: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    # When the pace allows the next segment: the bucket's state, so that it outlives its worker.
    next_segment_at: Mapped[datetime | None]
    # Kept for the texts that name it; nothing leaves from it any more.
    disconnected_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class ShippingText(Tenant, Base):
    """A merchant's choice for one milestone: on, off or as Shopify's own switch says; words."""

    __tablename__ = "shipping_texts"
    __table_args__ = (unique_in_shop("milestone"),)

    milestone: Mapped[Milestone] = mapped_column(text_enum(Milestone))
    enabled: Mapped[bool | None]
    template: Mapped[str | None]
    updated_at: Mapped[datetime]


class PrivacyRequest(Tenant, Base):
    """A request under Shopify's compliance topics, kept as proof that it was answered."""

    __tablename__ = "privacy_requests"
    __table_args__ = (unique_in_shop("external_id"),)

    external_id: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(40))
    requested_at: Mapped[datetime]
    due_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    counts: Mapped[dict[str, Any] | None]
    export_encrypted: Mapped[bytes | None]
