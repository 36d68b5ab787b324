"""The text and the merge fields of a template, read by python-liquid with all but output off.

The library's lexer takes time quadratic in unclosed braces and cubic in white space, so outputs are
cut out here first, in one pass; the library reads each alone, and only up to a length.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from liquid import Environment
from liquid.builtin.content import Literal
from liquid.builtin.expressions import FilteredExpression, Path, PositionalArgument
from liquid.builtin.expressions import StringLiteral as Text
from liquid.builtin.expressions.primitive import IntegerLiteral as Whole
from liquid.builtin.illegal import Illegal
from liquid.builtin.output import Output as OutputTag
from liquid.builtin.output import OutputNode
from liquid.exceptions import LiquidError, UnknownFilterError

from sms.delivery.values import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from liquid.builtin.expressions import Filter

# Twilio refuses a body of more than 1,600 characters; a template that long is a mistake.
MAX_TEMPLATE_LENGTH = 1_600
# With this the worst white space costs the library's lexer under a millisecond (see the tests).
MAX_EXPRESSION_LENGTH = 200

FILTERS = ("default", "upcase", "downcase", "capitalize", "truncate")

_OUTPUT = re.compile(r"\{\{(?:(?!\{\{|\}\}).)*\}\}", re.DOTALL)
_STRAY = re.compile(r"\{\{|\}\}|\{%")


class FindingCode(StrEnum):
    """What can be wrong with a template. The values are stable."""

    TOO_LONG = "too_long"
    SYNTAX = "syntax"
    TAG = "tag"
    NOT_A_FIELD = "not_a_field"
    UNKNOWN_FIELD = "unknown_field"
    UNKNOWN_FILTER = "unknown_filter"
    FILTER_ARGUMENT = "filter_argument"
    MISSING_FALLBACK = "missing_fallback"
    UNSENDABLE_CHARACTER = "unsendable_character"


@dataclass(frozen=True, slots=True)
class Step:
    """A filter with its arguments, as `check` let it pass."""

    name: str
    text: str = ""
    length: int = 0

    def applied_to(self, value: str) -> str:
        if self.name == "default":
            return value or self.text
        if self.name == "truncate":
            return shortened(value, self.length, end=self.text)
        if self.name == "capitalize":
            return value.capitalize()
        return value.upper() if self.name == "upcase" else value.lower()


@dataclass(frozen=True, slots=True)
class Output:
    """`{{ field | steps }}` at `start` to `end` (excluded) of the template."""

    field: str
    steps: tuple[Step, ...]
    start: int
    end: int

    @property
    def has_fallback(self) -> bool:
        return any(step.name == "default" for step in self.steps)

    def filled(self, value: str) -> str:
        for step in self.steps:
            value = step.applied_to(value)
        return value


@dataclass(frozen=True, slots=True)
class Broken:
    """A place that cannot be read, and what is wrong there."""

    code: FindingCode
    detail: str
    start: int
    end: int


class _Refused(Exception):
    """Why an expression that Liquid can read is not for us."""

    def __init__(self, code: FindingCode, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


class _OutputOnly(Environment):
    """Liquid without tags, and with our filters' names; it reads here, it never renders."""

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        for tag in (Literal, OutputTag, Illegal):
            self.add_tag(tag)
        for name in FILTERS:
            self.add_filter(name, str)


_LIQUID = _OutputOnly()


def parsed(template: str) -> Iterator[str | Output | Broken]:
    """The pieces of `template` in order: text, outputs, and what is neither.

    `{{-` and `-}}` take the white space beside them away, as in Liquid. The caller bounds the
    length of `template`.
    """
    at, strip_next = 0, False
    for match in _OUTPUT.finditer(template):
        strip_this, strip_after = match[0].startswith("{{-"), match[0].endswith("-}}")
        yield from _text(template, at, match.start(), lstrip=strip_next, rstrip=strip_this)
        yield _output(match)
        at, strip_next = match.end(), strip_after
    yield from _text(template, at, len(template), lstrip=strip_next, rstrip=False)


def _text(
    template: str, start: int, end: int, *, lstrip: bool, rstrip: bool
) -> Iterator[str | Broken]:
    text = template[start:end]
    strays = list(_STRAY.finditer(text))
    for stray in strays:
        code = FindingCode.TAG if stray[0] == "{%" else FindingCode.SYNTAX
        detail = "}} has no {{ before it" if stray[0] == "}}" else "{{ is not closed with }}"
        yield Broken(code, detail, start + stray.start(), start + stray.end())
    if not strays:
        text = text.lstrip() if lstrip else text
        yield text.rstrip() if rstrip else text


def _output(match: re.Match[str]) -> Output | Broken:
    start, end = match.span()
    try:
        return _read(match[0], start, end)
    except _Refused as refused:
        return Broken(refused.code, refused.detail, start, end)


def _read(source: str, start: int, end: int) -> Output:
    if len(source) > MAX_EXPRESSION_LENGTH:
        raise _Refused(FindingCode.TOO_LONG)
    expression = _expression(source)
    path = expression.left
    if not isinstance(path, Path):
        raise _Refused(FindingCode.NOT_A_FIELD)
    names = [name for name in path.path if isinstance(name, str)]
    if len(names) != len(path.path):
        raise _Refused(FindingCode.NOT_A_FIELD)
    steps = tuple(_step(found) for found in expression.filters or ())
    return Output(".".join(names), steps, start, end)


def _expression(source: str) -> FilteredExpression:
    """What Liquid makes of one output. `_Refused` when it makes nothing of it."""
    if not source[2:-2].strip("- \t\r\n"):
        raise _Refused(FindingCode.NOT_A_FIELD)
    try:
        nodes = _LIQUID.from_string(source).nodes
    except UnknownFilterError as error:
        raise _Refused(
            FindingCode.UNKNOWN_FILTER, str(error.token.value if error.token else "")
        ) from error
    except (LiquidError, RecursionError) as error:
        raise _Refused(FindingCode.SYNTAX, _what_is_wrong_in(source)) from error
    if len(nodes) == 1 and isinstance(nodes[0], OutputNode):
        expression = nodes[0].expression
        if isinstance(expression, FilteredExpression):
            return expression
    raise _Refused(FindingCode.SYNTAX, _what_is_wrong_in(source))


def _what_is_wrong_in(source: str) -> str:
    if any(quote in source for quote in "“”‘’"):
        return 'write straight quotes ("), not curly ones'
    if source.count('"') % 2 or source.count("'") % 2:
        return "a quote is not closed"
    return 'write it like {{ first_name | default: "there" }}'


def _step(found: Filter) -> Step:
    """A filter of the template with its arguments checked."""
    values = [one.value for one in found.args if isinstance(one, PositionalArgument)]
    if found.name not in FILTERS:
        raise _Refused(FindingCode.UNKNOWN_FILTER, found.name)
    if len(values) == len(found.args):
        match found.name, values:
            case "default", [Text(value=text)]:
                return Step("default", text=text)
            case "truncate", [Whole(value=length)] if 0 < length <= MAX_TEMPLATE_LENGTH:
                return Step("truncate", text="...", length=length)
            case "truncate", [Whole(value=length), Text(value=text)] if (
                0 < length <= MAX_TEMPLATE_LENGTH
            ):
                return Step("truncate", text=text, length=length)
            case "upcase" | "downcase" | "capitalize", []:
                return Step(found.name)
    raise _Refused(FindingCode.FILTER_ARGUMENT, _USAGE[found.name])


_USAGE = {
    "default": 'Give default one text in quotes: default: "there".',
    "truncate": "Give truncate a length: truncate: 20.",
    "upcase": "upcase stands alone, without a colon.",
    "downcase": "downcase stands alone, without a colon.",
    "capitalize": "capitalize stands alone, without a colon.",
}
