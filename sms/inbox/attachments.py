"""The pictures and files of a page of texts, and the words for those that are not shown."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from models import Media, ShopSession
from models.enums import MediaState
from sms.media.types import EXTENSIONS, kind_of

# Why a file is not shown, by the code that its row holds.
_SENTENCES = {
    "unknown_type": "it is of a kind that could do harm, or that browsers cannot show",
    "wrong_type": "it is not what it says it is",
    "too_large": "it is larger than 5 MB",
    "empty": "it is empty",
    "foreign_address": "it does not lie with your carrier",
    "unavailable": "your carrier did not hand it over, though Parley asked for over an hour",
}


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file. `note` says why it cannot be seen, and is None where it can."""

    id: uuid.UUID
    name: str
    is_image: bool
    size: str
    note: str | None


def attachments_of(
    session: ShopSession, message_ids: Sequence[uuid.UUID]
) -> defaultdict[uuid.UUID, tuple[Attachment, ...]]:
    """Read the files of these messages in their order, with one query and without their bytes."""
    rows = session.execute(
        select(
            Media.message_id,
            Media.id,
            Media.position,
            Media.content_type,
            Media.size,
            Media.state,
            Media.problem,
        )
        .where(Media.message_id.in_(message_ids))
        .order_by(Media.message_id, Media.position)
    )
    found: defaultdict[uuid.UUID, tuple[Attachment, ...]] = defaultdict(tuple)
    for row in rows:
        is_stored = row.state is MediaState.STORED
        kind = kind_of(row.content_type)
        name = f"{kind} {row.position + 1}"
        if is_stored:
            name += f".{EXTENSIONS[row.content_type]}"
        found[row.message_id] += (
            Attachment(
                id=row.id,
                name=name,
                is_image=is_stored and kind == "Picture",
                size=size_words(row.size or 0) if is_stored else "",
                note=None if is_stored else _note(kind, row.state, row.problem),
            ),
        )
    return found


def _note(kind: str, state: MediaState, problem: str | None) -> str:
    if state is MediaState.WAITING:
        return f"{kind} is being fetched from your carrier."
    if state is MediaState.DELETED:
        return f"{kind} was deleted at their request."
    why = _SENTENCES.get(problem or "", "it could not be read")
    return f"{kind} is not shown: {why}."


def size_words(size: int) -> str:
    """Say a size in bytes as people read it: "320 KB", "1.4 MB"."""
    if size < 1024 * 1024:
        return f"{max(1, round(size / 1024))} KB"
    return f"{size / 1024 / 1024:.1f} MB"
