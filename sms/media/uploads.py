"""Pictures that the shop's people send: what they may be, and to whom they may go."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models import Media, ShopSession, new_id
from models.enums import MediaState
from sms.media.store import MediaStore
from sms.media.types import SENDABLE, sniff
from sms.numbers import region_of

# Twilio's limits for one text: ten files (21623) of 5 MB together.
MOST = 10
LARGEST_TOGETHER = 5 * 1024 * 1024
_REACHED_BY_MMS = {"US", "CA"}

TOO_MANY = "A text can bring at most 10 pictures: please take some away."
TOO_LARGE = "Together these pictures are {size:.1f} MB. A text can bring at most 5 MB."
NOT_A_PICTURE = "Only JPEG, PNG and GIF pictures can be sent; number {place} is something else."
NOT_THERE = (
    "Pictures can only be sent from a +1 number to phones in the United States and Canada. "
    "Send your words without them."
)


@dataclass(frozen=True, slots=True)
class Upload:
    """One picture, of the type that its bytes say."""

    data: bytes
    content_type: str

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.data).digest()


def read_uploads(files: Sequence[bytes]) -> tuple[Upload, ...] | str:
    """Look at what was uploaded; return pictures that may be sent, or a sentence why not."""
    if len(files) > MOST:
        return TOO_MANY
    size = sum(len(data) for data in files)
    if size > LARGEST_TOGETHER:
        # Rounded up, so that it never says 5.0.
        return TOO_LARGE.format(size=max(5.1, size / 1024 / 1024))
    uploads = tuple(Upload(data, sniff(data) or "") for data in files)
    for place, upload in enumerate(uploads, start=1):
        if upload.content_type not in SENDABLE:
            return NOT_A_PICTURE.format(place=place)
    return uploads


def can_go(*, sender: str | None, to: str | None) -> bool:
    """Say whether a text with pictures can go this way (Twilio: MMS within +1, US and Canada)."""
    if sender is None or to is None:
        # The gate has a better word for that.
        return True
    return sender.startswith("+1") and region_of(to) in _REACHED_BY_MMS


def keep_uploads(
    session: ShopSession,
    store: MediaStore,
    message_id: uuid.UUID,
    uploads: Sequence[Upload],
    *,
    now: datetime,
) -> None:
    """Store the pictures of an outgoing text, in the transaction that queues it."""
    for position, upload in enumerate(uploads):
        media = Media(
            id=new_id(),
            message_id=message_id,
            position=position,
            content_type=upload.content_type,
            state=MediaState.WAITING,
            created_at=now,
        )
        session.add(media)
        session.flush()
        store.put(session, media, upload.data, content_type=upload.content_type)
