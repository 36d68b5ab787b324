"""Shopify's own Admin schema, and which scopes it says each type and field need."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from graphql import DocumentNode, GraphQLError, GraphQLSchema, build_client_schema, parse, validate

from sandbox.store.webhooks import API_VERSION

_DATA = Path(__file__).parents[3] / "node_modules" / "@shopify" / "dev-mcp" / "dist" / "data"


@dataclass(frozen=True)
class Access:
    """Any one of `scopes` is enough; `words` is how Shopify names them."""

    scopes: tuple[str, ...]
    words: str


@dataclass(frozen=True)
class AdminSchema:
    """`access` is keyed by type name and field name, or type name and ''."""

    schema: GraphQLSchema
    access: Mapping[tuple[str, str], Access]


@lru_cache(maxsize=1)
def admin_schema() -> AdminSchema:
    """Read once, when first asked for: 0.6 s and 90 MB for 3,500 types.

    `assume_valid`, because six deprecated fields of Shopify's break a rule of GraphQL's.
    """
    with gzip.open(_DATA / f"admin_{API_VERSION}.json.gz") as packed:
        told = json.load(packed)
    access = {
        (item["typeName"], item.get("fieldName") or ""): Access(
            tuple(item["offlineScopes"]), item["requiredAccess"]
        )
        for item in told["offline_scopes"]["items"]
        if item.get("offlineScopes")
    }
    return AdminSchema(build_client_schema(told["data"], assume_valid=True), access)


@lru_cache(maxsize=256)
def read_document(text: str) -> tuple[DocumentNode | None, tuple[GraphQLError, ...]]:
    """Parse and validate; an app sends the same few documents again and again."""
    try:
        document = parse(text)
    except GraphQLError as error:
        return None, (error,)
    return document, tuple(validate(admin_schema().schema, document))
