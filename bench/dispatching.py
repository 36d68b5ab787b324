"""Texts a second through the dispatcher, beside the same requests made by plain `requests`."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import requests
from sqlalchemy import select

from bench.machines import Machines
from bench.measure import Line, timed
from models import Database, Message, Sender
from models.across_shops import shop_id_of_domain
from models.enums import ConsentKind, MessageStatus, Purpose, Scope
from sandbox.world import CarrierAccount
from sms.carriers.twilio import Twilio
from sms.consent.ledger import Entry, append
from sms.contacts import find_or_create_contact
from sms.delivery.dispatch import Dispatcher
from sms.delivery.outbound import queue_message

TEXTS = 400
CONCURRENCY = 16
TIMEOUT_SECONDS = 10.0
BODY = "Maple & Rye: Your order #1001 is on its way.\nReply STOP to opt out."
# Twilio takes 80 to 200 ms for a request; the bare stand-in one or two.
LATENCY_SECONDS = 0.08
NOBODY = "http://127.0.0.1:9"


def measure(machines: Machines, database: Database) -> list[Line]:
    account = machines.busy.world.carrier_accounts[0]
    lines = []
    for latency, name in ((0.0, "dispatch"), (LATENCY_SECONDS, "dispatch, carrier takes 80 ms")):
        machines.control("faults", {"rules": _rules(latency)})
        floor = _floor(machines.carrier_url, account)
        ours = _ours(machines, database, account)
        lines.append(Line(name, ours, floor, f"{CONCURRENCY} threads of requests"))
    return lines


def _rules(latency: float) -> list[dict[str, object]]:
    slow = [{"fault": "slow", "seconds": latency}] if latency else []
    return [*slow, {"fault": "no_callbacks"}]


def _floor(carrier_url: str, account: CarrierAccount) -> float:
    url = f"{carrier_url}/2010-04-01/Accounts/{account.account_sid}/Messages.json"
    with requests.Session() as http:
        adapter = requests.adapters.HTTPAdapter(pool_maxsize=CONCURRENCY)
        http.mount("http://", adapter)
        http.trust_env = False

        def post(number: int) -> int:
            form = {"To": _phone(number), "From": account.number, "Body": BODY,
                    "StatusCallback": f"{NOBODY}/status?m={uuid.uuid4()}"}  # fmt: skip
            answer = http.post(
                url, data=form, auth=(account.account_sid, account.auth_token), timeout=10
            )
            return answer.status_code

        with ThreadPoolExecutor(CONCURRENCY) as hands, timed() as took:
            codes = set(hands.map(post, range(TEXTS)))
    if codes != {requests.codes.created}:
        raise AssertionError(f"the carrier answered {codes}")
    return TEXTS / took.seconds


def _ours(machines: Machines, database: Database, account: CarrierAccount) -> float:
    shop_id, sender_id = _sender_of(database, account)
    queue_texts(database, shop_id, range(TEXTS))
    dispatcher = new_dispatcher(machines, database)
    with timed() as took:
        while dispatcher.run(shop_id, sender_id):
            pass
    dispatcher.close()
    with database.shop_session(shop_id) as session:
        statuses = set(session.scalars(select(Message.status)))
    if statuses != {MessageStatus.ACCEPTED}:
        raise AssertionError(f"texts are {statuses}")
    return TEXTS / took.seconds


def new_dispatcher(machines: Machines, database: Database) -> Dispatcher:
    carrier = Twilio(timeout=TIMEOUT_SECONDS, pool_size=CONCURRENCY, base_url=machines.carrier_url)
    return Dispatcher(
        database,
        carrier,
        clock=now,
        public_url=NOBODY,
        media_address=lambda _, media_id: f"{NOBODY}/media/{media_id}",
        concurrency=CONCURRENCY,
        carrier_timeout=TIMEOUT_SECONDS,
    )


def now() -> datetime:
    return datetime.now(UTC)


def _sender_of(database: Database, account: CarrierAccount) -> tuple[uuid.UUID, uuid.UUID]:
    with database.shared_session() as session:
        shop_id = shop_id_of_domain(session, account.shop_domain)
    assert shop_id is not None
    with database.shop_session(shop_id) as session:
        return shop_id, session.scalars(select(Sender.id)).one()


def queue_texts(database: Database, shop_id: uuid.UUID, numbers: Sequence[int]) -> None:
    """Queue a text about an order for so many people."""
    for number in numbers:
        with database.shop_session(shop_id) as session:
            contact = find_or_create_contact(session, _phone(number), now=now())
            consent = Entry(
                kind=ConsentKind.GRANTED,
                scope=Scope.TRANSACTIONAL,
                source="shopify_order",
                external_id=f"order-{number}",
                method="order",
                actor="shopper",
                occurred_at=now(),
                evidence={"order": "#1001"},
            )
            append(session, contact, consent, now=now())
            queue_message(
                session,
                contact,
                purpose=Purpose.TRANSACTIONAL,
                body=BODY,
                dedupe_key=str(uuid.uuid4()),
                now=now(),
                send_before=now() + timedelta(hours=48),
            )


def _phone(number: int) -> str:
    return f"+1212556{number:04}"
