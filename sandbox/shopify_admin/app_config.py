"""What Shopify knows of the app: its credentials, and what its `shopify.app.toml` agrees to."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

_TOML = Path(__file__).parent.parent.parent / "shopify.app.toml"

SCOPES_IN_WORDS = {
    "read_all_orders": "See all orders, also those older than 60 days",
    "read_customers": "See customers",
    "write_customers": "See and change customers",
    "read_discounts": "See discounts",
    "write_discounts": "Make discount codes",
    "read_fulfillments": "See parcels and their tracking",
    "read_orders": "See orders",
    "write_orders": "See and change orders",
    "read_products": "See products",
    "write_app_proxy": "Answer requests under your store's own address",
}


@dataclass(frozen=True)
class AppConfig:
    """The one app of the stand-in. `scopes` are granted by every install, `optional` on request."""

    client_id: str
    secret: str
    url: str
    title: str
    handle: str
    scopes: tuple[str, ...]
    optional: tuple[str, ...]
    redirect_paths: tuple[str, ...]

    @classmethod
    def from_toml(cls, *, client_id: str, secret: str, url: str, path: Path = _TOML) -> AppConfig:
        """Read the app's configuration as `shopify app deploy` would hand it to Shopify.

        Its addresses belong to production, so of those only the paths count here.
        """
        toml = tomllib.loads(path.read_text())
        access = toml["access_scopes"]
        return cls(
            client_id=client_id,
            secret=secret,
            url=url.rstrip("/"),
            title=toml["name"],
            handle=toml["handle"],
            scopes=tuple(_split(access["scopes"])),
            optional=tuple(access.get("optional_scopes", ())),
            redirect_paths=tuple(urlsplit(each).path for each in toml["auth"]["redirect_urls"]),
        )

    @property
    def origin(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    def may_redirect_to(self, address: str) -> bool:
        """Whether Shopify would send a merchant back to this address."""
        parts = urlsplit(address)
        same = f"{parts.scheme}://{parts.netloc}" == self.origin
        return same and parts.path in self.redirect_paths


def _split(scopes: str) -> list[str]:
    return [each.strip() for each in scopes.split(",") if each.strip()]


def covers(granted: set[str], wanted: str) -> bool:
    """Whether a scope is among the granted ones; to write implies to read."""
    return wanted in granted or f"write_{wanted.removeprefix('read_')}" in granted
