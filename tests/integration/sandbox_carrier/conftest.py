"""Fixtures: a carrier process for the session, and an app that records its webhooks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.integration.sandbox_carrier.running import (
    FILTERED,
    SILENT,
    TOLL_FREE,
    Hook,
    Running,
    handler_for,
    start_carrier,
    stop_carrier,
)


@pytest.fixture(scope="session")
def carrier_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = start_carrier(tmp_path_factory.mktemp("carrier"))
    yield running
    stop_carrier(running)


@pytest.fixture
def carrier(carrier_process: Running) -> Running:
    """The carrier without texts or faults, and in a hurry."""
    carrier_process.control("/reset", {})
    carrier_process.control("/pace", {"all": 0})
    for account in (TOLL_FREE, SILENT, FILTERED):
        carrier_process.point_inbound_at(account, "")
    return carrier_process


@pytest.fixture
def hook() -> Iterator[Hook]:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        hook = Hook(f"http://127.0.0.1:{server.server_address[1]}")
        server.RequestHandlerClass = handler_for(hook)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield hook
        server.shutdown()
        thread.join()
