"""Texts, in and out, and what the gate decided about each."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Tenant, belongs_to, text_enum, unique_in_shop
from models.enums import Author, Direction, MessageStatus, Purpose


class Message(Tenant, Base):
    """One text. Every outgoing one is such a row before anything else happens to it."""

    __tablename__ = "messages"
    __table_args__ = (
        unique_in_shop("id"),
        unique_in_shop("dedupe_key"),
        unique_in_shop("carrier", "carrier_id"),
        belongs_to("contacts", "contact_id"),
        belongs_to("conversations", "conversation_id"),
        belongs_to("senders", "sender_id"),
        belongs_to("users", "staff_id"),
        CheckConstraint(
            "direction = 'inbound' OR purpose IS NOT NULL", name="outbound_needs_a_purpose"
        ),
        # What is due: read by every turn of a dispatcher, so as small as it can be.
        Index(
            "ix_messages_due",
            "sender_id",
            "lane",
            "send_after",
            "id",
            postgresql_where=text("status = 'queued'"),
        ),
        # What may or may not have left, waiting to be settled.
        Index(
            "ix_messages_unsettled",
            "sender_id",
            "attempted_at",
            postgresql_where=text("status IN ('sending', 'unknown')"),
        ),
        Index("ix_messages_thread", "shop_id", "conversation_id", "id"),
        Index("ix_messages_contact", "shop_id", "contact_id", "id"),
        # Today, for Home.
        Index("ix_messages_queued", "shop_id", "queued_at"),
    )

    contact_id: Mapped[uuid.UUID]
    conversation_id: Mapped[uuid.UUID]
    sender_id: Mapped[uuid.UUID | None]
    direction: Mapped[Direction] = mapped_column(text_enum(Direction))
    author: Mapped[Author] = mapped_column(text_enum(Author))
    # Who of the shop's people wrote it; null for everything else.
    staff_id: Mapped[uuid.UUID | None]
    purpose: Mapped[Purpose | None] = mapped_column(text_enum(Purpose))
    lane: Mapped[int] = mapped_column(default=0)
    status: Mapped[MessageStatus] = mapped_column(text_enum(MessageStatus))
    body: Mapped[str]
    encoding: Mapped[str | None] = mapped_column(String(8))
    segments: Mapped[int | None]
    # How many files it brings; of an inbound text all that the carrier counted.
    media_count: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    dedupe_key: Mapped[str] = mapped_column(String(255))
    carrier: Mapped[str] = mapped_column(String(20))
    carrier_id: Mapped[str | None] = mapped_column(String(64))
    # The stable code of why it did not leave, or not arrive; the gate's or the carrier's.
    reason: Mapped[str | None] = mapped_column(String(60))
    error_code: Mapped[int | None]
    attempts: Mapped[int] = mapped_column(default=0)
    resends: Mapped[int] = mapped_column(default=0)
    queued_at: Mapped[datetime]
    send_after: Mapped[datetime]
    send_before: Mapped[datetime | None]
    attempted_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    # When the carrier's list was first read after the attempt without finding it there.
    missing_since: Mapped[datetime | None]


class GateDecision(Tenant, Base):
    """What the gate said about a text, when, and what it knew. Append-only like the ledger."""

    __tablename__ = "gate_decisions"
    __table_args__ = (
        belongs_to("messages", "message_id"),
        Index("ix_gate_decisions_message", "shop_id", "message_id", "id"),
    )

    message_id: Mapped[uuid.UUID]
    decided_at: Mapped[datetime]
    stage: Mapped[str] = mapped_column(String(10))
    verdict: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(String(60))
    until: Mapped[datetime | None]
    inputs: Mapped[dict[str, Any]]
