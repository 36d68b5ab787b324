"""Where the bytes of media are kept."""

from __future__ import annotations

import hashlib
import uuid
from typing import Protocol

from sqlalchemy import Select, select, update

from models import Media, ShopSession
from models.enums import MediaState


class MediaStore(Protocol):
    """Keeps the bytes of a row of `media`. Its row says whether there are any."""

    def put(self, session: ShopSession, media: Media, data: bytes, *, content_type: str) -> None:
        """Keep `data`, and note in the row that it is stored, its size and its SHA-256."""

    def read(self, session: ShopSession, media_id: uuid.UUID) -> bytes | None:
        """Return the bytes, or None where there are none."""


class PostgresStore:
    """In the table itself: erased with it, walled off with it, in the same backup."""

    def put(self, session: ShopSession, media: Media, data: bytes, *, content_type: str) -> None:
        """See `MediaStore.put`. Written by a statement, so that no read of the column precedes."""
        session.execute(
            update(Media)
            .where(Media.id == media.id)
            .values(
                content=data,
                content_type=content_type,
                size=len(data),
                sha256=hashlib.sha256(data).digest(),
                state=MediaState.STORED,
                problem=None,
                carrier_url_encrypted=None,
            )
            .execution_options(synchronize_session=False)
        )
        session.expire(media)

    def read(self, session: ShopSession, media_id: uuid.UUID) -> bytes | None:
        """See `MediaStore.read`."""
        return session.scalars(select(Media.content).where(Media.id == media_id)).first()


def forget_media(session: ShopSession, messages: Select[uuid.UUID]) -> None:
    """Delete the bytes of these messages' media, and what would fetch them again."""
    session.execute(
        update(Media)
        .where(Media.message_id.in_(messages))
        .values(
            content=None,
            size=None,
            sha256=None,
            carrier_url_encrypted=None,
            state=MediaState.DELETED,
            problem=None,
        )
        .execution_options(synchronize_session=False)
    )
