"""A setting that cannot work is one sentence, and all of them are told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from settings import Settings, SettingsError, is_loopback, load_settings

# Fixed: a test that is named by its value must have the same name in every process.
KEY, OLDER_KEY = "A" * 43 + "=", "B" * 42 + "A="
MARK = "hunter2secret"
GOOD = {
    "DATABASE_URL": f"postgres://parley:{MARK}@db.example/parley",
    "REDIS_URL": f"redis://:{MARK}@queue.example/0",
    "PUBLIC_URL": "https://parley.example.com/",
    "SHOPIFY_API_KEY": "key",
    "SHOPIFY_API_SECRET": f"{MARK}-shopify",
    "SHOPIFY_API_SECRET_PREVIOUS": f"{MARK}-before",
    "ENCRYPTION_KEYS": f"{KEY}, {OLDER_KEY}",
    "PHONE_HASH_KEYS": f"{MARK}-phone",
}


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def _load(monkeypatch: pytest.MonkeyPatch, **changed: str) -> Settings:
    for name, value in {**GOOD, **changed}.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def _problems(monkeypatch: pytest.MonkeyPatch, **changed: str) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        _load(monkeypatch, **changed)
    assert refused.value.__cause__ is None
    assert MARK not in str(refused.value)
    return refused.value.problems


def test_reads_what_hosts_hand_out(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = _load(monkeypatch)
    assert settings.database_url.startswith("postgresql+psycopg://parley:")
    assert settings.public_url == "https://parley.example.com"
    assert [key.get_secret_value() for key in settings.encryption_keys] == [KEY, OLDER_KEY]


def test_secrets_are_in_no_picture_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = _load(monkeypatch)
    for picture in (repr(settings), str(settings), repr(settings.shopify_api_secret)):
        assert MARK not in picture
        assert KEY not in picture


def test_with_nothing_set_every_missing_name_has_its_sentence() -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert refused.value.problems == [
        f"{name} is not set."
        for name in (
            *("DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "SHOPIFY_API_KEY"),
            *("SHOPIFY_API_SECRET", "ENCRYPTION_KEYS", "PHONE_HASH_KEYS"),
        )
    ]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DATABASE_URL", f"mysql://u:{MARK}@h/d", "must begin with postgresql://"),
        ("REDIS_URL", f"amqp://u:{MARK}@h", "must begin with redis:// or rediss:// or unix://"),
        ("PUBLIC_URL", "parley.example.com", "must be an address such as https://"),
        ("PUBLIC_URL", "https://parley.example.com/?a=1", "must not have a query"),
        ("PUBLIC_URL", "https://[::1", "Invalid IPv6 URL"),
        ("PORT", "eighty", "should be a valid integer"),
        ("PORT", "70000", "less than or equal to 65535"),
        ("SHOPIFY_API_SECRET", "", "is not set"),
        ("SHOPIFY_API_SECRET", "  ", "must not be blank"),
        ("ENCRYPTION_KEYS", f"{KEY},{MARK}", "must be a Fernet key"),
        ("ENCRYPTION_KEYS", " , ", "must hold at least one key"),
        ("PHONE_HASH_KEYS", ",", "must hold at least one key"),
        ("LOG_LEVEL", "LOUD", "must be one of DEBUG, INFO"),
        ("CARRIER_TIMEOUT_SECONDS", "-1", "greater than 0"),
        ("CARRIER_TIMEOUT_SECONDS", "60", "must be greater than CARRIER_TIMEOUT_SECONDS"),
        ("SENDING_STALE_AFTER_SECONDS", "9", "must be greater than CARRIER_TIMEOUT_SECONDS"),
        ("SWEEP_INTERVAL_SECONDS", "nan", ""),
        ("DISPATCH_CONCURRENCY", "0", "greater than or equal to 1"),
    ],
)
def test_a_bad_value_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    (problem,) = _problems(monkeypatch, **{name: value})
    assert said in problem
    assert problem.endswith(".")
    assert "\n" not in problem


@pytest.mark.parametrize(
    "name", ["SHOPIFY_BASE_URL", "CARRIER_BASE_URL", "APP_BRIDGE_URL", "EXTRA_FRAME_ANCESTOR"]
)
@pytest.mark.parametrize(
    "public_url",
    [
        *("https://parley.example.com", "http://192.168.1.4:8000", "http://127.0.0.1.nip.io"),
        "http://localhost.example.com",
    ],
)
def test_a_stand_in_is_refused_where_others_can_reach(
    monkeypatch: pytest.MonkeyPatch, name: str, public_url: str
) -> None:
    changed = {name: "http://127.0.0.1:8001", "PUBLIC_URL": public_url}
    (problem,) = _problems(monkeypatch, **changed)
    assert problem.startswith(f"{name}: may only be set while PUBLIC_URL is an address of this")


@pytest.mark.parametrize("url", ["http://localhost:8000", "http://127.0.0.1", "http://[::1]:80"])
def test_a_stand_in_is_welcome_on_this_machine(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    assert is_loopback(url)
    settings = _load(monkeypatch, PUBLIC_URL=url, CARRIER_BASE_URL="http://127.0.0.1:8001")
    assert settings.carrier_base_url == "http://127.0.0.1:8001"


def test_problems_of_every_kind_come_together(monkeypatch: pytest.MonkeyPatch) -> None:
    problems = _problems(
        monkeypatch,
        DATABASE_URL="sqlite://",
        CARRIER_BASE_URL="http://127.0.0.1:8001",
        SHOPIFY_BASE_URL="http://127.0.0.1:8001",
        SENDING_STALE_AFTER_SECONDS="5",
        PORT="x",
        SHOPIFY_API_SECRET="",
    )
    assert [problem.split(":")[0].split(" ")[0] for problem in problems] == [
        *("DATABASE_URL", "PORT", "SHOPIFY_API_SECRET", "SHOPIFY_BASE_URL", "CARRIER_BASE_URL"),
        "SENDING_STALE_AFTER_SECONDS",
    ]


def test_an_empty_name_in_a_file_is_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("SHOPIFY_API_SECRET_PREVIOUS=\nPORT=\nLOG_LEVEL=debug\n")
    for name, value in GOOD.items():
        if name != "SHOPIFY_API_SECRET_PREVIOUS":
            monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.shopify_api_secret_previous is None
    assert (settings.port, settings.log_level) == (8000, "DEBUG")
