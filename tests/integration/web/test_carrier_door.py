"""The carrier's calls: each account opens its own shop's door and no other."""

from __future__ import annotations

import io
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from models import Contact, WebhookReceipt
from models.enums import ConsentState, ReceiptStatus
from services import Services
from sms.carriers.webhooks import EMPTY_TWIML
from tests.factories import ADA, MadeShop
from tests.integration.web.attacks import (
    FORM,
    PUBLIC_URL,
    call,
    carrier_path,
    inbound,
    sign,
    status,
)
from tests.integration.web.conftest import RowCounts


def test_a_text_is_kept_once_however_often_it_comes(
    client: FlaskClient, shop: MadeShop, rows: RowCounts
) -> None:
    for _ in range(3):
        answer = call(client, carrier_path(shop, "inbound"), inbound(shop), token=shop.auth_token)
        assert (answer.status_code, answer.text) == (200, EMPTY_TWIML)
        assert answer.content_type == "text/xml; charset=utf-8"
    counted = rows()
    assert (counted["webhook_receipts"], counted["outbox"], counted["contacts"]) == (1, 1, 1)


def test_news_is_kept_once_a_status(client: FlaskClient, shop: MadeShop, rows: RowCounts) -> None:
    path = carrier_path(shop, "status") + "?m=0193a5b2-4155-7555-8010-141555501010"
    for _ in range(2):
        assert call(client, path, status(shop), token=shop.auth_token).status_code == 200
    assert rows()["webhook_receipts"] == 1
    sent = status(shop) | {"MessageStatus": "sent"}
    assert call(client, path, sent, token=shop.auth_token).status_code == 200
    assert rows()["webhook_receipts"] == 2


@pytest.mark.parametrize("kind", ["inbound", "status"])
def test_another_shops_good_signature_opens_nothing(
    client: FlaskClient,
    shop: MadeShop,
    other_shop: MadeShop,
    rows: RowCounts,
    written: io.StringIO,
    kind: str,
) -> None:
    """A merchant's own token is theirs: with it they can sign what they like."""
    form = inbound if kind == "inbound" else status
    ours = "To" if kind == "inbound" else "From"
    mine, theirs = carrier_path(shop, kind), carrier_path(other_shop, kind)
    before = rows()
    attempts = [
        # Their token at my address, with my ids, with theirs, and mixed.
        (mine, form(shop), other_shop.auth_token),
        (mine, form(other_shop), other_shop.auth_token),
        (mine, form(shop) | {"AccountSid": other_shop.account_sid}, other_shop.auth_token),
        # Their token at their own address, speaking of my account or my number.
        (theirs, form(other_shop) | {"AccountSid": shop.account_sid}, other_shop.auth_token),
        (theirs, form(other_shop) | {ours: shop.number}, other_shop.auth_token),
        (theirs, form(other_shop) | {ours: ""}, other_shop.auth_token),
        (theirs, form(other_shop) | {ours: "x\x00"}, other_shop.auth_token),
        (theirs, form(shop), other_shop.auth_token),
    ]
    for path, fields, token in attempts:
        answer = call(client, path, fields, token=token)
        assert (answer.status_code, answer.text) == (403, ""), fields
    assert rows() == before
    assert "request_failed" not in written.getvalue()


@pytest.mark.parametrize("kind", ["inbound", "status"])
def test_a_signature_for_something_else_is_refused(
    client: FlaskClient, shop: MadeShop, rows: RowCounts, kind: str
) -> None:
    path, form = carrier_path(shop, kind), inbound(shop) | status(shop)
    before = rows()
    elsewhere = carrier_path(shop, "inbound" if kind == "status" else "status")
    assert call(client, path, form, token=shop.auth_token, signed_for=elsewhere).status_code == 403
    assert call(client, path + "?m=1", form, token=shop.auth_token, signed_for=path).status_code
    headers = sign(shop.auth_token, path, form)
    for changed in (form | {"Body": "more"}, {**form, "Extra": "1"}, dict(list(form.items())[1:])):
        answer = client.post(path, data=urlencode(changed), headers=headers)
        assert answer.status_code == 403
    assert client.post(path + "?m=1", data=urlencode(form), headers=headers).status_code == 403
    # A body that is no form has no fields: the signature is over them.
    as_json = client.post(path, data=urlencode(form), headers=headers | {"Content-Type": "a/json"})
    assert as_json.status_code == 403
    assert rows() == before


def test_the_address_that_counts_is_the_public_one(client: FlaskClient, shop: MadeShop) -> None:
    path, form = carrier_path(shop, "inbound"), inbound(shop)
    headers = sign(shop.auth_token, path, form)
    for host in ("parley.example.com", "10.0.0.3:9000", "evil.example"):
        spoken_to = headers | {"Host": host, "X-Forwarded-Host": "evil.example"}
        assert client.post(path, data=urlencode(form), headers=spoken_to).status_code == 200
    assert PUBLIC_URL == "https://parley.example.com"


@pytest.mark.parametrize(
    "changed",
    [
        {"MessageSid": ""},
        {"MessageSid": "x" * 3_000},
        {"MessageSid": "SM\x00"},
        {"MessageSid": "é🎉"},
        {"From": "anonymous"},
        {"From": "\x00"},
        {"From": "+١٤١٥٥٥٥٠١٠١"},
        {"Body": "\x00STOP\x00" * 50},
        {"Body": "👩‍👩‍👧‍👦" * 2_000},
        {"Body": "\ufffd\u202e\ud7ff"},
        {"OptOutType": "\x00"},
        {"NumMedia": "-1"},
        {"MessageStatus": "\x00" * 400, "ErrorCode": "9" * 900},
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", ["inbound", "status"])
def test_odd_fields_beside_a_good_signature_are_kept(
    client: FlaskClient,
    shop: MadeShop,
    rows: RowCounts,
    written: io.StringIO,
    kind: str,
    changed: dict[str, str],
) -> None:
    form = (inbound(shop) if kind == "inbound" else status(shop)) | changed
    if kind == "status":
        form["From"] = shop.number
    path = carrier_path(shop, kind) + ("?m=%00%ff" if kind == "status" else "")
    for _ in range(2):
        assert call(client, path, form, token=shop.auth_token).status_code == 200
    assert rows()["webhook_receipts"] == 1
    assert "request_failed" not in written.getvalue()


def test_duplicate_fields_cannot_smuggle_another_account_in(
    client: FlaskClient, shop: MadeShop, other_shop: MadeShop, rows: RowCounts
) -> None:
    path, form = carrier_path(shop, "inbound"), inbound(shop)
    body = urlencode(form) + "&" + urlencode({"AccountSid": other_shop.account_sid})
    before = rows()
    headers = sign(shop.auth_token, path, form)
    assert client.post(path, data=body, headers=headers).status_code == 403
    assert client.post(path, data=body, headers={"Content-Type": FORM}).status_code == 403
    assert rows() == before


def test_a_stop_has_taken_effect_when_its_webhook_is_answered(
    client: FlaskClient, services: Services, shop: MadeShop
) -> None:
    form = inbound(shop, body="STOP")
    assert (
        call(client, carrier_path(shop, "inbound"), form, token=shop.auth_token).status_code == 200
    )
    with services.database.shop_session(shop.id) as session:
        contact = session.scalars(select(Contact).where(Contact.phone == ADA)).one()
        assert contact.marketing is ConsentState.REVOKED
        receipt = session.scalars(select(WebhookReceipt)).one()
        assert receipt.status is ReceiptStatus.RECEIVED
        assert b"4155550101" not in (receipt.body_encrypted or b"")
