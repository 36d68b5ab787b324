"""The permissions that Parley asks a shop for, and what is missing without each."""

from __future__ import annotations

from dataclasses import dataclass

from shopify.api_access import ApiAccess, ApiAccessError

# As in shopify.app.toml, which is what Shopify-managed installs go by.
SCOPES = ("read_fulfillments", "read_orders", "write_app_proxy")

_WITHOUT = {
    "read_orders": "Parley does not learn of new orders, so it cannot text about any.",
    "read_fulfillments": "Parley does not learn when parcels leave or arrive.",
}


@dataclass(frozen=True, slots=True)
class MissingScope:
    scope: str
    sentence: str


def missing_scopes(granted: str | None) -> list[MissingScope]:
    """Say what a shop has not granted. Writing implies reading, as with Shopify.

    Args:
        granted: as Shopify told us, comma-separated; None if it has not yet, which is no finding.
    """
    if granted is None:
        return []
    try:
        access = ApiAccess(granted)
    except ApiAccessError:
        # One scope of a shape that the library does not know; the others still count.
        access = ApiAccess([each for each in granted.split(",") if _is_known(each)])
    return [
        MissingScope(scope, sentence)
        for scope, sentence in _WITHOUT.items()
        if not access.covers(ApiAccess(scope))
    ]


def _is_known(scope: str) -> bool:
    return ApiAccess.SCOPE_RE.match(scope.strip()) is not None
