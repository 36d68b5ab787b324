"""The documents Parley sends: the stand-in answers each of them, whatever the data."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.shopify_admin.api.cost import MOST_EXPENSIVE
from sandbox.shopify_admin.api.run import beyond_the_sandbox, choose_operation, price
from sandbox.shopify_admin.api.schema import read_document

DOCUMENTS = sorted((Path(__file__).parents[3] / "shopify" / "documents").glob("*.graphql"))
# A page of every variable size; what an app asks for in earnest is smaller.
VARIABLES = {"first": 25, "last": 25}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_every_document_in_use_is_answered_and_affordable(path: Path) -> None:
    document, errors = read_document(path.read_text())
    assert document is not None
    assert errors == ()
    assert [error.message for error in beyond_the_sandbox(document)] == []
    assert price(document, choose_operation(document, None), VARIABLES) <= MOST_EXPENSIVE
