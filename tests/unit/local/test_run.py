"""`make run` as a person meets it: the real supervisor and services, small programs in it."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from local.errors import ExitCode
from local.processes import has_ended, leftovers, wait_for_end

pytestmark = pytest.mark.enable_socket
ROOT = Path(__file__).resolve().parents[3]
READY = "Parley is ready: open "


class Terminal:
    """A supervisor that was started, and everything it has said."""

    def __init__(self, home: Path, port: int, **extra: str) -> None:
        self.home = home
        self.journal = home / "journal"
        home.mkdir(exist_ok=True)
        self.port = port
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.unit.local.stand_in", "run"],
            cwd=ROOT,
            env=kept
            | {"PARLEY_HOME": str(home), "PORT": str(port), "JOURNAL": str(self.journal)}
            | extra,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout:
            self.lines.extend(iter(self.process.stdout.readline, ""))

    @property
    def said(self) -> str:
        return "".join(self.lines)

    @property
    def events(self) -> list[str]:
        return self.journal.read_text().splitlines() if self.journal.exists() else []

    def until(self, true: Callable[[], bool], *, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline, self.said
            assert self.process.poll() is None, self.said
            time.sleep(0.05)

    def until_ready(self) -> None:
        self.until(lambda: READY in self.said)

    def end(self, number: signal.Signals | None = None) -> int:
        if number is not None:
            self.process.send_signal(number)
        code = self.process.wait(30)
        self.reader.join(5)
        return code

    def pid_of(self, name: str) -> int:
        started = [event for event in self.events if event.startswith(f"{name} started")]
        return int(started[-1].split()[-1])


@pytest.fixture
def port(worker_id: str) -> int:
    """The first of four free ports in a row, below those the system gives to others."""
    lowest = 21000 + 2000 * int(worker_id.removeprefix("gw") if worker_id != "master" else 4)
    for first in range(lowest, lowest + 2000, 8):
        try:
            with socket.socket() as a, socket.socket() as b, socket.socket() as c:
                for probe, number in ((a, first), (b, first + 1), (c, first + 2)):
                    probe.bind(("127.0.0.1", number))
        except OSError:
            continue
        return first
    raise AssertionError("no free ports")


@contextmanager
def run(home: Path, port: int, **extra: str) -> Iterator[Terminal]:
    terminal = Terminal(home, port, **extra)
    try:
        yield terminal
    finally:
        if terminal.process.poll() is None:
            terminal.process.terminate()
        terminal.process.wait(60)
        terminal.reader.join(5)


def everything_of(home: Path) -> list[psutil.Process]:
    records = ("children.json", "postgres/pid.json", "valkey/pid.json")
    return [process for record in records for process in leftovers(home / record)]


def test_says_where_to_click_and_stops_in_order(tmp_path: Path, port: int) -> None:
    with run(tmp_path / "home", port) as parley:
        parley.until_ready()
        assert parley.lines[-1] == f"{READY}http://localhost:{port + 1} (Ctrl-C stops it)\n"
        running = everything_of(parley.home)
        assert len(running) == 6
        assert parley.end(signal.SIGINT) == 0
    stopped = [event for event in parley.events if "stopped" in event]
    assert {event.split()[0] for event in stopped[:2]} == {"web", "scheduler"}
    assert stopped[2:] == ["worker stopped; queue up", "sandbox stopped; queue up"]
    assert parley.events.index("migrated") < parley.events.index("seeded")
    assert all(has_ended(process) for process in running)


def test_keeps_secrets_and_data_over_a_second_run(tmp_path: Path, port: int) -> None:
    path = tmp_path / "home" / "sandbox.env"
    with run(path.parent, port) as first:
        first.until_ready()
        assert first.end(signal.SIGTERM) == 0
    secrets = path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    assert re.search(r"^ENCRYPTION_KEYS=.{44}$", secrets, re.MULTILINE)
    with run(path.parent, port) as second:
        second.until_ready()
        assert second.end(signal.SIGTERM) == 0
    assert path.read_text() == secrets
    assert "Creating" not in second.said


def test_a_child_that_dies_is_started_again(tmp_path: Path, port: int) -> None:
    with run(tmp_path / "home", port) as parley:
        parley.until_ready()
        first = parley.pid_of("worker")
        os.kill(first, signal.SIGKILL)
        parley.until(lambda: parley.pid_of("worker") != first)
        assert "worker was ended by SIGKILL; starting it again in 1 s." in parley.said


def test_valkey_and_postgres_that_die_are_started_again(tmp_path: Path, port: int) -> None:
    with run(tmp_path / "home", port) as parley:
        parley.until_ready()
        for record in ("valkey/pid.json", "postgres/pid.json"):
            (service,) = leftovers(parley.home / record)
            service.kill()
            parley.until(lambda r=record, s=service: leftovers(parley.home / r) not in ([], [s]))  # type: ignore[misc] # defaults bind the loop's values
        assert parley.end(signal.SIGINT) == 0
        said = parley.said
    assert "Valkey has stopped; starting it again." in said
    assert "PostgreSQL has stopped; starting it again." in said


def test_a_child_that_never_stays_up_ends_the_run_with_its_last_words(
    tmp_path: Path, port: int
) -> None:
    with run(tmp_path / "home", port, WORKER="dying") as parley:
        assert parley.end() == ExitCode.PROCESS_FAILED
    assert "no such table: hats" in parley.lines[-2]
    assert "`dying` does not stay up: it ended with exit code 1 3 times" in parley.lines[-1]
    assert "Traceback" not in parley.said
    assert everything_of(parley.home) == []


def test_ctrl_c_during_a_migration_stops_everything(tmp_path: Path, port: int) -> None:
    with run(tmp_path / "home", port, MIGRATING="60") as parley:
        parley.until(lambda: "Bringing the tables" in parley.said)
        running = everything_of(parley.home)
        assert parley.end(signal.SIGINT) == ExitCode.INTERRUPTED
    assert len(running) == 2
    assert all(has_ended(process) for process in running)
    assert "migrated" not in parley.events


def test_a_second_ctrl_c_stops_at_once(tmp_path: Path, port: int) -> None:
    with run(tmp_path / "home", port, DRAINING="20") as parley:
        parley.until_ready()
        running = everything_of(parley.home)
        parley.process.send_signal(signal.SIGINT)
        time.sleep(1.5)
        asked = time.monotonic()
        assert parley.end(signal.SIGINT) == ExitCode.INTERRUPTED
        assert time.monotonic() - asked < 2
    assert wait_for_end(running, timeout=5)


def test_recovers_after_the_supervisor_was_killed(tmp_path: Path, port: int) -> None:
    with run(tmp_path / "home", port) as parley:
        parley.until_ready()
        orphans = everything_of(parley.home)
        assert parley.process.poll() is None
        os.kill(parley.process.pid, signal.SIGKILL)
        parley.process.wait()
    assert len(orphans) == 6
    with run(tmp_path / "home", port) as parley:
        parley.until_ready()
        assert "of an earlier run that was killed" in parley.said
        assert all(has_ended(orphan) for orphan in orphans)
        assert parley.end(signal.SIGINT) == 0


def test_a_second_run_and_a_reset_are_refused_while_one_runs(tmp_path: Path, port: int) -> None:
    home = tmp_path / "home"
    reset = [sys.executable, "-m", "local.reset"]
    where = os.environ | {"PARLEY_HOME": str(home)}
    with run(home, port) as parley:
        parley.until_ready()
        with run(home, port) as second:
            assert second.end() == ExitCode.ALREADY_RUNNING
        assert f"running already (process {parley.process.pid}, http" in second.said
        refused = subprocess.run(reset, cwd=ROOT, env=where, check=False, capture_output=True)
        assert refused.returncode == ExitCode.ALREADY_RUNNING
        assert parley.end(signal.SIGINT) == 0
    (home / "photos").mkdir()
    subprocess.run(reset, cwd=ROOT, env=where, check=True, capture_output=True)
    assert {path.name for path in home.iterdir()} == {"journal", "photos", "run.lock"}


@pytest.mark.parametrize(("offset", "purpose"), [(0, "web process"), (1, "sandbox")])
def test_a_port_in_use_is_one_sentence(
    tmp_path: Path, port: int, offset: int, purpose: str
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port + offset))
        taken.listen()
        with run(tmp_path / "home", port) as parley:
            assert parley.end() == ExitCode.PORT_IN_USE
    (line,) = parley.lines
    assert f"Port {port + offset}, needed for the {purpose}, is in use" in line


LIVE = {"SHOPIFY_API_KEY": "k", "SHOPIFY_API_SECRET": "s"}
KEYS = {"PHONE_HASH_KEYS": "p", "ENCRYPTION_KEYS": "2xIwnMl0ZIlzgcMCo3dYV1dxJ4yqZDlEZvQpqLZx1Zo="}
HTTPS = {"PUBLIC_URL": "https://parley.invalid"}


@pytest.mark.parametrize(
    ("extra", "code", "sentence"),
    [
        ({"PORT": "eighty"}, ExitCode.BAD_SETTING, "PORT must be a whole number"),
        ({"WORKERS": "0"}, ExitCode.BAD_SETTING, "WORKERS must be a whole number from 1 to 64"),
        ({"WEB_CONCURRENCY": "two"}, ExitCode.BAD_SETTING, "WEB_CONCURRENCY must be"),
        ({"SHOPIFY_API_KEY": "k"}, ExitCode.BAD_SETTING, "SHOPIFY_API_SECRET is not"),
        (LIVE, ExitCode.BAD_SETTING, "`make keys` writes what is missing"),
        (LIVE | KEYS, ExitCode.PUBLIC_URL_FAILED, "`cloudflared tunnel"),
        (LIVE | KEYS | {"PUBLIC_URL": "http://x.example"}, ExitCode.PUBLIC_URL_FAILED, "https://"),
        (
            LIVE | KEYS | HTTPS | {"SWEEP_INTERVAL_SECONDS": "-1", "DISPATCH_CONCURRENCY": "many"},
            ExitCode.BAD_SETTING,
            "SWEEP_INTERVAL_SECONDS",
        ),
        ({"DATABASE_URL": "mysql://x"}, ExitCode.BAD_SETTING, "DATABASE_URL"),
        (
            {"DATABASE_URL": "postgresql://x:y@127.0.0.1:9/z"},
            ExitCode.DATABASE_FAILED,
            "cannot be reached",
        ),
        ({"REDIS_URL": "redis://127.0.0.1:9"}, ExitCode.QUEUE_FAILED, "cannot be reached"),
        ({"PARLEY_HOME": "/dev/null/x"}, ExitCode.BAD_SETTING, "cannot be written"),
    ],
)
def test_a_bad_setting_is_one_sentence(
    tmp_path: Path, port: int, extra: dict[str, str], code: ExitCode, sentence: str
) -> None:
    with run(tmp_path / "home", port, **extra) as parley:
        assert parley.end() == code
    assert "Traceback" not in parley.said
    last = next(line for line in parley.lines if line.startswith("parley: "))
    assert sentence in last
    assert "y@" not in parley.said


def test_in_live_mode_a_public_url_that_leads_elsewhere_names_a_tunnel(
    tmp_path: Path, port: int
) -> None:
    with run(tmp_path / "home", port, **LIVE, **KEYS, **HTTPS) as parley:
        assert parley.end() == ExitCode.PUBLIC_URL_FAILED
    assert "does not lead to this Parley: there is no answer" in parley.lines[-1]
    assert "ngrok http" in parley.lines[-1]
