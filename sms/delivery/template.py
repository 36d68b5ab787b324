"""Merge-field templates in the Liquid that merchants know: `{{ first_name | default: "there" }}`.

Only output expressions: a known field and the filters `default`, `upcase`, `downcase`,
`capitalize` and `truncate`. `check` says what is wrong before a template is saved, with the place;
`render` fills in one that passed. python-liquid reads the template; a value is never read, only
put in its place, so braces and quotes in a customer's name are just that.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from sms.delivery.template_parser import (
    FILTERS,
    MAX_EXPRESSION_LENGTH,
    MAX_TEMPLATE_LENGTH,
    Broken,
    FindingCode,
    Output,
    parsed,
)
from sms.delivery.values import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


__all__ = ["Field", "Finding", "FindingCode", "check", "render"]


@dataclass(frozen=True, slots=True)
class Field:
    """A merge field that a template may use, by its name without braces ("first_name").

    `may_be_empty` says whether a fallback is needed; `sample` is what a preview shows.
    """

    may_be_empty: bool
    sample: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with a template; `start` and `end` are offsets into it (end excluded)."""

    code: FindingCode
    sentence: str
    start: int
    end: int


# Control characters other than line ends and tabs; half characters (lone surrogates).
_UNSENDABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def check(template: str, known: Mapping[str, Field]) -> tuple[Finding, ...]:
    """Everything that keeps `template` from being sent, in order of place; empty when it may be.

    Bounded work for any template: one over the length limit is not read.
    """
    if len(template) > MAX_TEMPLATE_LENGTH:
        sentence = f"Shorten the text to {MAX_TEMPLATE_LENGTH} characters or fewer."
        return (Finding(FindingCode.TOO_LONG, sentence, MAX_TEMPLATE_LENGTH, len(template)),)
    findings = [*_unsendable(template)]
    for piece in parsed(template):
        if isinstance(piece, Broken):
            findings.append(_as_finding(piece))
        elif isinstance(piece, Output):
            findings.extend(_wrong_with(piece, known))
    return tuple(sorted(findings, key=lambda finding: finding.start))


def _unsendable(template: str) -> Iterator[Finding]:
    # \r\n is a line end that browsers send.
    for match in _UNSENDABLE.finditer(template.replace("\r\n", "\n\n")):
        sentence = "Remove the invisible character here: it cannot be sent."
        yield Finding(FindingCode.UNSENDABLE_CHARACTER, sentence, match.start(), match.end())


def _as_finding(broken: Broken) -> Finding:
    sentences = {
        FindingCode.SYNTAX: f"This merge field cannot be read: {broken.detail}.",
        FindingCode.TAG: (
            "Only merge fields work here, like {{ first_name }}: remove the tag between {% and %}."
        ),
        FindingCode.NOT_A_FIELD: "Put the name of a merge field between {{ and }}.",
        FindingCode.UNKNOWN_FILTER: (
            f"The filter {broken.detail} does not exist here. These do: {', '.join(FILTERS)}."
        ),
        FindingCode.FILTER_ARGUMENT: broken.detail,
        FindingCode.TOO_LONG: (
            f"Shorten this merge field to {MAX_EXPRESSION_LENGTH} characters or fewer."
        ),
    }
    return Finding(broken.code, sentences[broken.code], broken.start, broken.end)


def _wrong_with(output: Output, known: Mapping[str, Field]) -> Iterator[Finding]:
    field = known.get(output.field)
    if field is None:
        sentence = f"There is no merge field {output.field}."
        suggestion = _nearest(output.field, known)
        if suggestion:
            sentence += f" Did you mean {suggestion}?"
        yield Finding(FindingCode.UNKNOWN_FIELD, sentence, output.start, output.end)
    elif field.may_be_empty and not output.has_fallback:
        sentence = (
            f"{output.field} is not known for everybody. Say what to write instead: "
            f'{{{{ {output.field} | default: "..." }}}}'
        )
        yield Finding(FindingCode.MISSING_FALLBACK, sentence, output.start, output.end)


def _nearest(name: str, known: Mapping[str, Field]) -> str | None:
    """`customer.first_name` and `frist_name` both mean `first_name`."""
    lowered = {field.lower(): field for field in known}
    for candidate in (name.lower(), name.lower().rpartition(".")[2]):
        if candidate in lowered:
            return lowered[candidate]
    close = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    return lowered[close[0]] if close else None


def render(template: str, values: Mapping[str, str | None]) -> str:
    """`template` with its fields filled in from `values`.

    A field that is absent, None or blank is empty and takes its fallback. Values are cleaned (one
    line, sensible length) and never interpreted. ValueError only for a template that `check`
    refuses whatever the known fields are.
    """
    return "".join(
        piece if isinstance(piece, str) else piece.filled(clean(values.get(piece.field)))
        for piece in _sound(template)
    )


@lru_cache(maxsize=256)
def _sound(template: str) -> tuple[str | Output, ...]:
    if len(template) > MAX_TEMPLATE_LENGTH:
        raise ValueError("the template is too long")
    pieces: list[str | Output] = []
    for piece in parsed(template):
        if isinstance(piece, Broken):
            raise ValueError(_as_finding(piece).sentence)
        pieces.append(piece)
    return tuple(pieces)
