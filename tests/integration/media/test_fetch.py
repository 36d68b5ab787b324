"""A picture that somebody texts is fetched once, with the account's secret, and kept."""

from __future__ import annotations

import base64
import hashlib

import pytest
from sqlalchemy import select

from jobs.drain import LEASE_SECONDS
from models import Message, OutboxEntry, WebhookReceipt
from models.enums import MediaState
from sms.media.fetch import FETCH_MEDIA, MOST_SHOWN
from sms.media.store import forget_media
from tests.integration.media.making import HTML, PDF, PNG, VCARD, Files, MediaDesk


def test_what_was_texted_is_stored_with_the_accounts_secret(desk: MediaDesk, files: Files) -> None:
    desk.texts("image/png")
    before = desk.desk.conversation().version
    desk.fetches()
    [media] = desk.media()
    assert (media.state, media.content_type, media.size) == ("stored", "image/png", len(PNG))
    assert media.sha256 == hashlib.sha256(PNG).digest()
    assert desk.content(media) == PNG
    assert media.carrier_url_encrypted is None
    shop = desk.desk.shop
    secret = base64.b64encode(f"{shop.account_sid}:{shop.auth_token}".encode()).decode()
    assert [auth for _, auth in files.asked] == [f"Basic {secret}"]
    assert desk.desk.conversation().version == before + 1


@pytest.mark.parametrize(
    ("data", "declared", "kind"),
    [
        (PDF, "application/pdf", "application/pdf"),
        (VCARD, "text/x-vcard", "text/vcard"),
        (b"\0\0\0\x18ftypmp42" + b"\0" * 16, "video/mp4", "video/mp4"),
        (b"\0\0\0\x18ftyp3gp5" + b"\0" * 16, "audio/3gpp", "video/3gpp"),
        (b"#!AMR\n" + b"\0" * 16, "audio/amr", "audio/amr"),
        (PNG, "image/jpeg", "image/png"),
        (PNG, "", "image/png"),
    ],
)
def test_a_file_is_what_its_bytes_say(
    desk: MediaDesk, files: Files, data: bytes, declared: str, kind: str
) -> None:
    files.data = data
    desk.texts(declared)
    desk.fetches()
    assert [(media.state, media.content_type) for media in desk.media()] == [("stored", kind)]


def test_a_repeated_webhook_adds_no_file(desk: MediaDesk, files: Files) -> None:
    for _ in range(3):
        desk.texts("image/png", "image/png", sid="MM" + "1" * 32)
    desk.fetches()
    assert [media.position for media in desk.media()] == [0, 1]
    assert len(files.asked) == 2


def test_a_text_taken_in_again_from_its_receipt_adds_no_file(desk: MediaDesk) -> None:
    """As when a worker died after its effects, had they not committed with "done"."""
    desk.texts("image/png")
    with desk.desk.database.shop_session(desk.desk.shop.id) as session:
        receipt = session.scalars(select(WebhookReceipt)).one()
        session.add(
            OutboxEntry(
                kind="carrier_inbound",
                receipt_id=receipt.id,
                args={},
                run_after=desk.desk.clock(),
                attempts=0,
                created_at=desk.desk.clock(),
            )
        )
    desk.desk.works()
    assert len(desk.media()) == 1


def test_of_many_files_ten_are_kept_and_all_are_counted(desk: MediaDesk) -> None:
    desk.texts(*["image/png"] * (MOST_SHOWN + 2))
    assert len(desk.media()) == MOST_SHOWN
    [message] = desk.desk.messages()
    assert message.media_count == MOST_SHOWN + 2


def test_killed_between_fetching_and_storing_it_is_fetched_again_and_stored_once(
    desk: MediaDesk, files: Files
) -> None:
    desk.texts("image/png")
    drainer = desk.drainer()

    class Killed(BaseException):
        """What a kill leaves: nothing after it runs."""

    def kill(*_: object) -> None:
        raise Killed

    fetcher = drainer._errands[FETCH_MEDIA]
    fetcher.finish = kill  # type: ignore[method-assign]  # the moment at which it dies
    with pytest.raises(Killed):
        drainer.drain(FETCH_MEDIA)
    desk.fetches()
    assert len(files.asked) == 1, "its claim has not run out"
    desk.desk.clock.advance(seconds=LEASE_SECONDS + 1)
    with desk.desk.database.engine.begin() as owner:
        owner.exec_driver_sql("UPDATE outbox SET claimed_until = now() - interval '1 second'")
    desk.fetches()
    assert len(files.asked) == 2
    assert [media.state for media in desk.media()] == [MediaState.STORED]
    version = desk.desk.conversation().version
    desk.fetches()
    assert (len(files.asked), desk.desk.conversation().version) == (2, version)


def test_what_the_carrier_does_not_hand_over_is_tried_for_long_and_then_said(
    desk: MediaDesk, files: Files
) -> None:
    files.status = 503
    desk.texts("image/png")
    for _ in range(12):
        desk.fetches()
        desk.desk.clock.advance(minutes=16)
    [media] = desk.media()
    assert (media.state, media.problem) == ("failed", "unavailable")
    assert len(files.asked) == 10


def test_what_comes_back_after_a_while_is_stored(desk: MediaDesk, files: Files) -> None:
    files.status = 404
    desk.texts("image/png")
    desk.fetches()
    assert [media.state for media in desk.media()] == ["waiting"]
    files.status = 200
    desk.desk.clock.advance(minutes=1)
    desk.fetches()
    assert [media.state for media in desk.media()] == ["stored"]


def test_what_was_erased_meanwhile_is_not_stored(desk: MediaDesk, files: Files) -> None:
    desk.texts("image/png")

    drainer = desk.drainer()
    fetcher = drainer._errands[FETCH_MEDIA]
    carry_out = fetcher.carry_out

    def erase_first(job: object) -> object:
        with desk.desk.database.shop_session(desk.desk.shop.id) as session:
            forget_media(session, select(Message.id))
        return carry_out(job)

    fetcher.carry_out = erase_first  # type: ignore[method-assign]  # the moment of the erasure
    drainer.drain(FETCH_MEDIA)
    [media] = desk.media()
    assert (media.state, desk.content(media)) == ("deleted", None)
    assert len(files.asked) == 1


def test_one_refused_file_does_not_hide_its_neighbour(desk: MediaDesk, files: Files) -> None:
    desk.texts("image/png", "image/png")
    files.data = HTML
    desk.drainer().drain(FETCH_MEDIA)
    assert {media.state for media in desk.media()} == {"refused"}
