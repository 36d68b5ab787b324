"""Settings > Shipping texts and > Team."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from admin.settings_shipping import FIELD_WORDS, WHEN, _merge_field
from admin.shipping_preview import starting_template, wrong_in
from admin.words import MILESTONE
from models import Database, ShippingText, StaffMember
from models.enums import Milestone
from sms.shipping.texts import FIELDS
from tests.factories import MadeShop, make_shop
from tests.integration.admin.counting import statements
from tests.integration.admin.making import make_order, make_person
from tests.sessions import admin_client

PATH = "/settings/shipping"


def test_every_milestone_and_field_has_its_words() -> None:
    assert set(WHEN) == set(MILESTONE) == set(Milestone)
    assert set(FIELD_WORDS) == set(FIELDS)


@pytest.mark.parametrize("milestone", Milestone)
def test_what_an_editor_starts_with_may_be_saved_as_it_is(milestone: Milestone) -> None:
    assert not wrong_in(starting_template(milestone))
    assert "{{ shipment }}" in starting_template(milestone)


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_picked_from_the_list_is_right_at_once(name: str) -> None:
    assert not wrong_in(_merge_field(name, FIELDS[name]).inserts)


def test_a_switch_is_kept_and_leaves_the_words_alone(
    merchant: FlaskClient, database: Database, maple: MadeShop
) -> None:
    words = "{{ brand }}: off it goes. Reply STOP to opt out."
    merchant.post(f"{PATH}/shipped", data={"template": words})
    merchant.post(PATH, data={"milestone": "shipped"})
    with database.shop_session(maple.id) as session:
        row = session.query(ShippingText).one()
        assert (row.enabled, row.template) == (False, words)
    merchant.post(PATH, data={"milestone": "shipped", "on": "on"})
    with database.shop_session(maple.id) as session:
        assert session.query(ShippingText).one().enabled is True


def test_words_that_cannot_be_sent_are_not_saved(
    merchant: FlaskClient, database: Database, maple: MadeShop
) -> None:
    page = merchant.post(f"{PATH}/shipped", data={"template": "Hi {{ frist_name }}"}).text
    assert "Did you mean first_name?" in page
    assert "Hi {{ frist_name }}" in page
    with database.shop_session(maple.id) as session:
        assert session.query(ShippingText).count() == 0


def test_going_back_to_our_words_and_saving_them_unchanged_are_the_same(
    merchant: FlaskClient, database: Database, maple: MadeShop
) -> None:
    ours = starting_template(Milestone.SHIPPED)
    for sent in ({"reset": "yes"}, {"template": ours.replace("\n", "\r\n")}):
        merchant.post(f"{PATH}/shipped", data={"template": "{{ brand }}: mine"})
        merchant.post(f"{PATH}/shipped", data=sent)
        with database.shop_session(maple.id) as session:
            assert session.query(ShippingText).one().template is None


def test_the_preview_is_of_a_real_order_with_its_cost_explained(
    merchant: FlaskClient, database: Database, maple: MadeShop, now: datetime
) -> None:
    with database.shop_session(maple.id) as session:
        ada = make_person(session, now=now, phone="+14155550101", first="Ada")
        order = make_order(session, ada, now=now, name="#2044")
        sent = {"order": str(order.id), "template": "{{ brand }}: {{ order }} 🎉 STOP"}
    page = merchant.post(f"{PATH}/shipped/preview", data=sent).text
    assert "Maple &amp; Rye: #2044 🎉 STOP" in page
    assert "of 70 characters, sent as 1 segment" in page
    assert "Because of 🎉" in page


def test_an_order_of_another_shop_is_no_preview(
    merchant: FlaskClient, database: Database, harbor: MadeShop, now: datetime
) -> None:
    with database.shop_session(harbor.id) as session:
        person = make_person(session, now=now, phone="+14155550101", first="Theirs")
        order = make_order(session, person, now=now, name="#9999")
        sent = {"order": str(order.id), "template": "{{ brand }} {{ order }} STOP"}
    assert "#9999" not in merchant.post(f"{PATH}/shipped/preview", data=sent).text


@pytest.mark.parametrize(
    ("own_off", "told"),
    [
        (True, None),
        (None, "it has not told Parley whether it does"),
        (False, "Shopify sends shipping texts of its own"),
    ],
)
def test_shopifys_own_texts_are_told_of(
    web: Flask,
    database: Database,
    now: datetime,
    own_off: bool | None,  # noqa: FBT001 - Shopify's own switch, which may be unknown
    told: str | None,
) -> None:
    shop = make_shop(database, now=now, own_shipping_texts_off=own_off)
    client = admin_client(web, shop.domain)
    if own_off is None:
        client.post(PATH, data={"milestone": "shipped", "on": "on"})
    page = client.get(PATH).text
    assert ("Shopify’s customer notifications" in page) == (told is not None)
    assert told is None or told in page


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_milestone_that_does_not_exist_is_not_there(merchant: FlaskClient, method: str) -> None:
    assert getattr(merchant, method)(f"{PATH}/arrived_on_mars").status_code == 404


def test_the_pages_take_few_queries(merchant: FlaskClient, database: Database) -> None:
    merchant.get("/settings")
    for address, most in (("/settings", 5), (PATH, 3), (f"{PATH}/shipped", 6)):
        with statements(database) as seen:
            merchant.get(address)
        assert len(seen) <= most, (address, seen.sent)


def test_staff_can_be_named(merchant: FlaskClient, database: Database, maple: MadeShop) -> None:
    merchant.get("/settings/team")
    with database.shop_session(maple.id) as session:
        member = session.query(StaffMember).one().id
    page = merchant.post(f"/settings/team/{member}", data={"name": "  June\n Whitlock "}).text
    assert "June Whitlock" in page
    assert "Shorten" in merchant.post(f"/settings/team/{member}", data={"name": "x" * 81}).text


def test_staff_of_another_shop_cannot_be_named(
    web: Flask, merchant: FlaskClient, database: Database, harbor: MadeShop
) -> None:
    admin_client(web, harbor.domain).get("/settings/team")
    with database.shop_session(harbor.id) as session:
        theirs = session.query(StaffMember).one().id
    assert merchant.post(f"/settings/team/{theirs}", data={"name": "x"}).status_code == 404


@pytest.mark.parametrize(
    "address", ["/settings/number", "/settings/number/disconnect", PATH, "/settings/team/x"]
)
def test_no_form_is_taken_without_a_token_in_its_header(web: Flask, address: str) -> None:
    assert web.test_client().post(address, data={}).status_code in {401, 404}
