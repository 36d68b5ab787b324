"""Connections: sorting, cursors and pages, as all lists of the API have them."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from graphql import GraphQLError

LARGEST_PAGE = 250
Item = TypeVar("Item")
Key = tuple[Any, int]


def connection(
    items: Sequence[Item], arguments: Mapping[str, Any], *, key: Callable[[Item], Key]
) -> dict[str, Any]:
    """A page of `items`, which may come in any order; `key` sorts them and is their cursor.

    Raises `GraphQLError` as Shopify does: without `first` or `last`, or for more than 250.
    """
    first, last = arguments.get("first"), arguments.get("last")
    if (first is None) == (last is None):
        raise bad_request("you must provide one of first or last")
    size = first if first is not None else last
    if not isinstance(size, int) or not 0 <= size <= LARGEST_PAGE:
        raise bad_request(f"first and last must be between 0 and {LARGEST_PAGE}")
    backwards = bool(arguments.get("reverse"))
    ordered = sorted(items, key=key, reverse=backwards)
    inside = _between(ordered, arguments, key=key, backwards=backwards)
    page = inside[:size] if first is not None else inside[max(0, len(inside) - size) :]
    edges = [{"node": item, "cursor": _cursor(key(item))} for item in page]
    return {
        "edges": edges,
        "nodes": page,
        "pageInfo": {
            "hasNextPage": bool(page) and key(page[-1]) != key(ordered[-1]),
            "hasPreviousPage": bool(page) and key(page[0]) != key(ordered[0]),
            "startCursor": edges[0]["cursor"] if edges else None,
            "endCursor": edges[-1]["cursor"] if edges else None,
        },
    }


def bad_request(sentence: str) -> GraphQLError:
    """An error about what was asked."""
    return GraphQLError(sentence, extensions={"code": "BAD_REQUEST"})


def _between(
    ordered: Sequence[Item],
    arguments: Mapping[str, Any],
    *,
    key: Callable[[Item], Key],
    backwards: bool,
) -> list[Item]:
    """By value, not by place: what moved since the cursor was handed out is still found."""
    inside = list(ordered)
    for name, ahead in (("after", not backwards), ("before", backwards)):
        if arguments.get(name):
            mark = _read(str(arguments[name]))
            inside = [each for each in inside if (key(each) > mark if ahead else key(each) < mark)]
    return inside


def _cursor(key: Key) -> str:
    told = json.dumps({"last_id": key[1], "last_value": key[0]})
    return base64.b64encode(told.encode()).decode()


def _read(cursor: str) -> Key:
    try:
        told = json.loads(base64.b64decode(cursor, validate=True))
        return told["last_value"], told["last_id"]
    except (binascii.Error, ValueError, KeyError, TypeError):
        raise bad_request(f"Invalid cursor for current pagination sort: {cursor}.") from None
