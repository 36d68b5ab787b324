"""Parley's real processes on free ports, and the servers and the carrier stand-in they need."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import requests
from cryptography.fernet import Fernet

from bench.world import SECRET, Busy
from local.checks import healthz
from local.configuration import ROOT
from local.postgres import Postgres
from local.processes import free_port, port_answers, signal_group
from local.valkey import Valkey
from models import Database, Vault

PYTHON = (sys.executable, "-m")
START_SECONDS = 60.0
STOP_SECONDS = 10.0


class MachineError(Exception):
    """A process did not come up; the sentence names its log."""


class Process:
    """One program in a session of its own, so that Ctrl-C reaches only whoever started it."""

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], *, logs: Path
    ) -> None:
        self.name = name
        self.log = logs / f"{name}.log"
        self._command = [*PYTHON, *command]
        self._environment = dict(environment)
        self._popen: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        return self._popen is not None and self._popen.poll() is None

    @property
    def exit_code(self) -> int | None:
        return None if self._popen is None else self._popen.poll()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._popen = subprocess.Popen(
                self._command,
                env=self._environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self) -> None:
        """SIGKILL, to it and to whatever it forked."""
        if self._popen is not None:
            signal_group(self._popen.pid, signal.SIGKILL)
            self._popen.wait()

    def ask_to_stop(self) -> None:
        """SIGTERM, without waiting."""
        if self._popen is not None and self._popen.poll() is None:
            self._popen.terminate()

    def stop(self) -> None:
        """SIGTERM, and SIGKILL for what does not go in time."""
        self.ask_to_stop()
        if self._popen is not None:
            with suppress(subprocess.TimeoutExpired):
                self._popen.wait(STOP_SECONDS)
        self.kill()


class Machines:
    """Everything a run needs, in one folder. `settings` are plain settings of the product."""

    def __init__(self, folder: Path, busy: Busy, *, settings: Mapping[str, str]) -> None:
        self.folder = folder
        self.logs = folder / "logs"
        self.logs.mkdir(parents=True)
        self.busy = busy
        self.postgres = Postgres(folder / "postgres", durable=False)
        self.valkey = Valkey(folder / "valkey")
        self.web_url = f"http://127.0.0.1:{free_port()}"
        self.carrier_url = f"http://127.0.0.1:{free_port()}"
        self._keys = {
            "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "PHONE_HASH_KEYS": "a key of a run under load",
        }
        self._settings = dict(settings)
        self._processes: list[Process] = []
        self._steady: list[Process] = []

    def environment(self, name: str) -> dict[str, str]:
        """What one process gets. PostgreSQL shows its connections under its name."""
        return os.environ | self._product_environment() | {
            "PYTHONUNBUFFERED": "1",
            "PGAPPNAME": name,
        } | self._settings  # fmt: skip

    def product_settings(self) -> dict[str, Any]:
        """The product's settings, for what is measured inside this process."""
        return {name.lower(): value for name, value in self._product_environment().items()}

    def _product_environment(self) -> dict[str, str]:
        return self._keys | {
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": self.valkey.url,
            "PUBLIC_URL": self.web_url,
            "PORT": _port(self.web_url),
            "CARRIER_BASE_URL": self.carrier_url,
            "SHOPIFY_API_KEY": "an app under load",
            "SHOPIFY_API_SECRET": SECRET,
        }

    def start_servers(self) -> None:
        self.postgres.start()
        self.valkey.start()
        done = subprocess.run(
            [*PYTHON, "alembic", "upgrade", "head"],
            env=self.environment("migration"),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        (self.logs / "migration.log").write_bytes(done.stdout)
        if done.returncode:
            raise MachineError(f"The tables could not be made; see {self.logs}/migration.log.")

    def start_carrier(self) -> None:
        accounts = self.folder / "accounts.json"
        accounts.write_text(json.dumps(self.busy.carrier_accounts(parley_url=self.web_url)))
        command = ["sandbox.carrier", "--port", _port(self.carrier_url), "--accounts"]
        command += [str(accounts), "--data", str(self.folder / "carrier")]
        carrier = self.start("carrier", command)
        self._wait(carrier, lambda: port_answers(int(_port(self.carrier_url))))

    def start_web(self) -> None:
        """Start gunicorn and wait for its first answer, well or not: workers come later."""
        command = ["gunicorn", "--config", "gunicorn.conf.py", "app:create_app()"]
        web = self.start("web", command)
        self._wait(web, lambda: healthz(self.web_url)[0] != 0)

    def control(self, what: str, value: dict[str, Any]) -> None:
        """Set the carrier's faults or pace (its `/_control` addresses)."""
        answer = requests.post(f"{self.carrier_url}/_control/{what}", json=value, timeout=10)
        if answer.status_code != requests.codes.ok:
            raise MachineError(f"The carrier refused these {what}: {answer.text}")

    def start_scheduler(self) -> None:
        self._steady.append(self.start("scheduler", ["jobs.schedule"]))

    def start(self, name: str, command: Sequence[str]) -> Process:
        process = Process(name, command, self.environment(name), logs=self.logs)
        self._processes.append(process)
        process.start()
        return process

    def database(self) -> Database:
        """The product's own way to the rows, for setting the shops up."""
        vault = Vault(
            encryption_keys=[self._keys["ENCRYPTION_KEYS"]],
            phone_hash_keys=[self._keys["PHONE_HASH_KEYS"]],
        )
        return Database(self.postgres.url, vault=vault)

    def look(self) -> psycopg.Connection[tuple[object, ...]]:
        """A connection as the owner of the tables, who sees every shop's rows."""
        return psycopg.connect(self.postgres.url.replace("+psycopg", "", 1), autocommit=True)

    def check(self) -> None:
        """Raise MachineError if one of those that nobody kills has ended by itself."""
        for process in self._steady:
            if not process.alive:
                raise MachineError(
                    f"The process `{process.name}` ended with exit code {process.exit_code}; "
                    f"see {process.log}."
                )

    def stop(self) -> None:
        """Stop everything, servers last. Harmless when little or nothing was started."""
        for process in self._processes:
            process.ask_to_stop()
        for process in reversed(self._processes):
            process.stop()
        self.valkey.stop()
        self.postgres.stop()

    def _wait(self, process: Process, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and process.alive:
            if ready():
                self._steady.append(process)
                return
            time.sleep(0.1)
        raise MachineError(f"The process `{process.name}` did not start; see {process.log}.")


def _port(url: str) -> str:
    return url.rpartition(":")[2]
