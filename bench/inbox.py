"""The inbox of a shop that has been texting for years: a million texts, 200,000 people.

Server time, measured through the whole application in this process: the network is not ours.
"""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import jwt
import psycopg
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from bench.machines import Machines
from bench.measure import Line
from services import build_services
from settings import Settings

PEOPLE, TEXTS_EACH = 200_000, 5
DOMAIN = "years-of-texts.myshopify.com"
SHOP, SENDER, ACCOUNT, STAFF, TOKEN = (f"00000000-0000-7000-8000-00000000000{n}" for n in "12345")
TIMES, TIMES_OF_A_POLL = 60, 300

# Ids are made so that they sort by time, as uuid7's do; the third letter of names is not rare.
FILL = (
    """INSERT INTO shops (id, domain, status, name, iana_timezone, currency, country,
        first_seen_at, installed_at)
    VALUES (%(shop)s, %(domain)s, 'installed', 'Big', 'America/New_York', 'USD', 'US',
        now() - interval '90 days', now() - interval '90 days')""",
    """INSERT INTO users (id, shop_id, staff_id, name, account_owner, first_seen_at, last_seen_at)
    VALUES (%(staff)s, %(shop)s, '1', 'Jonas', false, now(), now())""",
    """INSERT INTO shop_tokens (id, shop_id, granted_by, state, access_token_encrypted,
        obtained_at, looked_at)
    VALUES (%(token)s, %(shop)s, 'token_exchange', 'fresh', %(secret)s, now(), now())""",
    """INSERT INTO carrier_accounts (id, shop_id, carrier, account_sid, account_key,
        auth_token_encrypted, answers_stop_itself, created_at)
    VALUES (%(account)s, %(shop)s, 'twilio', 'AC-years', 'years', %(secret)s, false, now())""",
    """INSERT INTO senders (id, shop_id, carrier_account_id, number, type, registration,
        segments_per_second, lease_fence, created_at)
    VALUES (%(sender)s, %(shop)s, %(account)s, '+18885559999', 'toll_free', 'approved', 3, 0, now())
    """,
    """CREATE TEMP TABLE n AS SELECT i, gen_random_uuid() AS cid, gen_random_uuid() AS vid
    FROM generate_series(1, %(people)s) i""",
    """INSERT INTO contacts (id, shop_id, phone, phone_hash, first_name, last_name, country,
        marketing, transactional, created_at)
    SELECT cid, %(shop)s, '+1415' || lpad((5000000 + i)::text, 7, '0'), sha256(i::text::bytea),
        (array['Anna','Ben','Chloé','Dev','Elif','Farid','Greta','Hana'])[1 + i %% 8],
        (array['Smith','Okafor','Patel','Müller','Silva'])[1 + (i / 20) %% 5] || (i / 2000),
        'US', 'none', 'none', now() - interval '80 days' FROM n""",
    """INSERT INTO conversations (id, shop_id, contact_id, status, unread, version, waiting_since,
        last_inbound_at, last_outbound_at, assignee_id, created_at)
    SELECT vid, %(shop)s, cid, CASE WHEN i %% 20 = 0 THEN 'open' ELSE 'closed' END,
        CASE WHEN i %% 60 = 0 THEN 1 ELSE 0 END, 5,
        CASE WHEN i %% 40 = 0 THEN now() - (i || ' seconds')::interval END,
        CASE WHEN i %% 5 = 0 THEN now() - (i || ' seconds')::interval END,
        now() - ((i + 30) || ' seconds')::interval,
        CASE WHEN i %% 100 = 0 THEN %(staff)s::uuid END, now() - interval '80 days' FROM n""",
    """INSERT INTO messages (id, shop_id, contact_id, conversation_id, sender_id, direction, author,
        purpose, lane, status, body, encoding, segments, dedupe_key, carrier, attempts, resends,
        queued_at, send_after, sent_at)
    SELECT (lpad(to_hex((extract(epoch FROM now() - interval '80 days') * 1000
            + j * 864000000::bigint)::bigint), 12, '0') || '70008000'
            || lpad(to_hex(i), 12, '0'))::uuid, %(shop)s, cid, vid, %(sender)s,
        CASE WHEN j %% 2 = 0 THEN 'inbound' ELSE 'outbound' END,
        CASE WHEN j %% 2 = 0 THEN 'shopper' ELSE 'automation' END,
        CASE WHEN j %% 2 = 1 THEN 'transactional' END, 1,
        CASE WHEN j %% 2 = 0 THEN 'received' ELSE 'delivered' END,
        'Text ' || j || ' of ' || i || ', where is my parcel?', 'GSM-7', 1,
        's' || i || '-' || j, 'twilio', 1, 0,
        now() - interval '80 days' + j * interval '10 days', now(), now()
    FROM n, generate_series(1, %(texts)s) j""",
    """INSERT INTO orders (id, shop_id, shopify_id, contact_id, name, phone, currency, total_minor,
        line_items, is_test, placed_at, shopify_updated_at, triggered_at)
    SELECT gen_random_uuid(), %(shop)s, i, cid, '#' || (1000 + i), '+1415', 'USD', 4200, '[]',
        false, now() - (i || ' minutes')::interval, now(), now() FROM n""",
    "ANALYZE",
)


def measure(machines: Machines) -> Iterator[Line]:
    """Fill the tables, then time what an agent's screen asks for. Limits are medians in ms."""
    _fill(machines)
    services = build_services(Settings(**machines.product_settings()))
    app = create_app(services)
    client = _agent(app, services.settings)
    floor = _median(client, "/robots.txt", times=TIMES, expected=404)
    page = client.get("/inbox").get_data(as_text=True)
    opened = _found(r'data-open="([^"]+)"', page)
    thread = client.get(f"/inbox/{opened}").get_data(as_text=True)
    seen_list = _found(r'data-seen-list="([^"]+)"', page)
    seen_thread = _found(r'data-seen-thread="([^"]+)"', thread)
    asked = f"view=open&list={seen_list}&open={opened}&thread={seen_thread}&people="
    poll = f"/inbox/changes?{asked}"
    for name, address, limit in (
        ("inbox, the list", "/inbox", 40),
        ("inbox, list and thread", f"/inbox/{opened}", 40),
        ("inbox, search a name", "/inbox?q=anna", 100),
        ("inbox, search a number", "/inbox?q=5000060", 100),
    ):
        yield _line(name, _median(client, address, times=TIMES, expected=200), floor, limit)
    nothing_new = _median(client, poll, times=TIMES_OF_A_POLL, expected=204)
    yield _line("inbox, a poll with nothing new", nothing_new, floor, 3)
    services.database.dispose()


def _line(name: str, median: float, floor: float, limit: int) -> Line:
    told = f"median {median * 1000:.1f} ms of {limit} allowed"
    note = told if median * 1000 <= limit else f"{told}: TOO SLOW"
    return Line(name, 1 / median, 1 / floor, "a page that does not exist", note)


def _fill(machines: Machines) -> None:
    values = {
        "shop": SHOP, "domain": DOMAIN, "staff": STAFF, "token": TOKEN, "account": ACCOUNT,
        "sender": SENDER, "people": PEOPLE, "texts": TEXTS_EACH,
        "secret": machines.database().vault.encrypt(b"shpat_of_a_benchmark"),
    }  # fmt: skip
    address = machines.postgres.url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(address, autocommit=True) as connection:
        for statement in FILL:
            # The statement's own values are few and known; the rest is generated where it goes.
            connection.execute(statement, values if "%(" in statement else None)


def _agent(app: Flask, settings: Settings) -> FlaskClient:
    """A browser inside Shopify admin: every request carries a session token."""
    now = int(datetime.now(UTC).timestamp())
    claims = {
        "iss": f"https://{DOMAIN}/admin", "dest": f"https://{DOMAIN}", "sub": "1", "jti": "bench",
        "aud": settings.shopify_api_key, "exp": now + 3600, "nbf": now, "iat": now, "sid": "bench",
    }  # fmt: skip
    token = jwt.encode(claims, settings.shopify_api_secret.get_secret_value(), algorithm="HS256")
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client


def _median(client: FlaskClient, address: str, *, times: int, expected: int) -> float:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        answer = client.get(address)
        took.append(time.perf_counter() - began)
        if answer.status_code != expected:
            raise AssertionError(f"GET {address} was answered {answer.status_code}")
    return statistics.median(took)


def _found(pattern: str, page: str) -> str:
    match = re.search(pattern, page)
    assert match is not None, pattern
    return match[1]
