"""Marked secrets and one person's number, through every door: none of them is ever written down."""

from __future__ import annotations

import io
import uuid
from datetime import UTC, datetime
from urllib.parse import quote

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text

from jobs.drain import HANDLERS, Drainer
from models import Base
from services import Services
from tests.factories import ADA, MadeShop
from tests.integration.web.attacks import (
    FORM,
    SHOPIFY,
    SIGNATURES,
    Attack,
    call,
    carrier_path,
    endpoints,
    inbound,
    order,
    send,
    shopify_headers,
    status,
)

MARK = "marked-by-a-stranger"
NUMBER = "4155550101"


def test_no_log_line_holds_a_secret_or_a_number(
    web: Flask, client: FlaskClient, services: Services, shop: MadeShop, written: io.StringIO
) -> None:
    everything = f"From={quote(ADA)}&Body={MARK}&token={MARK}".encode()
    headers = dict.fromkeys((*SIGNATURES, "Authorization", "Cookie", "X-Forwarded-For"), MARK)
    for content_type in (FORM, "application/json"):
        after = f"?{everything.decode()}&id_token={MARK}&hmac={MARK}&shop={MARK}"
        attack = Attack("marked", everything, content_type, headers, after)
        for endpoint in endpoints(web, account_key=quote(ADA)):
            send(client, endpoint, attack)
    _real_ones(client, shop)
    drainer = Drainer(services.database, clock=services.clock)
    for kind in HANDLERS:
        drainer.drain(kind)
    log = written.getvalue()
    assert log.count("\n") > 10, "what logs nothing hides nothing"
    for secret in ("marked-", NUMBER, shop.auth_token + '"', "Rye Street", "Adalovelace"):
        assert secret not in log, secret


def _real_ones(client: FlaskClient, shop: MadeShop) -> None:
    body = order(
        phone=ADA,
        customer={"id": 7, "first_name": "Adalovelace", "phone": ADA},
        shipping_address={"address1": "Rye Street 5", "phone": ADA, "country_code": "US"},
        created_at=datetime.now(UTC).isoformat(),
        updated_at=datetime.now(UTC).isoformat(),
    )
    for payload in (body, b'{"phone": "' + ADA.encode() + b'", "id": "Rye Street"}', b"Rye Street"):
        headers = shopify_headers(payload, domain=shop.domain)
        assert client.post(SHOPIFY, data=payload, headers=headers).status_code == 200
    for words in ("Adalovelace of Rye Street", "STOP", "START", "HELP"):
        form = inbound(shop, sid=f"SM{uuid.uuid4().hex}", body=words)
        answer = call(client, carrier_path(shop, "inbound"), form, token=shop.auth_token)
        assert answer.status_code == 200
    path = carrier_path(shop, "status")
    assert call(client, path, status(shop), token=shop.auth_token).status_code == 200


def test_no_table_holds_a_body_or_a_token_as_it_came(
    client: FlaskClient, shop: MadeShop, empty_database: str
) -> None:
    """Receipts hold other people's words, encrypted; accounts hold tokens, encrypted."""
    _real_ones(client, shop)
    engine = create_engine(empty_database)
    with engine.connect() as connection:
        for table in ("webhook_receipts", "carrier_accounts", "outbox", "consent_evidence"):
            assert table in Base.metadata.tables
            lines = connection.execute(text(f"SELECT * FROM {table}")).all()
            dump = repr([[_as_read(value) for value in line] for line in lines])
            for secret in (NUMBER, "Rye Street", "Adalovelace", shop.auth_token + "'"):
                assert secret not in dump, (table, secret)
    engine.dispose()


def _as_read(value: object) -> object:
    return bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else value
