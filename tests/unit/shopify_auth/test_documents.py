"""Every document that we send, against Shopify's own schema of the version that we send it to."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, build_client_schema, parse, validate

from shopify.admin import API_VERSION, DOCUMENTS

SCHEMAS = Path("node_modules/@shopify/dev-mcp/dist/data")
FILES = sorted(DOCUMENTS.glob("*.graphql"))


@cache
def schema() -> GraphQLSchema:
    packed = (SCHEMAS / f"admin_{API_VERSION}.json.gz").read_bytes()
    return build_client_schema(json.loads(gzip.decompress(packed))["data"], assume_valid=True)


def test_there_are_documents() -> None:
    assert FILES


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_shopify_would_accept_the_document(file: Path) -> None:
    document = parse(file.read_text("utf-8"))
    assert not [str(error) for error in validate(schema(), document)]
    (operation,) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert operation.name is not None
    assert operation.name.value == file.stem
    # The client repeats only what says of itself that it asks.
    assert file.read_text("utf-8").startswith(("query ", "mutation "))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_document_uses_nothing_deprecated(file: Path) -> None:
    from graphql import NoDeprecatedCustomRule

    document = parse(file.read_text("utf-8"))
    assert not [str(error) for error in validate(schema(), document, [NoDeprecatedCustomRule])]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_document_is_used(file: Path) -> None:
    rooms = [path for room in ("shopify", "admin", "jobs") for path in Path(room).rglob("*.py")]
    assert any(f'"{file.stem}"' in path.read_text("utf-8") for path in rooms)
