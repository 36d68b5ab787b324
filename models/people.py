"""The people who text, what they allowed, and the conversation with each."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Computed, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Tenant, belongs_to, text_enum, trigrams, unique_in_shop
from models.enums import ConsentKind, ConsentState, ConversationStatus, Scope


class Contact(Tenant, Base):
    """A phone number of a shop's, and whom it belongs to.

    `marketing` and `transactional` are a cache of the ledger. A granted state names the event that
    grants it, so "granted" without a row of consent cannot be stored (P23).
    """

    __tablename__ = "contacts"
    __table_args__ = (
        unique_in_shop("id"),
        unique_in_shop("phone"),
        belongs_to("consent_events", "marketing_event_id"),
        belongs_to("consent_events", "transactional_event_id"),
        CheckConstraint(
            "marketing <> 'granted' OR marketing_event_id IS NOT NULL",
            name="marketing_needs_an_event",
        ),
        CheckConstraint(
            "transactional <> 'granted' OR transactional_event_id IS NOT NULL",
            name="transactional_needs_an_event",
        ),
        # For `find_conversations`, which looks past the policies: under them these are not used.
        trigrams("ix_contacts_search_phone", "phone"),
        trigrams(
            "ix_contacts_search_name",
            "lower(COALESCE(first_name, '') || ' ' || COALESCE(last_name, ''))",
        ),
    )

    # Null once the person was erased: who writes again starts afresh (R14.4).
    phone: Mapped[str | None] = mapped_column(String(20))
    phone_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    customer_id: Mapped[int | None] = mapped_column(BigInteger)
    first_name: Mapped[str | None]
    last_name: Mapped[str | None]
    country: Mapped[str | None] = mapped_column(String(2))
    marketing: Mapped[ConsentState] = mapped_column(text_enum(ConsentState, "marketing"))
    marketing_event_id: Mapped[uuid.UUID | None]
    transactional: Mapped[ConsentState] = mapped_column(text_enum(ConsentState, "transactional"))
    transactional_event_id: Mapped[uuid.UUID | None]
    unreachable_reason: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime]
    redacted_at: Mapped[datetime | None]


class Wording(Tenant, Base):
    """A text that people agreed to or were answered with, word for word. Never changed (R2.3)."""

    __tablename__ = "wordings"
    __table_args__ = (unique_in_shop("id"), unique_in_shop("name", "locale", "sha256"))

    name: Mapped[str] = mapped_column(String(80))
    version: Mapped[int]
    locale: Mapped[str] = mapped_column(String(16))
    body: Mapped[str]
    sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime]


class ConsentEvent(Tenant, Base):
    """One entry of the ledger. Append-only: a trigger refuses update and delete.

    It names nobody. The person's data lies in `consent_evidence`; `commitment` is the SHA-256 of
    the evidence's salt and canonical text, so that erasing the evidence leaves the entry whole.
    """

    __tablename__ = "consent_events"
    __table_args__ = (
        unique_in_shop("id"),
        unique_in_shop("source", "external_id", "scope"),
        belongs_to("wordings", "wording_id"),
        Index("ix_consent_events_contact", "shop_id", "contact_id", "scope"),
    )

    contact_id: Mapped[uuid.UUID]
    phone_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    scope: Mapped[Scope] = mapped_column(text_enum(Scope))
    kind: Mapped[ConsentKind] = mapped_column(text_enum(ConsentKind))
    source: Mapped[str] = mapped_column(String(40))
    external_id: Mapped[str] = mapped_column(String(255))
    method: Mapped[str] = mapped_column(String(40))
    actor: Mapped[str] = mapped_column(String(80))
    wording_id: Mapped[uuid.UUID | None]
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    commitment: Mapped[bytes] = mapped_column(LargeBinary(32))


class ConsentEvidence(Tenant, Base):
    """The personal part of a ledger entry, encrypted, and erasable with its salt."""

    __tablename__ = "consent_evidence"
    __table_args__ = (unique_in_shop("event_id"), belongs_to("consent_events", "event_id"))

    event_id: Mapped[uuid.UUID]
    salt: Mapped[bytes] = mapped_column(LargeBinary(32))
    evidence_encrypted: Mapped[bytes]


class Suppression(Tenant, Base):
    """A phone that must not be texted. Holds no number: it outlives erasure and reinstall."""

    __tablename__ = "suppressions"
    __table_args__ = (
        unique_in_shop("phone_hash", "scope"),
        belongs_to("consent_events", "event_id"),
    )

    phone_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    hash_key_id: Mapped[str] = mapped_column(String(16))
    # `marketing`, `transactional`, or both at once by two rows: a bare STOP writes both (R4.8).
    scope: Mapped[Scope] = mapped_column(text_enum(Scope))
    reason: Mapped[str] = mapped_column(String(40))
    event_id: Mapped[uuid.UUID | None]
    since: Mapped[datetime]


class Conversation(Tenant, Base):
    """The one thread with a person. `version` moves with everything that a screen would show."""

    __tablename__ = "conversations"
    __table_args__ = (
        unique_in_shop("id"),
        unique_in_shop("contact_id"),
        belongs_to("contacts", "contact_id"),
        belongs_to("users", "assignee_id"),
        # One for each tab of the inbox: a page is read in its order, however many there are.
        Index("ix_conversations_all", "shop_id", "last_at", "id"),
        Index(
            "ix_conversations_open",
            *("shop_id", "last_at", "id"),
            postgresql_where=text("status = 'open'"),
        ),
        Index(
            "ix_conversations_waiting",
            *("shop_id", text("COALESCE(waiting_since, 'infinity'::timestamptz)"), "id"),
            postgresql_where=text("status = 'open'"),
        ),
        Index(
            "ix_conversations_unread",
            *("shop_id", "last_at", "id"),
            postgresql_where=text("unread > 0"),
        ),
        Index(
            "ix_conversations_assigned",
            *("shop_id", "assignee_id", "last_at", "id"),
            postgresql_where=text("status = 'open' AND assignee_id IS NOT NULL"),
        ),
        Index(
            "ix_conversations_closed",
            *("shop_id", "last_at", "id"),
            postgresql_where=text("status = 'closed' AND last_inbound_at IS NOT NULL"),
        ),
    )

    contact_id: Mapped[uuid.UUID]
    status: Mapped[ConversationStatus] = mapped_column(text_enum(ConversationStatus))
    unread: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=0)
    waiting_since: Mapped[datetime | None]
    last_inbound_at: Mapped[datetime | None]
    last_outbound_at: Mapped[datetime | None]
    assignee_id: Mapped[uuid.UUID | None]
    first_replied_at: Mapped[datetime | None]
    # How often the shop's people have answered: who writes while it moves is told, so that no
    # shopper gets two answers (see `send_reply`).
    replies: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    # When it was last closed; it may have opened again since.
    closed_at: Mapped[datetime | None]
    last_at: Mapped[datetime] = mapped_column(
        Computed("GREATEST(last_inbound_at, last_outbound_at, created_at)", persisted=True)
    )
    created_at: Mapped[datetime]


class Presence(Tenant, Base):
    """Who of the shop's people looks at a conversation, and writes in it, at this moment.

    Unlogged: it is written every few seconds and worth nothing after a crash.
    """

    __tablename__ = "conversation_presence"
    __table_args__ = (
        unique_in_shop("conversation_id", "user_id"),
        belongs_to("conversations", "conversation_id"),
        belongs_to("users", "user_id"),
        {"prefixes": ["UNLOGGED"]},
    )

    conversation_id: Mapped[uuid.UUID]
    user_id: Mapped[uuid.UUID]
    seen_at: Mapped[datetime]
    typing_at: Mapped[datetime | None]
