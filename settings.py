"""Everything a deployer can set, read once from the environment and `.env`, all errors at once."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Annotated, Self
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


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
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


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


Origin = Annotated[str, AfterValidator(_http_origin)]
Secrets = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_split), Field(min_length=1)]
FernetKeys = Annotated[
    tuple[Annotated[SecretStr, AfterValidator(_fernet_key)], ...],
    NoDecode,
    BeforeValidator(_split),
    Field(min_length=1),
]


class Settings(BaseSettings):
    """The frozen settings of one process. Durations are seconds."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    database_url: Annotated[str, AfterValidator(use_psycopg3)]
    redis_url: Annotated[str, AfterValidator(_beginning_with("redis://", "rediss://", "unix://"))]
    public_url: Origin
    port: Annotated[int, Field(ge=1, le=65535)] = 8000

    shopify_api_key: Annotated[str, Field(min_length=1)]
    shopify_api_secret: SecretStr
    shopify_api_secret_previous: SecretStr | None = None

    encryption_keys: FernetKeys
    phone_hash_keys: Secrets

    shopify_base_url: Origin | None = None
    carrier_base_url: Origin | None = None
    app_bridge_url: Origin | None = None
    extra_frame_ancestor: Origin | None = None

    log_level: str = "INFO"
    sweep_interval_seconds: Annotated[float, Field(gt=0)] = 15
    reconcile_absent_after_seconds: Annotated[float, Field(ge=1)] = 300
    sending_stale_after_seconds: Annotated[float, Field(ge=1)] = 60
    carrier_timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 10
    dispatch_concurrency: Annotated[int, Field(ge=1, le=100)] = 16

    @model_validator(mode="after")
    def _stand_ins_only_where_nobody_else_can_reach(self) -> Self:
        # A real store or carrier never calls a loopback address, so live credentials and a
        # stand-in cannot meet: a text meant for a shopper cannot end in a toy, nor a toy's at her.
        stand_ins = {
            "SHOPIFY_BASE_URL": self.shopify_base_url,
            "CARRIER_BASE_URL": self.carrier_base_url,
            "APP_BRIDGE_URL": self.app_bridge_url,
            "EXTRA_FRAME_ANCESTOR": self.extra_frame_ancestor,
        }
        chosen = [name for name, value in stand_ins.items() if value]
        if chosen and not is_loopback(self.public_url):
            raise ValueError(
                f"{', '.join(chosen)} may only be set while PUBLIC_URL is an address of this "
                "machine; with live credentials leave it out"
            )
        return self

    @model_validator(mode="after")
    def _stale_means_that_the_request_is_over(self) -> Self:
        # A request that may still be under way must not be looked for and repeated.
        if self.sending_stale_after_seconds <= self.carrier_timeout_seconds:
            raise ValueError(
                "SENDING_STALE_AFTER_SECONDS must be greater than CARRIER_TIMEOUT_SECONDS"
            )
        return self


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
