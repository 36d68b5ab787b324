"""Questions asked before and after starting; each bad answer is a LocalError with one sentence."""

import json
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping

import psycopg
import redis

from local.configuration import ROOT, Configuration
from local.errors import ExitCode, LocalError
from local.processes import require_free_port

# The product's own check, in a process of its own: it reads the settings as the others will.
SETTINGS_PROGRAM = """
import sys
from settings import SettingsError, load_settings
try:
    load_settings()
except SettingsError as error:
    print(*error.problems, sep="\\n")
    sys.exit(1)
"""


def check_settings(environment: Mapping[str, str]) -> None:
    """Raise LocalError(BAD_SETTING) naming everything that `settings.py` refuses."""
    done = subprocess.run(
        [sys.executable, "-c", SETTINGS_PROGRAM],
        env=dict(environment),
        cwd=ROOT,
        capture_output=True,
        text=True,
        start_new_session=True,  # Ctrl-C is ours to answer
        check=False,
    )
    if done.returncode != 0:
        problems = done.stdout.split("\n") if done.stdout else done.stderr.splitlines()[-1:]
        sentences = " ".join(problem for problem in problems if problem)
        raise LocalError(ExitCode.BAD_SETTING, f"The settings cannot be used: {sentences}")


def check_ports(configuration: Configuration) -> None:
    """The ports a browser goes to; embedded services check theirs when they start."""
    require_free_port(configuration.port, purpose="the web process", host="0.0.0.0")  # noqa: S104 - where gunicorn will listen
    if not configuration.live:
        require_free_port(configuration.sandbox_port, purpose="the sandbox")


def check_database(url: str) -> None:
    """Raise LocalError(DATABASE_FAILED) unless the given DATABASE_URL answers."""
    try:
        psycopg.connect(url.replace("+psycopg", "", 1), connect_timeout=10).close()
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        raise LocalError(
            ExitCode.DATABASE_FAILED,
            "The database of DATABASE_URL cannot be reached; leave the setting out for an "
            f"embedded one. PostgreSQL's driver says: {reason}",
        ) from None


def check_queue(url: str) -> None:
    """Raise LocalError(QUEUE_FAILED) unless the given REDIS_URL answers."""
    try:
        with redis.Redis.from_url(url, socket_timeout=10, socket_connect_timeout=10) as connection:
            connection.ping()
    except (redis.RedisError, ValueError) as error:
        raise LocalError(
            ExitCode.QUEUE_FAILED,
            "The Redis or Valkey of REDIS_URL cannot be reached; leave the setting out for an "
            f"embedded one. Its client says: {error}",
        ) from None


def healthz(base_url: str, *, timeout: float = 5.0) -> tuple[int, dict[str, object]]:
    """Status and JSON of `GET {base_url}/healthz`; (0, {"error": why}) when there is no answer."""
    request = urllib.request.Request(f"{base_url}/healthz", headers={"Accept": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, _json_object(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _json_object(error.read())
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, ssl.SSLError):
            reason = f"its certificate is not accepted ({reason.reason})"
        return 0, {"error": str(reason)}


def why_not_parley(public_url: str) -> str | None:
    """None when PUBLIC_URL leads to a Parley, else why not. Well or not: a 503 counts, too."""
    status, answer = healthz(public_url, timeout=10)
    if answer.get("app") == "parley":
        return None
    if status == 0:
        return f"there is no answer ({answer['error']})"
    return f"something else answers there (status {status})"


def _json_object(body: bytes) -> dict[str, object]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
