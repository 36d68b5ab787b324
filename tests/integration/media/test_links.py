"""A link shows one file of one shop for a few minutes, safely, and nothing else."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from models import Database, Media, Message
from models.enums import Direction, MediaState
from services import Services, build_services
from sms.media.links import CARRIER_MAY_FETCH_FOR, SHOWN_FOR, MediaLinks
from tests.factories import MadeShop, make_contact, make_shop, queue_text
from tests.integration.media.making import HTML, JPEG, PDF, PNG, VCARD
from tests.integration.shopify_auth.conftest import make_settings
from tests.sessions import admin_client

KEY = "a key of the tests"


@dataclass(frozen=True)
class Served:
    """Parley with two shops, and a client that is anybody: no session token, no cookie."""

    services: Services
    web: Flask
    maple: MadeShop
    harbor: MadeShop
    client: FlaskClient

    @property
    def database(self) -> Database:
        return self.services.database

    def keep(self, shop: MadeShop, data: bytes = PNG, kind: str = "image/png") -> uuid.UUID:
        now = self.services.clock()
        with self.database.shop_session(shop.id) as session:
            contact = make_contact(session, now=now)
            media = Media(
                message_id=queue_text(session, contact, now=now).message_id,
                position=0,
                content_type=kind,
                state=MediaState.WAITING,
                created_at=now,
            )
            session.add(media)
            session.flush()
            self.services.media_store.put(session, media, data, content_type=kind)
            return media.id


@pytest.fixture
def served(empty_database: str, empty_queue: str, now: datetime) -> Iterator[Served]:
    services = build_services(make_settings(empty_database, empty_queue))
    web = create_app(services)
    maple, harbor = (
        make_shop(services.database, now=now, domain=f"{name}.myshopify.com")
        for name in ("maple", "harbor")
    )
    yield Served(services, web, maple, harbor, web.test_client())
    services.dispatcher.close()
    services.database.dispose()


@pytest.mark.parametrize(
    ("data", "kind", "shown"),
    [
        (PNG, "image/png", 'inline; filename="picture-1.png"'),
        (JPEG + HTML, "image/jpeg", 'inline; filename="picture-1.jpg"'),
        (PDF, "application/pdf", 'attachment; filename="document-1.pdf"'),
        (VCARD, "text/vcard", 'attachment; filename="contact-card-1.vcf"'),
    ],
)
def test_a_file_is_served_as_what_it_is_and_can_do_nothing(
    served: Served, data: bytes, kind: str, shown: str
) -> None:
    media_id = served.keep(served.maple, data, kind)
    answer = served.client.get(served.services.media_links.shown(served.maple.id, media_id))
    assert (answer.status_code, answer.data) == (200, data)
    assert answer.headers["Content-Type"].partition(";")[0] == kind
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"] == shown
    policy = answer.headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "sandbox"} <= set(policy)
    assert answer.headers["Cache-Control"].startswith("private, max-age=")
    assert "Set-Cookie" not in answer.headers


def test_a_part_of_a_file_can_be_asked_for(served: Served) -> None:
    media_id = served.keep(served.maple)
    link = served.services.media_links.shown(served.maple.id, media_id)
    answer = served.client.get(link, headers={"Range": "bytes=0-7"})
    assert (answer.status_code, answer.data) == (206, PNG[:8])


def test_a_link_of_one_shop_opens_nothing_of_another(served: Served) -> None:
    media_id = served.keep(served.harbor)
    assert (
        served.client.get(served.services.media_links.shown(served.maple.id, media_id)).status_code
        == 404
    )
    assert (
        served.client.get(served.services.media_links.shown(served.harbor.id, media_id)).status_code
        == 200
    )


def test_a_link_that_was_changed_opens_nothing(served: Served) -> None:
    media_id = served.keep(served.maple)
    link = served.services.media_links.shown(served.maple.id, media_id)
    for place in range(len("/media/"), len(link)):
        other = "A" if link[place] != "A" else "B"
        changed = link[:place] + other + link[place + 1 :]
        # The last letter of base64 has bits that mean nothing.
        if place != len(link) - 1:
            assert served.client.get(changed).status_code == 404, place
    for odd in ("x", "x.y", "." * 50, "é", "a" * 500, "%00", "../../etc/passwd"):
        assert served.client.get(f"/media/{odd}").status_code == 404
    stranger = MediaLinks([KEY], public_url="", clock=served.services.clock)
    assert served.client.get(stranger.shown(served.maple.id, media_id)).status_code == 404


def test_a_link_that_has_ended_says_so(served: Served) -> None:
    media_id = served.keep(served.maple)
    key = served.services.settings.encryption_keys[0].get_secret_value()
    past = MediaLinks(
        [key],
        public_url="",
        clock=lambda: served.services.clock() - SHOWN_FOR - timedelta(seconds=2),
    )
    answer = served.client.get(past.shown(served.maple.id, media_id))
    assert answer.status_code == 410
    assert "Open the conversation again" in answer.text


def test_what_was_deleted_is_gone_from_its_link(served: Served) -> None:
    media_id = served.keep(served.maple)
    with served.database.shop_session(served.maple.id) as session:
        session.get_one(Media, media_id).state = MediaState.DELETED
    assert (
        served.client.get(served.services.media_links.shown(served.maple.id, media_id)).status_code
        == 404
    )


def test_links_end_when_they_should_and_are_the_same_for_a_while() -> None:
    moment = [datetime.fromisoformat("2026-11-23T12:00:00+00:00")]
    links = MediaLinks([KEY], public_url="https://parley.example", clock=lambda: moment[0])
    shop, media = uuid.uuid4(), uuid.uuid4()
    first = links.shown(shop, media)
    carriers = links.for_carrier(shop, media)
    assert carriers.startswith("https://parley.example/media/")
    moment[0] += timedelta(seconds=119)
    assert links.shown(shop, media) == first
    moment[0] += timedelta(seconds=1)
    assert links.shown(shop, media) != first
    for link, lasts in ((first, SHOWN_FOR), (carriers, CARRIER_MAY_FETCH_FOR)):
        token = link.rpartition("/")[2]
        moment[0] = datetime.fromisoformat("2026-11-23T12:00:00+00:00") + lasts
        opened = links.read(token)
        assert opened is not None
        assert opened.has_ended
        moment[0] -= timedelta(seconds=1)
        opened = links.read(token)
        assert opened is not None
        assert not opened.has_ended
        assert (opened.shop_id, opened.media_id) == (shop, media)


def test_a_link_outlives_a_new_key_that_stands_before_its_own(now: datetime) -> None:
    def links(*keys: str) -> MediaLinks:
        return MediaLinks(keys, public_url="", clock=lambda: now)

    token = links("old").shown(uuid.uuid4(), uuid.uuid4()).rpartition("/")[2]
    assert links("new", "old").read(token) is not None
    assert links("new").read(token) is None


def test_the_thread_shows_pictures_and_says_why_it_does_not(served: Served, now: datetime) -> None:
    media_id = served.keep(served.maple)
    with served.database.shop_session(served.maple.id) as session:
        media = session.get_one(Media, media_id)
        for position, (state, problem) in enumerate(
            [("waiting", None), ("refused", "too_large"), ("failed", "unavailable")], start=1
        ):
            session.add(
                Media(
                    message_id=media.message_id,
                    position=position,
                    content_type="image/png",
                    state=MediaState(state),
                    problem=problem,
                    created_at=now,
                )
            )
        message = session.get_one(Message, media.message_id)
        message.media_count, message.direction = 6, Direction.INBOUND
        conversation_id = message.conversation_id
    merchant = admin_client(served.web, served.maple.domain)
    page = merchant.get(f"/inbox/{conversation_id}")
    assert page.status_code == 200
    assert served.services.media_links.shown(served.maple.id, media_id) in page.text
    assert 'alt="Picture 1.png from them"' in page.text
    assert "Picture 2 is being fetched" not in page.text
    for words in (
        "is being fetched",
        "it is larger than 5 MB",
        "did not hand it over",
        "2 more files came with this text",
    ):
        assert words in page.text
