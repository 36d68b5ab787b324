"""Who of a shop's staff saw or changed what (Shopify asks for this log where there are people)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Tenant, text_enum
from models.enums import AuditAction


class AuditEntry(Tenant, Base):
    """One look or change. Append-only; it names a person's row, never the person."""

    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_subject", "shop_id", "subject_id", "happened_at"),)

    happened_at: Mapped[datetime]
    # Shopify's id of the member of staff, as in `users`.
    staff_id: Mapped[str] = mapped_column(String(64))
    action: Mapped[AuditAction] = mapped_column(text_enum(AuditAction))
    subject_id: Mapped[uuid.UUID | None]
