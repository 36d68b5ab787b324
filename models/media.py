"""Pictures and files of texts, in and out."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Tenant, belongs_to, text_enum, unique_in_shop
from models.enums import MediaState


class Media(Tenant, Base):
    """One file of one text. `content` is loaded only where it is asked for: it has up to 5 MB."""

    __tablename__ = "media"
    __table_args__ = (
        unique_in_shop("message_id", "position"),
        belongs_to("messages", "message_id"),
    )

    message_id: Mapped[uuid.UUID]
    position: Mapped[int]
    # What the carrier says until it is stored; from then on what the bytes say.
    content_type: Mapped[str] = mapped_column(String(100))
    content: Mapped[bytes | None] = mapped_column(deferred=True)
    size: Mapped[int | None]
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    state: Mapped[MediaState] = mapped_column(text_enum(MediaState))
    # The stable code of why it is not shown.
    problem: Mapped[str | None] = mapped_column(String(40))
    # It opens what a person sent, with the account's secret or even without.
    carrier_url_encrypted: Mapped[bytes | None]
    created_at: Mapped[datetime]
