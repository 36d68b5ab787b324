"""Media of inbound texts: noted with the text, fetched by a job, shown once it is safe."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from models import CarrierAccount, Conversation, Media, Message, OutboxEntry, ShopSession, new_id
from models.enums import MediaState
from sms.carriers.accounts import credentials_of
from sms.carriers.protocol import Account
from sms.media.download import Downloads, RefusedDownloadError
from sms.media.store import MediaStore
from sms.media.types import fits, sniff

log = structlog.get_logger(__name__)

FETCH_MEDIA = "fetch_media"
# Twilio takes ten of one text from us; phones have sent more in rare cases.
MOST_SHOWN = 10
_LONGEST_URL = 2000
_ACCOUNT = re.compile(r"/2010-04-01/Accounts/(AC[0-9a-fA-F]{32})/")


@dataclass(frozen=True, slots=True)
class InboundMedia:
    """One file of an inbound text, as the carrier names it."""

    url: str
    content_type: str


def read_media(form: Mapping[str, str]) -> tuple[int, tuple[InboundMedia, ...]]:
    """Read a webhook's `MediaUrl{N}`: how many there are, and the first `MOST_SHOWN`."""
    found = [
        InboundMedia(url, form.get(f"MediaContentType{place}", "").replace("\0", "")[:100])
        for place in range(MOST_SHOWN)
        if (url := form.get(f"MediaUrl{place}", "").replace("\0", ""))
    ]
    said = form.get("NumMedia", "")
    counted = int(said) if said.isascii() and said.isdigit() and len(said) < 4 else 0
    return max(counted, len(found)), tuple(found)


def note_media(
    session: ShopSession, message_id: uuid.UUID, files: tuple[InboundMedia, ...], *, now: datetime
) -> None:
    """Write down what is to be fetched, once a text and place."""
    for position, file in enumerate(files):
        media_id = session.execute(
            insert(Media)
            .values(
                id=new_id(),
                shop_id=session.shop_id,
                message_id=message_id,
                position=position,
                content_type=file.content_type,
                state=MediaState.WAITING,
                carrier_url_encrypted=session.vault.encrypt(file.url[:_LONGEST_URL].encode()),
                created_at=now,
            )
            .on_conflict_do_nothing(index_elements=["shop_id", "message_id", "position"])
            .returning(Media.id)
        ).scalar_one_or_none()
        if media_id is None:
            continue
        session.add(
            OutboxEntry(
                kind=FETCH_MEDIA,
                args={"media": str(media_id)},
                run_after=now,
                attempts=0,
                created_at=now,
            )
        )
    if files:
        session.wake(FETCH_MEDIA)


@dataclass(frozen=True, slots=True)
class FetchJob:
    """What is fetched while no transaction is open."""

    media_id: uuid.UUID
    url: str
    declared: str
    account: Account


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that may be shown."""

    data: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class NotShown:
    """It was looked at and will not be shown, for this reason."""

    problem: str


class MediaFetcher:
    """An errand of the outbox; see `jobs.errands.Errand` for when each of these is called."""

    def __init__(self, downloads: Downloads, store: MediaStore) -> None:
        self._downloads = downloads
        self._store = store

    def begin(self, session: ShopSession, args: Mapping[str, Any]) -> FetchJob | None:
        """Read what is to be fetched, or None where there is nothing to fetch any more."""
        media = session.get(Media, uuid.UUID(str(args["media"])))
        if media is None or media.state is not MediaState.WAITING:
            return None
        assert media.carrier_url_encrypted is not None
        url = session.vault.decrypt(media.carrier_url_encrypted).decode()
        named = _ACCOUNT.search(url)
        account_id = session.scalars(
            select(CarrierAccount.id).where(
                CarrierAccount.account_sid == (named.group(1) if named else "")
            )
        ).first()
        if account_id is None:
            self._settle(session, media.id, NotShown("foreign_address"))
            return None
        return FetchJob(media.id, url, media.content_type, credentials_of(session, account_id))

    def carry_out(self, job: FetchJob) -> Fetched | NotShown:
        """Fetch the file and look at it.

        Raises:
            sms.media.download.DownloadFailedError: it may be there later.
        """
        try:
            data = self._downloads.fetch(job.url, job.account)
        except RefusedDownloadError as refusal:
            return NotShown(str(refusal))
        if not data:
            return NotShown("empty")
        actual = sniff(data)
        if actual is None:
            return NotShown("unknown_type")
        return Fetched(data, actual) if fits(job.declared, actual) else NotShown("wrong_type")

    def finish(self, session: ShopSession, job: FetchJob, result: Fetched | NotShown) -> None:
        """Keep what came, and let open screens show it."""
        self._settle(session, job.media_id, result)

    def give_up(self, session: ShopSession, args: Mapping[str, Any]) -> None:
        """Say in the thread that the file could not be fetched."""
        self._settle(session, uuid.UUID(str(args["media"])), None)

    def _settle(
        self, session: ShopSession, media_id: uuid.UUID, result: Fetched | NotShown | None
    ) -> None:
        """The conversation is locked before its media, as where a person is erased."""
        conversation = session.scalars(
            select(Conversation)
            .join(Message, Message.conversation_id == Conversation.id)
            .join(Media, Media.message_id == Message.id)
            .where(Media.id == media_id)
            .with_for_update(key_share=True, of=Conversation)
        ).one()
        media = session.scalars(
            select(Media)
            .where(Media.id == media_id, Media.state == MediaState.WAITING)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).first()
        if media is None:
            return
        if isinstance(result, Fetched):
            self._store.put(session, media, result.data, content_type=result.content_type)
        else:
            media.state = MediaState.FAILED if result is None else MediaState.REFUSED
            media.problem = "unavailable" if result is None else result.problem
        conversation.version = Conversation.version + 1
        log.info("media_settled", media_id=str(media_id), state=media.state, problem=media.problem)
