"""Everything a deployer can set, read once from the environment and `.env`, all errors at once."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Annotated
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class SettingsError(Exception):
    """The settings cannot be used; `problems` has one sentence for each thing to mend."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def use_psycopg3(url: str) -> str:
    """Point a plain PostgreSQL address, as hosts hand them out, at the driver in use."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    if not url.startswith("postgresql+psycopg://"):
        raise ValueError("must begin with postgresql://")
    return url


def _http_origin(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an address such as https://parley.example.com")
    if parts.query or parts.fragment:
        raise ValueError("must not have a query or a fragment")
    return url.rstrip("/")


def _beginning_with(*prefixes: str) -> Callable[[str], str]:
    def check(url: str) -> str:
        if not url.startswith(prefixes):
            raise ValueError(f"must begin with {' or '.join(prefixes)}")
        return url

    return check


def _split(value: object) -> object:
    """Several keys are written with commas between them, the one in use first."""
    if not isinstance(value, str):
        return value
    keys = [part.strip() for part in value.split(",") if part.strip()]
    if not keys:
        raise ValueError("must hold at least one key")
    return keys


def _not_blank(value: SecretStr) -> SecretStr:
    # Anyone can sign with an empty secret.
    if not value.get_secret_value().strip():
        raise ValueError("must not be blank")
    return value


def _log_level(value: str) -> str:
    if value.upper() not in LOG_LEVELS:
        raise ValueError(f"must be one of {', '.join(LOG_LEVELS)}")
    return value.upper()


def _fernet_key(value: SecretStr) -> SecretStr:
    try:
        Fernet(value.get_secret_value())
    except (ValueError, TypeError):
        raise ValueError("each must be a Fernet key; `make keys` writes one") from None
    return value


def is_loopback(url: str) -> bool:
    """Say whether an address can only be reached from this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _only_where_nobody_else_can_reach(url: str | None, others: ValidationInfo) -> str | None:
    # A real store or carrier never calls a loopback address, so live credentials and a
    # stand-in cannot meet: a text meant for a shopper cannot end in a toy, nor a toy's at her.
    public_url = others.data.get("public_url")
    if url is not None and public_url is not None and not is_loopback(public_url):
        raise ValueError(
            "may only be set while PUBLIC_URL is an address of this machine; "
            "with live credentials leave it out"
        )
    return url


def _longer_than_a_request(seconds: float, others: ValidationInfo) -> float:
    # A request that may still be under way must not be looked for and repeated.
    if seconds <= others.data.get("carrier_timeout_seconds", 0):
        raise ValueError("must be greater than CARRIER_TIMEOUT_SECONDS")
    return seconds


Origin = Annotated[str, AfterValidator(_http_origin)]
StandIn = Annotated[Origin | None, AfterValidator(_only_where_nobody_else_can_reach)]
Secret = Annotated[SecretStr, AfterValidator(_not_blank)]
Secrets = Annotated[tuple[Secret, ...], NoDecode, BeforeValidator(_split), Field(min_length=1)]
FernetKeys = Annotated[
    tuple[Annotated[SecretStr, AfterValidator(_fernet_key)], ...],
    NoDecode,
    BeforeValidator(_split),
    Field(min_length=1),
]


class Settings(BaseSettings):
    """The frozen settings of one process. Durations are seconds."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_ignore_empty=True,  # `NAME=` in a file leaves it out, rather than setting it to nothing
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    # Both addresses hold passwords.
    database_url: Annotated[str, AfterValidator(use_psycopg3), Field(repr=False)]
    redis_url: Annotated[
        str,
        AfterValidator(_beginning_with("redis://", "rediss://", "unix://")),
        Field(repr=False),
    ]
    # Before the settings that are only allowed with some of its values.
    public_url: Origin
    port: Annotated[int, Field(ge=1, le=65535)] = 8000

    shopify_api_key: Annotated[str, Field(min_length=1)]
    shopify_api_secret: Secret
    shopify_api_secret_previous: Secret | None = None

    # For a merchant who runs Parley for stores of their own only: tokens of a day, by the secret.
    shopify_client_credentials: bool = False

    encryption_keys: FernetKeys
    phone_hash_keys: Secrets

    shopify_base_url: StandIn = None
    carrier_base_url: StandIn = None
    app_bridge_url: StandIn = None
    extra_frame_ancestor: StandIn = None

    log_level: Annotated[str, AfterValidator(_log_level)] = "INFO"
    sweep_interval_seconds: Annotated[float, Field(gt=0)] = 15
    reconcile_absent_after_seconds: Annotated[float, Field(ge=1)] = 300
    carrier_timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 10
    sending_stale_after_seconds: Annotated[
        float, AfterValidator(_longer_than_a_request), Field(ge=1, validate_default=True)
    ] = 60
    dispatch_concurrency: Annotated[int, Field(ge=1, le=100)] = 16


def load_settings() -> Settings:
    """Read the settings.

    Raises:
        SettingsError: with a sentence for every setting that is missing or unusable.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError([_sentence(problem) for problem in error.errors()]) from None


def _sentence(problem: object) -> str:
    # Never the value itself: it may be a secret.
    assert isinstance(problem, dict)
    names = [str(part).upper() for part in problem["loc"] if isinstance(part, str)]
    message = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "missing":
        return f"{names[0]} is not set."
    return f"{names[0]}: {message}." if names else f"{message}."
