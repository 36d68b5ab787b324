"""Real PostgreSQL and Valkey, started by the modules that `make run` and other tests use."""

import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis

from local.errors import ExitCode, LocalError
from local.postgres import Postgres, running_postgres
from local.processes import has_ended, leftovers
from local.valkey import Valkey, running_valkey

pytestmark = pytest.mark.enable_socket


def query(url: str, statement: str) -> object:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        cursor = connection.execute(statement.encode())
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def test_postgres_keeps_its_data_over_a_second_start(tmp_path: Path) -> None:
    with running_postgres(tmp_path / "postgres", durable=False) as url:
        query(url, "create table hats (name text)")
        query(url, "insert into hats values ('bowler')")
    with running_postgres(tmp_path / "postgres", durable=False) as url:
        assert query(url, "select name from hats") == "bowler"


def test_postgres_gives_what_a_hosted_database_gives(tmp_path: Path) -> None:
    with running_postgres(tmp_path / "postgres", durable=False) as url:
        assert url.startswith("postgresql+psycopg://parley:")
        assert query(url, "select rolsuper from pg_roles where rolname = current_user") is False
        assert query(url, "select current_setting('max_connections')::int") == 200
        assert query(url, "select current_setting('TimeZone')") == "UTC"
        query(url, "create role hatter nologin")
        query(url, "create extension pg_trgm")
        assert query(url, "select lower('É')") == "é"


def test_postgres_wants_a_password_and_listens_on_loopback_only(tmp_path: Path) -> None:
    server = Postgres(tmp_path / "postgres", durable=False)
    server.start()
    try:
        assert query(server.url, "select current_setting('listen_addresses')") == "127.0.0.1"
        password = server.folder / "password"
        assert stat.S_IMODE(password.stat().st_mode) == 0o600
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(server.url.replace(password.read_text(), "x").replace("+psycopg", ""))
    finally:
        server.stop()


def test_postgres_recovers_when_its_supervisor_was_killed(tmp_path: Path) -> None:
    started = "Postgres(Path(sys.argv[1]), durable=False).start(); os.kill(os.getpid(), 9)"
    script = f"import os, sys; from pathlib import Path; from local.postgres import *; {started}"
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "postgres")], check=False)
    (orphan,) = leftovers(tmp_path / "postgres" / "pid.json")
    with running_postgres(tmp_path / "postgres", durable=False) as url:
        assert has_ended(orphan)
        assert query(url, "select 1") == 1


def test_postgres_starts_although_its_old_number_now_belongs_to_another(tmp_path: Path) -> None:
    with running_postgres(tmp_path / "postgres", durable=False):
        lock = tmp_path / "postgres" / "data" / "postmaster.pid"
        lines = lock.read_text().splitlines()
    lines[0] = str(os.getpid())
    lock.write_text("\n".join(lines))
    with running_postgres(tmp_path / "postgres", durable=False) as url:
        assert query(url, "select 1") == 1


def test_half_made_data_of_a_killed_initdb_are_made_anew(tmp_path: Path) -> None:
    (tmp_path / "postgres" / "data.new" / "base").mkdir(parents=True)
    with running_postgres(tmp_path / "postgres", durable=False) as url:
        assert query(url, "select 1") == 1


def test_a_taken_port_is_named_in_the_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with (
            pytest.raises(LocalError, match=f"Port {port}, needed for PostgreSQL") as postgres,
            running_postgres(tmp_path / "postgres", port=port),
        ):
            pass
        with (
            pytest.raises(LocalError, match=f"Port {port}, needed for Valkey") as valkey,
            running_valkey(tmp_path / "valkey", port=port),
        ):
            pass
    assert postgres.value.code == valkey.value.code == ExitCode.PORT_IN_USE


def test_broken_data_are_a_sentence_with_the_log(tmp_path: Path) -> None:
    with running_postgres(tmp_path / "postgres", durable=False):
        pass
    (tmp_path / "postgres" / "data" / "PG_VERSION").write_text("9.6\n")
    with (
        pytest.raises(LocalError, match="did not start") as failure,
        running_postgres(tmp_path / "postgres", durable=False),
    ):
        pass
    assert failure.value.code == ExitCode.DATABASE_FAILED
    assert "version" in failure.value.detail


def test_valkey_wants_its_password_and_survives_ctrl_c_in_the_terminal(tmp_path: Path) -> None:
    server = Valkey(tmp_path / "valkey")
    server.start()
    try:
        assert redis.Redis.from_url(server.url).ping()
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=server.port).ping()
        assert server.process is not None
        assert os.getsid(server.process.pid) != os.getsid(0)
        configuration = server.folder / "valkey.conf"
        assert stat.S_IMODE(configuration.stat().st_mode) == 0o600
    finally:
        server.stop()
    assert not server.record.exists()


def test_valkey_recovers_when_its_supervisor_was_killed(tmp_path: Path) -> None:
    started = "Valkey(Path(sys.argv[1])).start(); os.kill(os.getpid(), 9)"
    script = f"import os, sys; from pathlib import Path; from local.valkey import *; {started}"
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path / "valkey")], check=False)
    assert done.returncode == -signal.SIGKILL
    (orphan,) = leftovers(tmp_path / "valkey" / "pid.json")
    with running_valkey(tmp_path / "valkey") as url:
        assert has_ended(orphan)
        assert redis.Redis.from_url(url).ping()
