"""Shopify's search syntax, as far as the fields here: `updated_at:>='2026-11-01' AND name:#1001`.

https://shopify.dev/docs/api/usage/search-syntax
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.shopify_admin.api.listing import bad_request

_TERM = re.compile(
    r"""\s*(?P<not>-|NOT\s+)?
        (?:(?P<field>\w+):(?P<how>>=|<=|>|<)?)?
        (?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s()"']+))""",
    re.VERBOSE,
)
Readers = Mapping[str, Callable[[Any], Any]]


@dataclass(frozen=True)
class Term:
    """`field` is '' for a bare word."""

    field: str
    how: str
    value: str
    negated: bool


def search(query: str | None, readers: Readers) -> Callable[[Any], bool]:
    """A predicate. `readers` gives what each field of an item is: text, a moment, or a list.

    Raises `GraphQLError` for what the stand-in cannot search; Shopify ignores it with a warning,
    which then finds everything: better to hear of it here.
    """
    terms = _terms(query or "")
    for term in terms:
        if term.field not in readers:
            known = ", ".join(name for name in readers if name)
            raise bad_request(
                f"The sandbox cannot search by {term.field or 'bare words'!r}; it knows {known}."
            )
    return lambda item: all(
        _fits(readers[term.field](item), term) is not term.negated for term in terms
    )


def _terms(query: str) -> list[Term]:
    terms, at = [], 0
    while query[at:].strip():
        found = _TERM.match(query, at)
        if found is None:
            raise bad_request(f"The sandbox cannot read this search: {query!r}.")
        at = found.end()
        value = next(v for v in (found["double"], found["single"], found["bare"]) if v is not None)
        if found["bare"] == "AND" and not found["field"]:
            continue
        if found["bare"] == "OR" and not found["field"]:
            raise bad_request("The sandbox cannot search with OR.")
        terms.append(Term(found["field"] or "", found["how"] or "", value, bool(found["not"])))
    return terms


def _fits(has: Any, term: Term) -> bool:
    if isinstance(has, list):
        return any(_fits(each, term) for each in has)
    if has is None:
        return False
    if isinstance(has, datetime):
        return _compare(has, _moment(term.value), term.how)
    if term.how:
        return _compare(str(has), term.value, term.how)
    wanted, text = term.value.casefold(), str(has).casefold()
    if wanted == "*":
        return True
    return text.startswith(wanted[:-1]) if wanted.endswith("*") else text == wanted


def _compare(has: Any, wanted: Any, how: str) -> bool:
    answers: Mapping[str, bool] = {
        "": has == wanted,
        ">": has > wanted,
        "<": has < wanted,
        ">=": has >= wanted,
        "<=": has <= wanted,
    }
    return answers[how]


def _moment(text: str) -> datetime:
    """A date or a moment; without a zone it is UTC."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise bad_request(f"{text!r} is no date for a search.") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
