"""Secrets nobody has to think up: the sandbox's own, and `make keys` for a real store."""

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography.fernet import Fernet
from dotenv import dotenv_values

from local.files import write_private

KEYS: Mapping[str, Callable[[], str]] = {
    "ENCRYPTION_KEYS": lambda: Fernet.generate_key().decode(),
    "PHONE_HASH_KEYS": lambda: secrets.token_hex(32),
}
# Without live credentials the sandbox is its own Shopify, and agrees with the app on these.
SANDBOX_SECRETS: Mapping[str, Callable[[], str]] = {
    "SHOPIFY_API_KEY": lambda: secrets.token_hex(16),
    "SHOPIFY_API_SECRET": lambda: secrets.token_hex(16),
    **KEYS,
}


def sandbox_secrets(home: Path) -> dict[str, str]:
    """Read `sandbox.env` in `home`; what is missing is made and kept."""
    path = home / "sandbox.env"
    add_missing(path, SANDBOX_SECRETS)
    return {name: value for name, value in dotenv_values(path).items() if value}


def add_missing(path: Path, wanted: Mapping[str, Callable[[], str]]) -> list[str]:
    """Append the settings `path` lacks, readable by the owner alone; returns their names."""
    present = dotenv_values(path) if path.exists() else {}
    missing = [name for name in wanted if not present.get(name)]
    if missing:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text() if path.exists() else ""
        if text and not text.endswith("\n"):
            text += "\n"
        text += "".join(f"{name}={wanted[name]()}\n" for name in missing)
        write_private(path, text)
    return missing


def main() -> None:
    path = Path(".env")
    added = add_missing(path, KEYS)
    if added:
        print(f"Wrote {' and '.join(added)} into .env; keep a copy, data cannot be read without.")
    else:
        print(f".env has {' and '.join(KEYS)} already; nothing was changed.")


if __name__ == "__main__":
    main()
