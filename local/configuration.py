"""What to run, decided from the environment and `.env`: live or sandbox, ports, folders."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from local.errors import ExitCode, LocalError
from local.home import open_lock
from local.keys import sandbox_secrets

ROOT = Path(__file__).resolve().parent.parent
CREDENTIALS = ("SHOPIFY_API_KEY", "SHOPIFY_API_SECRET")
HIGHEST_PORT = 65535


@dataclass(frozen=True)
class Configuration:
    """`environment` is what the product's processes get, except the addresses of services."""

    home: Path
    port: int
    workers: int
    live: bool
    environment: Mapping[str, str]

    @property
    def sandbox_port(self) -> int:
        return self.port + 1

    @property
    def postgres_port(self) -> int:
        return self.port + 2

    @property
    def valkey_port(self) -> int:
        return self.port + 3

    @property
    def web_url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def sandbox_url(self) -> str:
        return f"http://localhost:{self.sandbox_port}"

    @property
    def open_url(self) -> str:
        """Where a person goes once everything runs."""
        return self.environment["PUBLIC_URL"] if self.live else self.sandbox_url


def read_configuration() -> Configuration:
    """Raises LocalError(BAD_SETTING) with one sentence about the first thing to mend."""
    environment = environment_with_dotenv()
    given = [name for name in CREDENTIALS if environment.get(name)]
    if len(given) == 1:
        missing = next(name for name in CREDENTIALS if name not in given)
        raise LocalError(
            ExitCode.BAD_SETTING,
            f"{given[0]} is set but {missing} is not: set both for a real store, "
            "or neither for the sandbox.",
        )
    port = _whole_number(environment, "PORT", default=8000, lowest=1, highest=HIGHEST_PORT - 3)
    workers = _whole_number(environment, "WORKERS", default=2, lowest=1, highest=64)
    _whole_number(environment, "WEB_CONCURRENCY", default=2, lowest=1, highest=64)
    home = home_folder(environment)
    open_lock(home).close()
    live = bool(given)
    environment |= {"PORT": str(port), "PYTHONUNBUFFERED": "1"}
    if live:
        _require_what_live_needs(environment)
    else:
        environment |= _sandbox_environment(home, port)
    return Configuration(home, port, workers, live, environment)


def environment_with_dotenv() -> dict[str, str]:
    """The environment over `.env`, as the product itself reads them. Empty counts as unset."""
    from_file = {name: value for name, value in dotenv_values(ROOT / ".env").items() if value}
    return from_file | {name: value for name, value in os.environ.items() if value}


def home_folder(environment: Mapping[str, str]) -> Path:
    """Where the embedded services keep their data."""
    return (ROOT / environment.get("PARLEY_HOME", ".parley")).resolve()


def _sandbox_environment(home: Path, port: int) -> dict[str, str]:
    stand_in = f"http://127.0.0.1:{port + 1}"
    return sandbox_secrets(home) | {
        "PUBLIC_URL": f"http://localhost:{port}",
        "PARLEY_URL": f"http://localhost:{port}",
        "SHOPIFY_BASE_URL": stand_in,
        "CARRIER_BASE_URL": stand_in,
        # The browser's addresses of the same: a page is framed by the host that people type.
        "APP_BRIDGE_URL": f"http://localhost:{port + 1}/app-bridge.js",
        "EXTRA_FRAME_ANCESTOR": f"http://localhost:{port + 1}",
        "SANDBOX_PORT": str(port + 1),
        "SANDBOX_DATA": str(home / "sandbox"),
    }


def _require_what_live_needs(environment: Mapping[str, str]) -> None:
    keys = [name for name in ("ENCRYPTION_KEYS", "PHONE_HASH_KEYS") if not environment.get(name)]
    if keys:
        raise LocalError(
            ExitCode.BAD_SETTING,
            f"{' and '.join(keys)} must be set for a real store: "
            "`make keys` writes what is missing into .env (keep a copy of that file).",
        )
    if not environment.get("PUBLIC_URL", "").startswith("https://"):
        raise LocalError(
            ExitCode.PUBLIC_URL_FAILED,
            "PUBLIC_URL must be the https:// address at which Shopify and the carrier reach "
            "Parley; on your own machine a tunnel gives you one, e.g. "
            f"`cloudflared tunnel --url http://localhost:{environment['PORT']}` or "
            f"`ngrok http {environment['PORT']}`.",
        )


def _whole_number(
    environment: Mapping[str, str], name: str, *, default: int, lowest: int, highest: int
) -> int:
    text = environment.get(name, str(default))
    if not text.isascii() or not text.isdigit() or not lowest <= int(text) <= highest:
        raise LocalError(
            ExitCode.BAD_SETTING,
            f"{name} must be a whole number from {lowest} to {highest}, not {text!r}.",
        )
    return int(text)
