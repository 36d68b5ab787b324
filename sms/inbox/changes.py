"""Has anything changed that somebody's screen shows? Asked every second, so it must cost little."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from models import ShopSession
from sms.inbox.conversations import Sort, View, Wanted
from sms.inbox.presence import HERE_WITHIN, WRITTEN_EVERY
from sms.inbox.thread import PAGE

_LOOK = text(
    "SELECT list, version, texts, people, noted_at "
    "FROM look_at_inbox(:top, :me, :conversation, :since, :texts)"
)


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """What a screen's three parts look like at this moment, each in a few letters.

    They are of what is committed now, so nothing is missed however transactions overtake each
    other; a counter that writers move on would be passed by a slow one.
    """

    list: str
    thread: str
    people: str


@dataclass(frozen=True, slots=True)
class Look:
    """`must_note_presence`: it was last written down too long ago."""

    now: Fingerprints
    must_note_presence: bool


def look(
    session: ShopSession, wanted: Wanted, conversation_id: uuid.UUID | None, *, now: datetime
) -> Look:
    """Take the fingerprints of what would be shown, with one query.

    A later page of the list is looked at through its first, on which news arrives. So is a
    search, which would cost too much every second, through all there is.
    """
    view, sort = (View.ALL, Sort.NEWEST) if wanted.is_search else (wanted.view, wanted.sort)
    found = session.execute(
        _LOOK,
        {
            "top": f"{view} {sort}",
            "me": wanted.me,
            "conversation": conversation_id,
            "since": now - HERE_WITHIN,
            "texts": PAGE,
        },
    ).one()
    is_here = found.version is not None
    noted_at: datetime | None = found.noted_at
    return Look(
        Fingerprints(
            found.list[:12],
            f"{found.version}-{(found.texts or '')[:12]}" if is_here else "",
            (found.people or "")[:12],
        ),
        must_note_presence=is_here and (noted_at is None or noted_at < now - WRITTEN_EVERY),
    )
