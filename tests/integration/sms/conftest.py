"""The carrier's stand-in as a process of its own, and what a worker has, around it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal

import pytest
import requests

from models import Database
from tests.factories import SHOPS, MadeShop, carrier_account, make_shop
from tests.integration.sandbox_carrier.running import (
    ROOT,
    Running,
    eventually,
    free_port,
    stop_carrier,
)
from tests.integration.sms.making import Clock, Desk


@pytest.fixture(scope="session")
def carrier_of_shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One carrier a test process, which knows every account that the factories make."""
    folder = tmp_path_factory.mktemp("carrier-of-shops")
    accounts = folder / "accounts.json"
    accounts.write_text(json.dumps([carrier_account(order) for order in range(1, SHOPS + 1)]))
    port = free_port()
    command = [sys.executable, "-m", "sandbox.carrier", "--port", str(port)]
    command += ["--data", str(folder / "data"), "--accounts", str(accounts)]
    running = Running(f"http://127.0.0.1:{port}", subprocess.Popen(command, cwd=ROOT), folder)
    assert eventually(lambda: _answers(running), within=20), "the carrier did not start"
    yield running
    stop_carrier(running)


def _answers(running: Running) -> bool:
    try:
        return requests.get(f"{running.url}/_control/state", timeout=1).ok
    except requests.RequestException:
        return False


@pytest.fixture
def stand_in(carrier_of_shops: Running) -> Running:
    """The carrier without texts or faults, and in a hurry."""
    carrier_of_shops.control("/reset", {})
    carrier_of_shops.control("/pace", {"all": 0})
    return carrier_of_shops


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shop(database: Database, clock: Clock) -> MadeShop:
    """A shop whose number is as fast as a short code, so that tests do not wait for its pace."""
    return make_shop(database, now=clock(), pace=Decimal(400))


@pytest.fixture
def desk(database: Database, shop: MadeShop, clock: Clock) -> Desk:
    return Desk(database, shop, clock)
