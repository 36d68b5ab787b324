"""App Home: what is missing, what happened today, who waits."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete

from models import CarrierAccount, Database, Message, Sender, Shop, new_id
from models.enums import MessageStatus, Registration, ShopStatus
from tests.factories import MadeShop, make_shop
from tests.integration.admin.counting import statements
from tests.integration.admin.making import (
    HOSTILE,
    make_busy,
    make_inbound,
    make_person,
    make_sent,
    note_webhooks,
)
from tests.sessions import admin_client


def test_a_new_shop_is_led_to_connect_a_number(
    web: Flask, database: Database, now: datetime
) -> None:
    shop_id = new_id()
    with database.shop_session(shop_id) as session:
        session.add(
            Shop(
                id=shop_id,
                domain="new.myshopify.com",
                status=ShopStatus.INSTALLED,
                first_seen_at=now,
                installed_at=now,
            )
        )
    page = admin_client(web, "new.myshopify.com").get("/").text
    assert "0 of 5 done" in page
    assert page.count("button--primary") == 1
    assert 'href="/settings/number"' in page


def test_the_guide_names_what_is_still_missing(
    merchant: FlaskClient, database: Database, maple: MadeShop, now: datetime
) -> None:
    assert "Neither has called yet" in merchant.get("/").text
    with database.shop_session(maple.id) as session:
        note_webhooks(session, now=now)
        make_sent(session, make_person(session, now=now, phone="+14155550101"), now=now)
    assert "Get ready to text" not in merchant.get("/").text


def test_a_number_that_is_not_approved_is_a_step_to_do(
    web: Flask, database: Database, now: datetime
) -> None:
    shop = make_shop(database, now=now, registration=Registration.PENDING)
    assert "Check the number" in admin_client(web, shop.domain).get("/").text


def test_todays_texts_are_counted_in_the_shops_own_day(
    merchant: FlaskClient, database: Database, maple: MadeShop, now: datetime
) -> None:
    with database.shop_session(maple.id) as session:
        ada = make_person(session, now=now, phone="+14155550101", first="Ada")
        make_sent(session, ada, now=now)
        make_sent(session, ada, now=now, status=MessageStatus.SENT)
        make_sent(session, ada, now=now - timedelta(days=2))
    page = merchant.get("/").text
    assert "of 2 sent today, 1 on their way" in page


def test_failures_are_told_in_words_and_lead_to_the_conversation(
    merchant: FlaskClient, database: Database, maple: MadeShop, now: datetime
) -> None:
    with database.shop_session(maple.id) as session:
        ada = make_person(session, now=now, phone="+14155550101")
        for _ in range(3):
            make_sent(session, ada, now=now, status=MessageStatus.FAILED, reason="carrier_30007")
        conversation = session.query(Message.conversation_id).limit(1).scalar()
    page = merchant.get("/").text
    assert "Carriers filtered this text as spam" in page
    assert "30007" not in page
    assert f'href="/inbox/{conversation}"' in page
    assert "3 texts" in page


def test_whoever_waits_longest_stands_first(
    merchant: FlaskClient, database: Database, maple: MadeShop, now: datetime
) -> None:
    with database.shop_session(maple.id) as session:
        for minutes, phone, name in ((5, "+14155550101", "Ada"), (300, "+12125550102", "Ben")):
            person = make_person(session, now=now, phone=phone, first=name)
            make_inbound(session, person, now=now - timedelta(minutes=minutes), body="Hi")
    page = merchant.get("/").text
    assert page.index("Ben") < page.index("Ada")
    assert "the longest for 5 hours" in page


def test_a_paused_account_is_a_banner_with_its_reason(
    merchant: FlaskClient, database: Database, maple: MadeShop, now: datetime
) -> None:
    with database.shop_session(maple.id) as session:
        account = session.query(CarrierAccount).one()
        account.paused_until = now + timedelta(hours=1)
        account.paused_reason = "The carrier refused your account's credentials."
    page = merchant.get("/").text
    assert "No texts leave until" in page
    assert "refused your account&#39;s credentials" in page


def test_it_takes_the_same_number_of_queries_however_much_there_is(
    merchant: FlaskClient, database: Database, maple: MadeShop, now: datetime
) -> None:
    merchant.get("/")
    with statements(database) as few:
        merchant.get("/")
    with database.shop_session(maple.id) as session:
        make_busy(session, now=now)
        for number in range(30):
            person = make_person(session, now=now, phone=f"+1415555{number:04}1"[:12])
            make_inbound(session, person, now=now, body=HOSTILE)
            make_sent(session, person, now=now, status=MessageStatus.FAILED, reason="opted_out")
    with statements(database) as many:
        merchant.get("/")
    assert len(many) == len(few) <= 9


def test_nothing_of_another_shop_is_counted(
    merchant: FlaskClient, database: Database, harbor: MadeShop, now: datetime
) -> None:
    with database.shop_session(harbor.id) as session:
        make_busy(session, now=now)
    page = merchant.get("/").text
    assert "Everybody has an answer" in page
    assert "Nothing failed today" in page


def test_a_disconnected_number_is_a_missing_one(
    merchant: FlaskClient, database: Database, maple: MadeShop, now: datetime
) -> None:
    with database.shop_session(maple.id) as session:
        session.execute(delete(Message))
        session.query(Sender).one().disconnected_at = now
    assert "Connect a number" in merchant.get("/").text
