"""Outbox rows a second, beside the bare INSERT and UPDATE that each costs at least."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
from sqlalchemy import text

from bench.machines import Machines
from bench.measure import Line, timed
from jobs.drain import Drainer
from models import Database, OutboxEntry, WebhookReceipt, new_id
from models.across_shops import shop_id_of_domain
from models.enums import ReceiptStatus, WebhookSource

ROWS = 400
FLOOR_IS = "an INSERT and an UPDATE, a commit each"


@dataclass(frozen=True)
class _Bare:
    """One connection, no shops, no objects: what PostgreSQL alone takes for such a row."""

    connection: psycopg.Connection[tuple[object, ...]]

    def rows_per_second(self) -> float:
        run = self.connection.execute
        run("CREATE TEMP TABLE bare (id serial PRIMARY KEY, kind text, done_at timestamptz)")
        with timed() as took:
            for number in range(1, ROWS + 1):
                run("INSERT INTO bare (kind) VALUES ('bare')")
                run("UPDATE bare SET done_at = now() WHERE id = %s", [number])
        run("DROP TABLE bare")
        return ROWS / took.seconds


def measure(machines: Machines, database: Database) -> list[Line]:
    """Drain the webhooks that the intake has just taken in, then news about nobody's texts."""
    with machines.look() as connection:
        floor = _Bare(connection).rows_per_second()
    _add_news_about_nobodys_texts(machines, database)
    return [
        Line("outbox, nothing to do in it", _drained(database, "carrier_status"), floor, FLOOR_IS),
        Line("outbox, orders and parcels", _drained(database, "shopify_webhook"), floor, FLOOR_IS,
             "with all rows and texts that they cause"),
    ]  # fmt: skip


def _drained(database: Database, kind: str) -> float:
    drainer = Drainer(database, clock=_now)
    before = _open(database, kind)
    with timed() as took:
        while drainer.drain(kind):
            pass
    if _open(database, kind):
        raise AssertionError(f"{kind} entries are left")
    return before / took.seconds


def _open(database: Database, kind: str) -> int:
    with database.engine.connect() as connection:
        query = text("SELECT count(*) FROM outbox WHERE kind = :kind AND done_at IS NULL")
        return int(connection.execute(query, {"kind": kind}).scalar_one())


def _add_news_about_nobodys_texts(machines: Machines, database: Database) -> None:
    domain = machines.busy.world.shops[0].domain
    with database.shared_session() as session:
        shop_id = shop_id_of_domain(session, domain)
    assert shop_id is not None
    with database.shop_session(shop_id) as session:
        for number in range(ROWS):
            receipt = WebhookReceipt(
                id=new_id(),
                source=WebhookSource.CARRIER_STATUS,
                external_id=f"SM{number}:sent:",
                topic="carrier_status",
                body_encrypted=session.vault.encrypt_json(
                    {"MessageSid": f"SM{number}", "MessageStatus": "sent"}
                ),
                status=ReceiptStatus.RECEIVED,
                triggered_at=_now(),
                received_at=_now(),
            )
            session.add(receipt)
            session.flush()
            session.add(_entry(receipt))


def _entry(receipt: WebhookReceipt) -> OutboxEntry:
    return OutboxEntry(
        kind="carrier_status",
        receipt_id=receipt.id,
        args={},
        run_after=_now(),
        attempts=0,
        created_at=_now(),
    )


def _now() -> datetime:
    return datetime.now(UTC)
