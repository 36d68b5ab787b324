"""Settings > Number, against the carrier's stand-in: nothing is saved that does not work."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from models import CarrierAccount, Database, Sender
from models.enums import Purpose
from sms.consent.gate import Blocked
from sms.consent.outlook import outlook
from sms.consent.reasons import Reason
from tests.factories import MadeShop
from tests.integration.admin.making import make_inbound, make_person
from tests.integration.sandbox_carrier.running import SILENT, TOLL_FREE, Running
from tests.sessions import admin_client

PATH = "/settings/number"
GOOD: dict[str, Any] = {
    "account_sid": SILENT["account_sid"],
    "auth_token": SILENT["auth_token"],
    "number": SILENT["number"],
    "registration": "approved",
}


@pytest.fixture
def carrier(carrier_process: Running) -> Iterator[Running]:
    carrier_process.point_inbound_at(SILENT, "")
    carrier_process.point_inbound_at(TOLL_FREE, "")
    yield carrier_process
    carrier_process.point_inbound_at(SILENT, "")


def sms_url(carrier: Running, account: dict[str, Any] = SILENT) -> str:
    numbers = carrier.get(account, "/IncomingPhoneNumbers.json").json()["incoming_phone_numbers"]
    return str(numbers[0]["sms_url"])


def test_a_number_that_works_is_connected_and_replies_come_here(
    merchant: FlaskClient, database: Database, maple: MadeShop, carrier: Running
) -> None:
    answer = merchant.post(PATH, data=GOOD)
    assert "is connected" in answer.text
    assert answer.headers["HX-Replace-Url"] == PATH
    with database.shop_session(maple.id) as session:
        account = session.query(CarrierAccount).filter_by(account_sid=SILENT["account_sid"]).one()
        key = account.account_key
    url = f"http://localhost:9400/webhooks/twilio/{key}/inbound"
    assert sms_url(carrier) == f"{url}#rc=5&rp=all"
    assert "reaches Parley" in merchant.get(f"{PATH}/check").text


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"auth_token": "another"}, "does not accept this SID and token"),
        ({"auth_token": ""}, "Enter the account’s auth token"),
        ({"auth_token": "é"}, "Enter the account’s auth token"),
        ({"account_sid": "AC123"}, "This is not an account SID"),
        ({"account_sid": "AC" + "9" * 32}, "does not accept this SID and token"),
        ({"number": "hello"}, "not a number that texts can come from"),
        ({"number": "+12065550177"}, "is not in this Twilio account. It has +12065550155"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_is_saved(
    merchant: FlaskClient,
    database: Database,
    maple: MadeShop,
    carrier: Running,
    wrong: dict[str, str],
    told: str,
) -> None:
    page = merchant.post(PATH, data=GOOD | wrong).text
    assert told in page
    assert 'aria-invalid="true"' in page
    assert SILENT["auth_token"] not in page
    with database.shop_session(maple.id) as session:
        assert [row.number for row in session.query(Sender)] == [maple.number]
    assert sms_url(carrier) == ""


def test_an_address_of_another_system_is_not_taken_without_asking(
    merchant: FlaskClient, carrier: Running
) -> None:
    carrier.point_inbound_at(SILENT, "https://helpdesk.example/sms")
    merchant.post(PATH, data=GOOD)
    assert sms_url(carrier) == "https://helpdesk.example/sms"
    assert "https://helpdesk.example/sms" in merchant.get(f"{PATH}/check").text
    assert "reaches Parley" in merchant.post(f"{PATH}/webhook").text
    assert "/webhooks/twilio/" in sms_url(carrier)


def test_an_empty_token_keeps_the_one_that_is_stored(
    merchant: FlaskClient, database: Database, maple: MadeShop, carrier: Running
) -> None:
    merchant.post(PATH, data=GOOD)
    page = merchant.post(PATH, data=GOOD | {"auth_token": "", "registration": "pending"}).text
    assert "Waiting for approval" in page
    with database.shop_session(maple.id) as session:
        account = session.query(CarrierAccount).filter_by(account_sid=SILENT["account_sid"]).one()
        assert session.vault.decrypt(account.auth_token_encrypted) == b"token-of-b"


def test_the_token_never_comes_back(merchant: FlaskClient, carrier: Running) -> None:
    merchant.post(PATH, data=GOOD)
    for page in (PATH, f"{PATH}/check", "/settings", "/"):
        assert SILENT["auth_token"] not in merchant.get(page).text


def test_a_new_number_takes_the_old_ones_place(
    merchant: FlaskClient, database: Database, maple: MadeShop, carrier: Running
) -> None:
    merchant.post(PATH, data=GOOD)
    with database.shop_session(maple.id) as session:
        in_use = session.query(Sender).filter(Sender.disconnected_at.is_(None)).all()
        assert [sender.number for sender in in_use] == [SILENT["number"]]
        old = session.query(CarrierAccount).filter_by(account_sid=maple.account_sid).one()
        assert session.vault.decrypt(old.auth_token_encrypted) != maple.auth_token.encode()


def test_a_number_of_another_store_is_refused(
    web: Flask, merchant: FlaskClient, harbor: MadeShop, carrier: Running
) -> None:
    merchant.post(PATH, data=GOOD)
    page = admin_client(web, harbor.domain).post(PATH, data=GOOD).text
    assert "connected to another store" in page


def test_a_toll_free_number_is_known_by_its_code_and_answers_stop_itself(
    merchant: FlaskClient, database: Database, maple: MadeShop, carrier: Running
) -> None:
    entered = {
        "account_sid": TOLL_FREE["account_sid"],
        "auth_token": TOLL_FREE["auth_token"],
        "number": "(888) 555-0140",
        "registration": "approved",
    }
    assert "Toll-free number" in merchant.post(PATH, data=entered).text
    with database.shop_session(maple.id) as session:
        query = session.query(CarrierAccount).filter_by(account_sid=TOLL_FREE["account_sid"])
        assert query.one().answers_stop_itself


def test_after_disconnecting_nothing_may_leave_and_the_token_is_forgotten(
    merchant: FlaskClient, database: Database, maple: MadeShop, now: datetime
) -> None:
    page = merchant.post(f"{PATH}/disconnect").text
    assert "Connect the number" in page
    with database.shop_session(maple.id) as session:
        ada = make_person(session, now=now, phone="+14155550101")
        make_inbound(session, ada, now=now, body="Hi")
        said = outlook(session, ada, now=now)[Purpose.CONVERSATIONAL_REPLY]
        assert said == Blocked(Reason.NO_SENDER)
        account = session.query(CarrierAccount).one()
        assert session.vault.decrypt(account.auth_token_encrypted) != maple.auth_token.encode()


def test_right_credentials_end_a_pause(
    merchant: FlaskClient, database: Database, maple: MadeShop, carrier: Running, now: datetime
) -> None:
    merchant.post(PATH, data=GOOD)
    with database.shop_session(maple.id) as session:
        account = session.query(CarrierAccount).filter_by(account_sid=SILENT["account_sid"]).one()
        account.paused_until, account.paused_reason = now + timedelta(hours=1), "Refused."
    assert "No texts leave until" in merchant.get(PATH).text
    assert "No texts leave until" not in merchant.post(PATH, data=GOOD).text


def test_a_carrier_that_does_not_answer_is_said_and_nothing_is_saved(
    without_carrier: FlaskClient,
) -> None:
    assert "Twilio did not answer" in without_carrier.post(PATH, data=GOOD).text
    assert "Twilio did not answer" in without_carrier.get(f"{PATH}/check").text
