"""Who else of the shop's people is in a conversation at this moment."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from models import Presence, ShopSession, StaffMember, new_id

# Whose screen was not heard of for so long has left, or has lost the connection.
HERE_WITHIN = timedelta(seconds=15)
# A screen that polls every second need not be written down every second.
WRITTEN_EVERY = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Colleague:
    user_id: uuid.UUID
    name: str | None
    is_typing: bool


def others_in(
    session: ShopSession, conversation_id: uuid.UUID, *, me: uuid.UUID, now: datetime
) -> tuple[Colleague, ...]:
    """List who else looks at a conversation, those who write in it first."""
    since = now - HERE_WITHIN
    found = session.execute(
        select(Presence.user_id, StaffMember.name, Presence.typing_at)
        .join(StaffMember, StaffMember.id == Presence.user_id)
        .where(
            Presence.conversation_id == conversation_id,
            Presence.user_id != me,
            Presence.seen_at > since,
        )
    )
    here = [
        Colleague(row[0], row[1], is_typing=row[2] is not None and row[2] > since) for row in found
    ]
    return tuple(sorted(here, key=lambda each: (not each.is_typing, each.name or "")))


def note_presence(
    session: ShopSession,
    conversation_id: uuid.UUID,
    *,
    me: uuid.UUID,
    is_typing: bool,
    now: datetime,
) -> None:
    """Write down that somebody is here, unless that was done a moment ago."""
    typing_at = now if is_typing else None
    new = insert(Presence).values(
        id=new_id(),
        shop_id=session.shop_id,
        conversation_id=conversation_id,
        user_id=me,
        seen_at=now,
        typing_at=typing_at,
    )
    stale = now - WRITTEN_EVERY
    is_old = Presence.seen_at < stale
    if is_typing:
        is_old = or_(is_old, Presence.typing_at.is_(None), Presence.typing_at < stale)
    session.execute(
        new.on_conflict_do_update(
            index_elements=["shop_id", "conversation_id", "user_id"],
            set_={
                "seen_at": now,
                "typing_at": func.coalesce(new.excluded.typing_at, Presence.typing_at),
            },
            where=is_old,
        )
    )


def stop_typing(session: ShopSession, conversation_id: uuid.UUID, *, me: uuid.UUID) -> None:
    session.execute(
        update(Presence)
        .where(Presence.conversation_id == conversation_id, Presence.user_id == me)
        .values(typing_at=None)
    )
