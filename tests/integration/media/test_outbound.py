"""Pictures leave with a reply, through links that the carrier can open, and only where they can."""

from __future__ import annotations

import uuid
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from models import Conversation, Database, Media, Message, Sender, StaffMember
from models.enums import MessageStatus
from sms.carriers.protocol import CarrierMessage
from sms.delivery.reconcile import match
from sms.inbox.replies import Draft, Refused, Sent, SentBefore, send_reply
from tests.factories import ADA, MadeShop, make_shop
from tests.integration.media.making import HTML, JPEG, PDF, PNG, png
from tests.integration.sandbox_carrier.running import Running
from tests.integration.sms.conftest import carrier_of_shops, stand_in  # noqa: F401 - fixtures
from tests.integration.sms.making import PUBLIC_URL, Clock, Desk, dispatcher_for, through_twilio

DRAFT = Draft(body="Here it is", nonce="one", replies=0, files=(PNG,))


@pytest.fixture
def shop(database: Database, clock: Clock) -> MadeShop:
    return make_shop(database, now=clock(), pace=Decimal(400))


@pytest.fixture
def ours(database: Database, shop: MadeShop, clock: Clock) -> Desk:
    desk = Desk(database, shop, clock)
    desk.texts("Can you show me?")
    desk.works()
    return desk


def reply(desk: Desk, draft: Draft = DRAFT) -> object:
    now = desk.clock()
    with desk.database.shop_session(desk.shop.id) as session:
        staff = session.scalars(select(StaffMember)).first() or StaffMember(
            staff_id="1", name="Mira", account_owner=True, first_seen_at=now, last_seen_at=now
        )
        session.add(staff)
        session.flush()
        conversation = session.scalars(select(Conversation)).one()
        return send_reply(session, conversation.id, draft, staff_id=staff.id, now=now)


def pictures(desk: Desk) -> list[Media]:
    with desk.database.shop_session(desk.shop.id) as session:
        return list(session.scalars(select(Media).order_by(Media.position)))


def test_a_reply_with_pictures_is_one_text_whose_links_the_carrier_gets(
    ours: Desk,
    stand_in: Running,  # noqa: F811 - the fixture
) -> None:
    long = "x" * 1000
    result = reply(ours, replace(DRAFT, body=long, files=(PNG, JPEG)))
    assert isinstance(result, Sent)
    queued = ours.message(result.message_id)
    assert (queued.encoding, queued.segments, queued.media_count) == ("MMS", 1, 2)
    dispatcher = dispatcher_for(ours.database, through_twilio(stand_in), ours.clock)
    dispatcher.run(ours.shop.id, ours.shop.sender_id)
    dispatcher.close()
    [sent] = [each for each in stand_in.accepted(ADA) if each["direction"] != "inbound"]
    expected = [f"{PUBLIC_URL}/media/{media.id}" for media in pictures(ours)]
    assert (sent["body"], sent["media"]) == (long, expected)


def test_pictures_need_no_words(ours: Desk, stand_in: Running) -> None:  # noqa: F811 - the fixture
    result = reply(ours, replace(DRAFT, body=""))
    assert isinstance(result, Sent)
    dispatcher = dispatcher_for(ours.database, through_twilio(stand_in), ours.clock)
    dispatcher.run(ours.shop.id, ours.shop.sender_id)
    dispatcher.close()
    assert ours.message(result.message_id).status is MessageStatus.ACCEPTED
    [sent] = [each for each in stand_in.accepted(ADA) if each["direction"] != "inbound"]
    assert (sent["body"], len(sent["media"])) == ("", 1)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ((HTML,), "Only JPEG, PNG and GIF pictures can be sent; number 1 is something else."),
        ((PNG, PDF), "number 2 is something else"),
        ((b"",), "number 1 is something else"),
        ((PNG,) * 11, "at most 10 pictures"),
        ((PNG + b"\0" * 3_000_000,) * 2, "Together these pictures are 5.7 MB."),
    ],
)
def test_what_cannot_be_sent_is_refused_with_a_sentence(
    ours: Desk, files: tuple[bytes, ...], words: str
) -> None:
    refused = reply(ours, replace(DRAFT, files=files))
    assert isinstance(refused, Refused)
    assert words in refused.sentence
    assert not ours.outbound()
    assert not pictures(ours)


@pytest.mark.parametrize("number", ["+447700900123", "72975"])
def test_pictures_leave_from_plus_one_numbers_only(ours: Desk, number: str) -> None:
    with ours.database.shop_session(ours.shop.id) as session:
        session.execute(update(Sender).values(number=number))
    refused = reply(ours)
    assert isinstance(refused, Refused)
    assert "United States and Canada" in refused.sentence
    assert isinstance(reply(ours, replace(DRAFT, files=())), Sent)


@pytest.mark.parametrize("phone", ["+447400123456", "+18765550123"])
def test_pictures_go_to_the_united_states_and_canada_only(
    database: Database, shop: MadeShop, clock: Clock, phone: str
) -> None:
    desk = Desk(database, shop, clock)
    desk.texts("Can you show me?", phone=phone)
    desk.works()
    assert isinstance(reply(desk), Refused)


def test_a_double_click_sends_once_and_other_pictures_are_not_lost(ours: Desk) -> None:
    assert isinstance(reply(ours), Sent)
    assert isinstance(reply(ours), SentBefore)
    other = reply(ours, replace(DRAFT, files=(png(grey=1),)))
    assert isinstance(other, Refused)
    assert (len(ours.outbound()), len(pictures(ours))) == (1, 1)


def test_nothing_of_a_refused_reply_stays(ours: Desk) -> None:
    ours.opts_out()
    assert isinstance(reply(ours), Refused)
    assert not pictures(ours)


def test_texts_without_words_are_matched_in_their_order(clock: Clock) -> None:
    """After a lost answer: two pictures without words look alike, and no record settles two."""
    texts = [Message(id=uuid.UUID(int=place), body="") for place in (1, 2)]
    records = [
        CarrierMessage(
            carrier_id=f"MM{place}",
            to=ADA,
            sender="+12065550155",
            body="",
            status="sent",
            error_code=None,
            created_at=clock.later(seconds=place),
            inbound=False,
        )
        for place in (2, 1)
    ]
    found = match(texts, records)
    assert [found[text.id].carrier_id for text in texts] == ["MM1", "MM2"]
    assert match(texts, records[:1]) == {texts[0].id: records[0]}
