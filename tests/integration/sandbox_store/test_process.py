"""`python -m sandbox` as the supervisor runs it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.integration.sandbox_store.recorder import Recorder, eventually


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def process(tmp_path: Path, parley: Recorder, port: int) -> Iterator[subprocess.Popen[bytes]]:
    environment = os.environ | {
        "SANDBOX_PORT": str(port), "SANDBOX_DATA": str(tmp_path), "PARLEY_URL": parley.url,
        "SHOPIFY_API_KEY": "key", "SHOPIFY_API_SECRET": "hush",
    }  # fmt: skip
    with subprocess.Popen([sys.executable, "-m", "sandbox"], env=environment) as running:
        yield running
        if running.poll() is None:
            running.kill()


def test_it_serves_tells_parley_of_both_shops_and_leaves_cleanly(
    process: subprocess.Popen[bytes], parley: Recorder, port: int
) -> None:
    eventually(lambda: _answers(port), seconds=20)
    eventually(lambda: parley.topics == ["shop/update", "shop/update"])
    for page in ("/", "/phones", "/webhooks/", "/assets/htmx.min.js"):
        assert httpx.get(f"http://localhost:{port}{page}").status_code == 200
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0
    assert time.monotonic() - began < 6


def test_a_missing_setting_is_one_sentence(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "SANDBOX_DATA": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-m", "sandbox"],
        env=environment, capture_output=True, text=True, check=False, timeout=20,
    )  # fmt: skip
    assert ended.returncode == 1
    assert ended.stderr == (
        "The sandbox needs SANDBOX_PORT, PARLEY_URL, SHOPIFY_API_KEY, SHOPIFY_API_SECRET"
        " in its environment.\n"
    )


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://localhost:{port}/").status_code == 200
    except httpx.TransportError:
        return False
