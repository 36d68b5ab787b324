from pathlib import Path

from cryptography.fernet import Fernet
from dotenv import dotenv_values

from local.keys import KEYS, add_missing, sandbox_secrets


def test_make_keys_adds_what_is_missing_and_keeps_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("PUBLIC_URL=https://parley.example.com\nPHONE_HASH_KEYS=mine")
    assert add_missing(path, KEYS) == ["ENCRYPTION_KEYS"]
    values = dotenv_values(path)
    assert values["PUBLIC_URL"] == "https://parley.example.com"
    assert values["PHONE_HASH_KEYS"] == "mine"
    Fernet(str(values["ENCRYPTION_KEYS"]))
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_text()
    assert add_missing(path, KEYS) == []
    assert path.read_text() == before


def test_an_empty_setting_counts_as_missing_and_the_last_line_wins(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("ENCRYPTION_KEYS=\nPHONE_HASH_KEYS=mine\n")
    assert add_missing(path, KEYS) == ["ENCRYPTION_KEYS"]
    assert dotenv_values(path)["ENCRYPTION_KEYS"]


def test_the_sandbox_keeps_its_secrets(tmp_path: Path) -> None:
    first = sandbox_secrets(tmp_path)
    assert sandbox_secrets(tmp_path) == first
    assert set(first) == {
        "SHOPIFY_API_KEY",
        "SHOPIFY_API_SECRET",
        "ENCRYPTION_KEYS",
        "PHONE_HASH_KEYS",
    }
