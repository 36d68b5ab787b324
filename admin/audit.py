"""Writing down who saw or changed what."""

from __future__ import annotations

import uuid
from datetime import datetime

from models import AuditEntry, ShopSession
from models.enums import AuditAction
from shopify.auth import merchant


def note(
    session: ShopSession, action: AuditAction, *, now: datetime, subject: uuid.UUID | None = None
) -> None:
    """Add a line to the access log, in the transaction of what it tells about."""
    staff_id = merchant().staff_id
    session.add(AuditEntry(happened_at=now, staff_id=staff_id, action=action, subject_id=subject))
