"""The web process as it is deployed: real gunicorn, raw bytes on a socket."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest
from cryptography.fernet import Fernet

from local.processes import free_port
from models import Database, Vault
from tests.factories import MadeShop, make_shop
from tests.integration.web.attacks import (
    FORM,
    GIVEAWAYS,
    SECRET,
    SHOPIFY,
    carrier_path,
    inbound,
    order,
    shopify_headers,
    sign,
)
from tests.integration.web.conftest import count_rows

ROOT = Path(__file__).parents[3]


@dataclass
class Served:
    port: int
    log: Path
    database_url: str
    encryption_key: str

    def send(self, raw: bytes) -> bytes:
        """Send bytes as they are and return all that comes back."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            received = b""
            # It may refuse in the middle of what it does not want to read.
            with contextlib.suppress(ConnectionError):
                connection.sendall(raw)
                connection.shutdown(socket.SHUT_WR)
            with contextlib.suppress(ConnectionError):
                while chunk := connection.recv(65_536):
                    received += chunk
            return received

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> bytes:
        lines = {"Host": "x", "Connection": "close", "Content-Length": str(len(body)), **headers}
        head = f"POST {path} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in lines.items())
        return self.send(head.encode("latin-1") + b"\r\n" + body)


@pytest.fixture(scope="module")
def served(
    postgres_url: str, valkey_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    port, log = free_port(), tmp_path_factory.mktemp("gunicorn") / "log"
    key = Fernet.generate_key().decode()
    environment = {
        **os.environ,
        "PORT": str(port),
        "WEB_CONCURRENCY": "1",
        "DATABASE_URL": postgres_url,
        "REDIS_URL": valkey_url,
        "PUBLIC_URL": "https://parley.example.com",
        "SHOPIFY_API_KEY": "key",
        "SHOPIFY_API_SECRET": SECRET,
        "ENCRYPTION_KEYS": key,
        "PHONE_HASH_KEYS": "marked-phone-hash-key",
        "LOG_LEVEL": "DEBUG",
    }
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "app:create_app()"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
        )
    try:
        _wait_until_it_listens(port, server)
        yield Served(port, log, postgres_url, key)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)


def _wait_until_it_listens(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as attempt:
            attempt.settimeout(1)
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("gunicorn did not start")


def _shop_known_to(served: Served) -> MadeShop:
    keys = [served.encryption_key]
    vault = Vault(encryption_keys=keys, phone_hash_keys=["marked-phone-hash-key"])
    database = Database(served.database_url, vault=vault)
    shop = make_shop(database, now=datetime.now(UTC))
    database.dispose()
    return shop


def _status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def test_both_doors_take_the_real_thing_in(served: Served) -> None:
    shop = _shop_known_to(served)
    before = count_rows(served.database_url)["webhook_receipts"]
    body = order()
    headers = shopify_headers(body, domain=shop.domain)
    assert _status(served.post(SHOPIFY, body, headers)) == 200
    path, form = carrier_path(shop, "inbound"), inbound(shop, sid=f"SM{shop.id.hex}")
    signed = sign(shop.auth_token, path, form)
    assert _status(served.post(path, urlencode(form).encode(), signed)) == 200
    assert count_rows(served.database_url)["webhook_receipts"] == before + 2


def raw_attacks() -> dict[str, tuple[bytes, set[int]]]:
    """Name, bytes on the wire, and the statuses that are right (0: hung up without a word)."""
    start = b"POST /webhooks/shopify HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    signature = b"X-Shopify-Hmac-Sha256: "
    refused, hung_up = {400, 401, 403, 413, 431}, {0, 400, 401, 403, 413, 431, 501, 505}
    return {
        "HTTP/1.0": (b"POST /webhooks/shopify HTTP/1.0\r\nContent-Length: 1\r\n\r\na", refused),
        "a header of 10 KB": (start + signature + b"A" * 10_240 + b"\r\n\r\n", refused),
        "1,000 headers": (start + b"A: b\r\n" * 1_000 + b"\r\n", refused),
        "bytes that are no text": (start + signature + b"\xff\xfe\xe9\r\n\r\n", refused),
        "a NUL in a header": (start + signature + b"a\x00b\r\n\r\n", refused),
        "a bare line feed in a header": (start + signature + b"a\nX-Evil: 1\r\n\r\n", refused),
        "a folded header": (start + signature + b"a\r\n b\r\n\r\n", refused),
        "a NUL in the path": (b"POST /\x00 HTTP/1.1\r\nHost: x\r\n\r\n", hung_up),
        "a query of 100 KB": (b"GET /?" + b"q" * 100_000 + b" HTTP/1.1\r\n\r\n", hung_up | {414}),
        "two lengths": (start + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", refused),
        "a length and chunks": (
            start + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            hung_up,
        ),
        "a broken chunk": (start + b"Transfer-Encoding: chunked\r\n\r\nzz\r\na\r\n", hung_up),
        "an unknown encoding": (start + b"Transfer-Encoding: gzip\r\n\r\n", hung_up),
        "a negative length": (start + b"Content-Length: -1\r\n\r\n", refused),
        "5 MB in chunks": (
            start + b"Transfer-Encoding: chunked\r\n\r\n" + _chunks(b"x" * 65_536, 80),
            hung_up,
        ),
        "5 MB": (start + b"Content-Length: 5242880\r\n\r\n" + b"x" * 5_242_880, hung_up),
        "a chunk without an end": (start + b"Transfer-Encoding: chunked\r\n\r\n1\r\nab", hung_up),
        "an unknown method": (b"BREW / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", {405}),
        "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", hung_up),
        "deep JSON": (start + b"Content-Length: 100000\r\n\r\n" + b"[" * 100_000, refused),
    }


def _chunks(data: bytes, times: int) -> bytes:
    return (b"%x\r\n" % len(data) + data + b"\r\n") * times + b"0\r\n\r\n"


@pytest.mark.parametrize("name", raw_attacks())
def test_raw_bytes_are_refused_and_nothing_is_kept(served: Served, name: str) -> None:
    raw, right = raw_attacks()[name]
    before = count_rows(served.database_url)
    answer = served.send(raw)
    assert (_status(answer) if answer else 0) in right, answer[:200]
    for giveaway in GIVEAWAYS:
        assert giveaway.encode() not in answer
    assert count_rows(served.database_url) == before


def test_no_secret_and_no_number_reached_the_log(served: Served) -> None:
    served.post(
        "/webhooks/twilio/%2B14155550101/inbound",
        b"From=%2B14155550101",
        {"Content-Type": FORM, "X-Twilio-Signature": "+14155550101"},
    )
    written = served.log.read_text()
    assert '"event"' in written
    for secret in ("marked-", "5550101", served.encryption_key, "Traceback"):
        assert secret not in written
