"""The whole of Parley with its sandbox, started and stopped as `make run` is."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.configuration import environment_with_dotenv
from local.keys import sandbox_secrets
from sandbox.shopify_admin.app_config import AppConfig
from sandbox.shopify_admin.signing import session_token
from sandbox.world import SHOPS, STAFF

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN = 150.0  # seconds; on a busy machine the start is mostly importing, eight times over
GONE_WITHIN = 15.0


@dataclass(frozen=True)
class Stack:
    """Parley and its sandbox, running."""

    home: Path
    port: int

    @property
    def app(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def sandbox(self) -> str:
        return f"http://localhost:{self.port + 1}"

    def expired_token(self, shop: str, staff: str) -> str:
        """A session token as Shopify signed it two minutes ago."""
        keys = sandbox_secrets(self.home)
        config = AppConfig.from_toml(
            client_id=keys["SHOPIFY_API_KEY"], secret=keys["SHOPIFY_API_SECRET"], url=self.app
        )
        return session_token(
            config,
            next(each for each in SHOPS if each.handle == shop),
            next(each for each in STAFF if each.key == staff),
            now=time.time() - 120,
        )


@contextmanager
def running(home: Path) -> Iterator[Stack]:
    """Start everything, and stop it as Ctrl-C does, which must not take long."""
    stack = Stack(home, _free_block())
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    # One process of each kind: what is tried here are the pages, and they share this machine.
    ours = {"PORT": str(stack.port), "PARLEY_HOME": str(home), "WORKERS": "1"}
    said = home / "said"
    with said.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "local.run"],
            cwd=ROOT,
            env=kept | ours | {"WEB_CONCURRENCY": "1"},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_ready(process, said)
        yield stack
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=GONE_WITHIN) == 0
        assert "Parley has stopped." in said.read_text()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(timeout=30)


def belongs_to_a_real_store() -> bool:
    """Whether `make run` would serve a real store here: its `.env` counts for this stack, too."""
    names = ("SHOPIFY_API_KEY", "SHOPIFY_API_SECRET", "DATABASE_URL", "REDIS_URL")
    return any(environment_with_dotenv().get(name) for name in names)


def _wait_until_ready(process: subprocess.Popen[bytes], said: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while "Parley is ready" not in said.read_text():
        assert process.poll() is None, said.read_text()[-3000:]
        assert time.monotonic() < deadline, said.read_text()[-3000:]
        time.sleep(0.2)


def _free_block() -> int:
    """The first of four ports that nobody listens on; `make run` takes them in a row.

    Each of the processes that share the tests looks in a range of its own: between looking and
    listening, another could take what was free.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    start = 9800 + 400 * worker
    for first in range(start, start + 400, 4):
        taken: list[socket.socket] = []
        try:
            for port in range(first, first + 4):
                taken.append(socket.socket())
                taken[-1].bind(("0.0.0.0", port))  # noqa: S104 - as the web does
        except OSError:
            continue
        else:
            return first
        finally:
            for each in taken:
                each.close()
    raise AssertionError("no four free ports in a row")
