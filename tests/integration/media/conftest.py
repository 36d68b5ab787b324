"""A carrier that hands out files as each test wants, and a shop that gets them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from decimal import Decimal
from http.server import ThreadingHTTPServer

import pytest

from models import Database
from tests.factories import MadeShop, make_shop
from tests.integration.media.making import Files, MediaDesk, handler_for
from tests.integration.sms.making import Clock, Desk


@pytest.fixture
def files() -> Iterator[Files]:
    files = Files()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_for(files))
    server.daemon_threads = True
    files.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield files
    server.shutdown()
    server.server_close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shop(database: Database, clock: Clock) -> MadeShop:
    return make_shop(database, now=clock(), pace=Decimal(400))


@pytest.fixture
def desk(database: Database, shop: MadeShop, clock: Clock, files: Files) -> MediaDesk:
    return MediaDesk(Desk(database, shop, clock), files)
