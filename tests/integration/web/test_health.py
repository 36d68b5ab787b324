"""`/healthz` tells the truth, names what is unwell, and never hangs with what hangs."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psutil
import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import create_engine
from sqlalchemy import text as sql

from app import create_app
from jobs.heartbeat import Pulse
from local.postgres import Postgres
from local.valkey import Valkey
from services import Services, build_services
from tests.conftest import migrate
from tests.factories import make_shop
from tests.integration.web.attacks import SHOPIFY, call, carrier_path, inbound, order
from tests.integration.web.attacks import shopify_headers as signed
from tests.integration.web.conftest import count_rows, make_settings

SOON = 6.0  # seconds; load balancers commonly give up after ten
SHOPIFY_WAITS = 5.0


class House:
    """A database and a queue of one's own, to be broken."""

    def __init__(self, postgres: Postgres, valkey: Valkey) -> None:
        self.postgres, self.valkey = postgres, valkey
        self.services: Services = build_services(make_settings(postgres.url, valkey.url))
        self.app: Flask = create_app(self.services)

    @property
    def client(self) -> FlaskClient:
        return self.app.test_client()

    def health(self) -> tuple[int, set[str]]:
        """Ask; return the status and the names of what is unwell."""
        began = time.monotonic()
        answer = self.client.get("/healthz")
        assert time.monotonic() - began < SOON
        checks = answer.get_json()["checks"]
        return answer.status_code, {name for name, said in checks.items() if said != "ok"}

    def worker_seen(self, *, seconds_ago: float) -> None:
        engine = create_engine(self.postgres.url)
        with engine.begin() as connection:
            connection.execute(sql("DELETE FROM heartbeats"))
            connection.execute(
                sql("INSERT INTO heartbeats VALUES ('worker:a:1', 'worker', :at, :at)"),
                {"at": datetime.now(UTC) - timedelta(seconds=seconds_ago)},
            )
        engine.dispose()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    postgres = Postgres(tmp_path_factory.mktemp("postgres"), durable=False)
    valkey = Valkey(tmp_path_factory.mktemp("valkey"))
    postgres.start()
    valkey.start()
    migrate(postgres.url)
    house = House(postgres, valkey)
    yield house
    house.services.dispatcher.close()
    house.services.database.dispose()
    valkey.stop()
    postgres.stop()


@pytest.fixture(autouse=True)
def _a_worker_lives(house: House) -> None:
    house.worker_seen(seconds_ago=1)


@contextmanager
def hanging(server: Postgres | Valkey) -> Iterator[None]:
    """Stop every process of a server in its tracks: connections are taken and nothing answers."""
    assert server.process is not None
    parent = psutil.Process(server.process.pid)
    processes = [parent, *parent.children(recursive=True)]
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in reversed(processes):
            process.send_signal(signal.SIGCONT)


def test_all_is_well_with_a_worker_that_beats_and_still_after_a_flush(house: House) -> None:
    house.worker_seen(seconds_ago=100)
    assert house.health() == (503, {"worker"})
    pulse = Pulse(house.services.database, role="worker", clock=house.services.clock)
    pulse.start()
    deadline = time.monotonic() + 5
    while house.health()[0] != 200 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert house.health() == (200, set())
    with Redis.from_url(house.valkey.url) as redis:
        redis.flushall()
    assert house.health() == (200, set())
    pulse.stop()
    assert house.health() == (503, {"worker"})


def test_other_processes_are_no_workers(house: House) -> None:
    engine = create_engine(house.postgres.url)
    with engine.begin() as connection:
        connection.execute(sql("UPDATE heartbeats SET role = 'scheduler'"))
    engine.dispose()
    assert house.health() == (503, {"worker"})


def test_a_queue_that_is_gone_is_named_and_its_return_noticed(house: House) -> None:
    house.valkey.stop()
    try:
        assert house.health() == (503, {"queue"})
    finally:
        house.valkey.start()
    assert house.health() == (200, set())


def test_a_queue_that_hangs_is_named(house: House) -> None:
    with hanging(house.valkey):
        assert house.health() == (503, {"queue"})
    _recovers(house)


def test_a_database_that_is_gone_is_named_and_its_return_noticed(house: House) -> None:
    house.postgres.stop()
    try:
        assert house.health() == (503, {"database", "worker"})
    finally:
        house.postgres.start()
    house.worker_seen(seconds_ago=1)
    assert house.health() == (200, set())


def test_a_database_that_hangs_is_named_and_costs_one_thread(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert house.health() == (200, set())
    with hanging(house.postgres):
        assert house.health() == (503, {"database", "worker"})
        monkeypatch.setattr("public.health.PATIENCE_SECONDS", 0.1)
        threads = threading.active_count()
        for _ in range(5):
            assert house.health()[0] == 503
        assert threading.active_count() <= threads
    monkeypatch.undo()
    _recovers(house)


def test_a_webhook_is_committed_and_answered_in_time_without_a_queue(house: House) -> None:
    house.valkey.stop()
    try:
        _both_doors_take_one_in(house)
    finally:
        house.valkey.start()
    with hanging(house.valkey):
        _both_doors_take_one_in(house)


def _both_doors_take_one_in(house: House) -> None:
    shop = make_shop(house.services.database, now=datetime.now(UTC))
    before = count_rows(house.postgres.url)["webhook_receipts"]
    body, text = order(), inbound(shop, sid=f"SM{shop.id.hex}")
    began = time.monotonic()
    answer = house.client.post(SHOPIFY, data=body, headers=signed(body, domain=shop.domain))
    assert answer.status_code == 200
    between = time.monotonic()
    answer = call(house.client, carrier_path(shop, "inbound"), text, token=shop.auth_token)
    assert answer.status_code == 200
    assert max(between - began, time.monotonic() - between) < SHOPIFY_WAITS - 1
    assert count_rows(house.postgres.url)["webhook_receipts"] == before + 2


def test_a_webhook_without_a_database_is_to_come_again(house: House) -> None:
    shop = make_shop(house.services.database, now=datetime.now(UTC))
    body = order()
    house.postgres.stop()
    try:
        answer = house.client.post(SHOPIFY, data=body, headers=signed(body, domain=shop.domain))
        assert answer.status_code == 503
        form = inbound(shop, sid="SM" + "7" * 32)
        path = carrier_path(shop, "inbound")
        assert call(house.client, path, form, token=shop.auth_token).status_code == 503
    finally:
        house.postgres.start()
    assert call(house.client, path, form, token=shop.auth_token).status_code == 200


def _recovers(house: House) -> None:
    deadline = time.monotonic() + SOON
    while house.health()[0] != 200:
        house.worker_seen(seconds_ago=1)
        assert time.monotonic() < deadline
        time.sleep(0.1)
