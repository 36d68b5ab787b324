"""Contacts: the list, the profile, and who looked."""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from models import AuditEntry, Contact, Database, Message, OutboxEntry, ShopSession
from models.enums import AuditAction, Direction, MessageStatus
from tests.factories import MadeShop
from tests.integration.admin.counting import statements
from tests.integration.admin.making import (
    HOSTILE,
    make_busy,
    make_inbound,
    make_order,
    make_person,
    make_sent,
    opt_out,
)


def _many(session: ShopSession, count: int, *, now: datetime) -> None:
    for number in range(count):
        make_person(session, now=now, phone=f"+1415555{number:04}", first=f"Person {number}")


def test_an_empty_list_says_who_will_stand_there(merchant: FlaskClient) -> None:
    page = merchant.get("/contacts").text
    assert "Your shoppers appear here" in page


def test_pages_follow_each_other_without_a_gap_or_a_repeat(
    merchant: FlaskClient, database: Database, maple: MadeShop, now: datetime
) -> None:
    with database.shop_session(maple.id) as session:
        _many(session, 120, now=now)
    seen: list[str] = []
    address: str | None = "/contacts"
    while address:
        page = merchant.get(address).text
        seen += [part.split('"')[0] for part in page.split('class="row-link" href="')[1:]]
        address = _link(page, "next")
    assert len(seen) == len(set(seen)) == 120
    back = _link(merchant.get(_link(merchant.get("/contacts").text, "next") or "").text, "prev")
    first = merchant.get(back or "").text
    assert [part.split('"')[0] for part in first.split('class="row-link" href="')[1:]] == seen[:50]
    assert _link(first, "prev") is None


def _link(page: str, rel: str) -> str | None:
    for part in page.split("<a ")[1:]:
        if f'rel="{rel}"' in part.split(">")[0]:
            return part.split('href="')[1].split('"')[0].replace("&amp;", "&")
    return None


@pytest.mark.parametrize("words", ["mars", "ADA", "0101", "(415) 555-0101", "ada marsh"])
def test_a_person_is_found_by_name_or_number(
    merchant: FlaskClient, database: Database, maple: MadeShop, now: datetime, words: str
) -> None:
    with database.shop_session(maple.id) as session:
        make_busy(session, now=now)
    page = merchant.get("/contacts", query_string={"q": words}).text
    assert "Ada Marsh" in page
    assert "Okafor" not in page


@pytest.mark.parametrize("words", ["%", "_", "\\", "'", "nobody", "\0", "%00"])
def test_signs_of_a_pattern_are_searched_as_they_are(
    merchant: FlaskClient, database: Database, maple: MadeShop, now: datetime, words: str
) -> None:
    with database.shop_session(maple.id) as session:
        make_person(session, now=now, phone="+14155550101", first="Ada")
    answer = merchant.get("/contacts", query_string={"q": words})
    assert answer.status_code == 200
    assert ("Ada" in answer.text) == (words == "\0")


def test_those_who_opted_out_can_be_listed(
    merchant: FlaskClient, database: Database, maple: MadeShop, now: datetime
) -> None:
    with database.shop_session(maple.id) as session:
        make_busy(session, now=now)
    page = merchant.get("/contacts?filter=opted-out").text
    assert "Chloé Gagnon" in page
    assert "Ada Marsh" not in page


def test_the_profile_tells_one_story_of_texts_orders_and_consent(
    merchant: FlaskClient, database: Database, maple: MadeShop, now: datetime
) -> None:
    with database.shop_session(maple.id) as session:
        ada = make_busy(session, now=now).id
    page = merchant.get(f"/contacts/{ada}").text
    for words in ("Where is my order?", "Ordered #1007 for $1,204.50", "Agreed to marketing texts"):
        assert words in page, words


def test_it_says_what_may_be_sent_now_and_why_not_without_sending(
    merchant: FlaskClient, database: Database, maple: MadeShop, now: datetime
) -> None:
    with database.shop_session(maple.id) as session:
        ada = make_person(session, now=now, phone="+14155550101", first="Ada")
        ada_id = ada.id
    page = merchant.get(f"/contacts/{ada_id}").text
    assert "They gave this number with an order." in page
    assert "They have not agreed to marketing texts." in page
    assert "They have not written to you" in page
    with database.shop_session(maple.id) as session:
        opt_out(session, session.get_one(Contact, ada_id), now=now)
    stopped = merchant.get(f"/contacts/{ada_id}").text
    assert stopped.count("They texted STOP.") == 3
    with database.shop_session(maple.id) as session:
        outbound = select(Message).where(Message.direction == Direction.OUTBOUND)
        assert not session.scalars(outbound).all()
        assert not session.scalars(select(OutboxEntry)).all()


def test_why_a_text_did_not_arrive_stands_beside_it(
    merchant: FlaskClient, database: Database, maple: MadeShop, now: datetime
) -> None:
    with database.shop_session(maple.id) as session:
        ada = make_person(session, now=now, phone="+14155550101")
        make_sent(session, ada, now=now, status=MessageStatus.UNDELIVERED, reason="carrier_30005")
        address = f"/contacts/{ada.id}"
    assert "This number is not in use any more" in merchant.get(address).text


def test_every_look_at_a_profile_stands_in_the_access_log(
    merchant: FlaskClient, database: Database, maple: MadeShop, now: datetime
) -> None:
    with database.shop_session(maple.id) as session:
        ada = make_busy(session, now=now).id
    merchant.get(f"/contacts/{ada}")
    merchant.get(f"/contacts/{ada}/export")
    with database.shop_session(maple.id) as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        assert [row.action for row in rows] == [
            AuditAction.SAW_PROFILE,
            AuditAction.EXPORTED_PROFILE,
        ]
        assert {row.subject_id for row in rows} == {ada}


def test_the_export_holds_texts_orders_and_evidence(
    merchant: FlaskClient, database: Database, maple: MadeShop, now: datetime
) -> None:
    with database.shop_session(maple.id) as session:
        ada = make_busy(session, now=now).id
    held = json.loads(merchant.get(f"/contacts/{ada}/export").text)
    assert len(held["orders"]) == 2
    assert held["contacts"][0]["consent"][0]["evidence"]["phone"] == "+14155550101"
    assert any("Where is my order" in text["body"] for text in held["contacts"][0]["messages"])


@pytest.mark.parametrize("page", ["", "/story?before=2026-01-01T00:00:00%2B00:00", "/export"])
def test_another_shops_person_is_not_there(
    merchant: FlaskClient, database: Database, harbor: MadeShop, now: datetime, page: str
) -> None:
    with database.shop_session(harbor.id) as session:
        theirs = make_busy(session, now=now).id
    answer = merchant.get(f"/contacts/{theirs}{page}")
    assert answer.status_code == 404
    assert "Ada" not in answer.text


def test_a_long_story_continues_where_it_ended(
    merchant: FlaskClient, database: Database, maple: MadeShop, now: datetime
) -> None:
    with database.shop_session(maple.id) as session:
        ada = make_person(session, now=now - timedelta(days=1), phone="+14155550101")
        for minute in range(60):
            make_inbound(
                session, ada, now=now - timedelta(minutes=minute), body=f"text no {minute:02}"
            )
        address = f"/contacts/{ada.id}"
    page = merchant.get(address).text
    more = page.split('hx-get="')[1].split('"')[0].replace("&amp;", "&")
    rest = merchant.get(more).text
    assert all((f"text no {n:02}" in page) != (f"text no {n:02}" in rest) for n in range(60))


def test_hostile_words_stay_words(
    merchant: FlaskClient, database: Database, maple: MadeShop, now: datetime
) -> None:
    with database.shop_session(maple.id) as session:
        ada = make_person(session, now=now, phone="+14155550101", first="<img src=x>", last="محمد")
        make_inbound(session, ada, now=now, body=HOSTILE)
        make_order(session, ada, now=now, name="<i>#1</i>")
        address = f"/contacts/{ada.id}"
    for page in (merchant.get(address).text, merchant.get("/contacts").text):
        assert "<img src=x>" not in page
        assert "<script>alert" not in page
        assert "<i>#1" not in page


def test_the_pages_take_the_same_number_of_queries_however_much_there_is(
    merchant: FlaskClient, database: Database, maple: MadeShop, now: datetime
) -> None:
    with database.shop_session(maple.id) as session:
        ada = make_person(session, now=now, phone="+12125550199")
        make_inbound(session, ada, now=now, body="Hi")
        addresses = ("/contacts", f"/contacts/{ada.id}")
    counts = []
    merchant.get("/contacts")
    for address in addresses:
        with statements(database) as few:
            merchant.get(address)
        counts.append(len(few))
    with database.shop_session(maple.id) as session:
        _many(session, 60, now=now)
        ada = session.query(Contact).filter_by(phone="+12125550199").one()
        for minute in range(50):
            make_inbound(session, ada, now=now - timedelta(minutes=minute), body="Hi")
            make_order(session, ada, now=now - timedelta(minutes=minute))
    for address, count in zip(addresses, counts, strict=True):
        with statements(database) as many:
            merchant.get(address)
        assert len(many) == count <= 18, address


def test_an_address_that_is_no_persons_is_not_there(merchant: FlaskClient) -> None:
    assert merchant.get(f"/contacts/{uuid.uuid4()}").status_code == 404
    assert merchant.get("/contacts/not-an-id").status_code == 404
