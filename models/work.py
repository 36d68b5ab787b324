"""What arrived and what is to be done about it. A job in the queue is only a wake-up call."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Tenant, belongs_to, text_enum, unique_in_shop
from models.enums import ReceiptStatus, WebhookSource


class WebhookReceipt(Tenant, Base):
    """A webhook as it came, encrypted. The body goes 14 days after it was processed."""

    __tablename__ = "webhook_receipts"
    __table_args__ = (
        unique_in_shop("id"),
        # Across all shops on purpose: a delivery replayed under another shop's name is a duplicate.
        UniqueConstraint("source", "external_id"),
        Index(
            "ix_webhook_receipts_unusable",
            "shop_id",
            "received_at",
            postgresql_where=text("status = 'unusable'"),
        ),
        # When Shopify or the carrier called last.
        Index("ix_webhook_receipts_last", "shop_id", "source", "received_at"),
        Index(
            "ix_webhook_receipts_subject",
            "shop_id",
            "subject",
            postgresql_where=text("body_encrypted IS NOT NULL"),
        ),
    )

    source: Mapped[WebhookSource] = mapped_column(text_enum(WebhookSource))
    external_id: Mapped[str] = mapped_column(String(255))
    topic: Mapped[str] = mapped_column(String(80))
    # Whom it is about, such as "order:123", so that an erasure finds the body without reading it.
    subject: Mapped[str | None] = mapped_column(String(80))
    api_version: Mapped[str | None] = mapped_column(String(20))
    carrier_account_id: Mapped[uuid.UUID | None]
    body_encrypted: Mapped[bytes | None]
    status: Mapped[ReceiptStatus] = mapped_column(text_enum(ReceiptStatus))
    problem: Mapped[str | None]
    triggered_at: Mapped[datetime]
    received_at: Mapped[datetime]
    processed_at: Mapped[datetime | None]


class OutboxEntry(Tenant, Base):
    """Something to do, committed with the reason for doing it. Holds ids only."""

    __tablename__ = "outbox"
    __table_args__ = (
        belongs_to("webhook_receipts", "receipt_id"),
        Index("ix_outbox_due", "kind", "run_after", "id", postgresql_where=text("done_at IS NULL")),
    )

    kind: Mapped[str] = mapped_column(String(40))
    receipt_id: Mapped[uuid.UUID | None]
    args: Mapped[dict[str, Any]]
    run_after: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    claim_token: Mapped[uuid.UUID | None]
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None]
    gave_up_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


# Two beats (one every five seconds) may be missed, as when the database was restarted, and no more.
ALIVE_WITHIN = timedelta(seconds=20)


class Heartbeat(Base):
    """A sign of life. RQ's own registry does not survive a flush of the queue."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    role: Mapped[str] = mapped_column(String(20))
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
