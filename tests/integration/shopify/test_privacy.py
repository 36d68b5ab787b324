from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from models import (
    ConsentEvent,
    ConsentEvidence,
    Contact,
    Database,
    Fulfillment,
    FulfillmentEvent,
    Message,
    Order,
    PrivacyRequest,
    WebhookReceipt,
)
from models.enums import (
    ConsentKind,
    ConsentState,
    MessageStatus,
    ReceiptStatus,
    Scope,
)
from sms.consent.ledger import Entry, append, suppressed_scopes
from tests.factories import ADA, BEN, MadeShop
from tests.integration.shopify.making import (
    CUSTOMER_ID,
    ORDER_ID,
    bodies,
    keep,
    order_payload,
    parcel_payload,
    process,
    scan_payload,
)
from tests.integration.shopify.people import contact_with, everything, shop_of_ada_and_ben, stop

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def shop(database: Database, now: datetime) -> MadeShop:
    return shop_of_ada_and_ben(database, now=now)


def request(shop: MadeShop, customer: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    ada = {"id": CUSTOMER_ID, "email": "ada@example.com", "phone": ADA}
    return {"shop_domain": shop.domain, "customer": ada if customer is None else customer} | more


def test_a_data_request_gathers_everything_held_about_a_customer(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    for _ in range(2):
        asked = request(shop, data_request={"id": 9999})
        process(database, shop.id, "customers/data_request", asked, now=now)

    with database.shop_session(shop.id) as session:
        row = session.scalars(select(PrivacyRequest)).one()
        assert row.due_at == now + timedelta(days=30)
        assert row.done_at is None
        assert row.counts == {"contacts": 1, "orders": 1}
        assert row.export_encrypted is not None
        export = database.vault.decrypt_json(row.export_encrypted)
    (contact,), (order,) = export["contacts"], export["orders"]
    assert (contact["phone"], contact["first_name"]) == (ADA, "Ada")
    assert contact["messages"][0]["body"].startswith("Maple & Rye: Your order #1001")
    assert contact["messages"][0]["decisions"][0]["verdict"] == "cleared"
    assert contact["consent"][0]["evidence"]["order"] == "#1001"
    assert order["shopify_id"] == ORDER_ID
    assert order["shipments"][0]["scans"][0]["status"] == "in_transit"
    assert BEN not in str(export)


@pytest.mark.parametrize(
    ("customer", "more"),
    [
        (None, {}),
        ({"phone": "(415) 555-0101"}, {}),
        ({"id": str(CUSTOMER_ID), "email": "ada@example.com"}, {}),
        ({"email": "ada@example.com"}, {"orders_to_redact": [ORDER_ID]}),
    ],
)
def test_a_customer_is_forgotten_however_they_are_named(
    database: Database,
    shop: MadeShop,
    now: datetime,
    customer: dict[str, Any] | None,
    more: dict[str, Any],
) -> None:
    if customer and "id" not in customer and more:
        # Known by an order alone: that contact must not be another customer's.
        with database.shop_session(shop.id) as session:
            contact = contact_with(session, ADA)
            assert contact is not None
            contact.customer_id = None
    process(database, shop.id, "customers/redact", request(shop, customer, **more), now=now)

    held = everything(database)
    for trace in (ADA, "Ada", "Byron", "BYRON", "1Z5R89390357567127", "authenticate"):
        lines = [
            line for line in held.splitlines() if trace in line and str(ORDER_ID + 1) not in line
        ]
        assert lines == [], trace
    assert BEN in held
    with database.shop_session(shop.id) as session:
        order = session.scalars(select(Order).where(Order.shopify_id == ORDER_ID)).one()
        assert (order.name, order.total_minor, order.contact_id) == ("#1001", 4250, None)
        row = session.scalars(select(PrivacyRequest)).one()
        assert row.counts == {"contacts": 1, "orders": 1, "messages": 1}
        assert row.done_at == now


def test_what_was_queued_for_them_is_withdrawn(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    process(database, shop.id, "customers/redact", request(shop), now=now)

    with database.shop_session(shop.id) as session:
        message = session.scalars(select(Message)).one()
        assert (message.status, message.reason) == (MessageStatus.CANCELLED, "contact_erased")
        assert message.body == ""


def test_the_ledger_stays_without_its_evidence(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    process(database, shop.id, "customers/redact", request(shop), now=now)

    with database.shop_session(shop.id) as session:
        erased = session.scalars(select(Contact).where(Contact.redacted_at.is_not(None))).one()
        events = session.scalars(
            select(ConsentEvent).where(ConsentEvent.contact_id == erased.id)
        ).all()
        assert {event.kind for event in events} == {ConsentKind.GRANTED, ConsentKind.REDACTED}
        proofs = select(ConsentEvidence).where(
            ConsentEvidence.event_id.in_([event.id for event in events])
        )
        assert session.scalars(proofs).all() == []


def test_an_erased_person_starts_afresh_but_gets_no_marketing_from_an_import(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    process(database, shop.id, "customers/redact", request(shop), now=now)
    new_order = order_payload(now, id=ORDER_ID + 7)
    process(database, shop.id, "orders/create", new_order, now=now + MINUTE)

    with database.shop_session(shop.id) as session:
        contact = contact_with(session, ADA)
        assert contact is not None
        assert contact.transactional is ConsentState.GRANTED
        assert suppressed_scopes(session, ADA) == {Scope.MARKETING}
        entry = Entry(
            kind=ConsentKind.GRANTED,
            scope=Scope.MARKETING,
            source="import",
            external_id="row 1",
            method="import",
            actor="staff",
            occurred_at=now,
        )
        append(session, contact, entry, now=now)
        assert suppressed_scopes(session, ADA) == {Scope.MARKETING}


def test_stop_outlives_the_erasure(database: Database, shop: MadeShop, now: datetime) -> None:
    stop(database, shop, ADA, now)
    for _ in range(2):
        process(database, shop.id, "customers/redact", request(shop), now=now)

    with database.shop_session(shop.id) as session:
        assert suppressed_scopes(session, ADA) == set(Scope)


def test_a_late_webhook_does_not_bring_an_erased_person_back(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    process(database, shop.id, "customers/redact", request(shop), now=now)
    then = now + HOUR
    process(database, shop.id, "orders/updated", order_payload(then), now=then)
    process(database, shop.id, "fulfillments/update", parcel_payload(then), now=then)
    scan = scan_payload("delivered", then)
    process(database, shop.id, "fulfillment_events/create", scan, now=then)

    with database.shop_session(shop.id) as session:
        assert contact_with(session, ADA) is None
        assert session.scalars(select(Fulfillment.tracking_urls)).all() == [[]]
        assert session.scalars(select(FulfillmentEvent.message)).all() == [None]
    assert bodies(database, shop.id) == [""]


def test_bodies_that_tell_of_them_are_emptied(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    with database.shop_session(shop.id) as session:
        for body in (f'{{"customer": {{"id": {CUSTOMER_ID}}}', b'{"customer": {"id": 1}'):
            raw = body.encode() if isinstance(body, str) else body
            keep(session, "orders/create", now=now, body=raw, status=ReceiptStatus.UNUSABLE)
    asked = request(shop, data_request={"id": 9999})
    process(database, shop.id, "customers/data_request", asked, now=now)
    process(database, shop.id, "customers/redact", request(shop), now=now)

    with database.shop_session(shop.id) as session:
        receipts = session.scalars(select(WebhookReceipt).order_by(WebhookReceipt.id)).all()
        kept = [receipt.subject or receipt.topic for receipt in receipts if receipt.body_encrypted]
        assert kept == [f"order:{ORDER_ID + 1}", "orders/create", "customers/data_request"]
        exports = session.scalars(select(PrivacyRequest.export_encrypted)).all()
        assert exports == [None, None]


def test_somebody_elses_phone_on_an_order_is_not_forgotten_with_it(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    """Ada has a parcel sent to Ben, who is a customer himself."""
    gift = order_payload(
        now,
        id=ORDER_ID + 2,
        phone=None,
        customer={"id": CUSTOMER_ID, "first_name": "Ada", "phone": None},
        shipping_address={"first_name": "Ben", "phone": BEN, "country_code": "US"},
    )
    process(database, shop.id, "orders/create", gift, now=now)
    process(database, shop.id, "customers/redact", request(shop), now=now)

    with database.shop_session(shop.id) as session:
        ben = contact_with(session, BEN)
        assert ben is not None
        assert (ben.customer_id, ben.first_name) == (CUSTOMER_ID + 1, "Ben")


def test_a_customer_of_whom_nothing_is_held_is_answered_too(
    database: Database, shop: MadeShop, now: datetime
) -> None:
    before = everything(database).count("\n")
    unknown = request(shop, {"email": "nobody@example.com"})
    process(database, shop.id, "customers/redact", unknown, now=now)

    with database.shop_session(shop.id) as session:
        row = session.scalars(select(PrivacyRequest)).one()
        assert row.counts == {"contacts": 0, "orders": 0, "messages": 0}
    assert everything(database).count("\n") == before + 2
