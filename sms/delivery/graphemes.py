"""Where a text may be cut so that no person sees half a character: Unicode 10 grapheme clusters.

A carrier's parts hold whole characters as people see them: a flag is two code points, a family
emoji seven. Twilio's calculator never cuts inside one, so counting parts needs the same rules, and
the same age of them (it uses grapheme-splitter 1.0.4, with Unicode 10 and a few habits of its own,
marked below). One pass, constant work for each code point.
"""

from __future__ import annotations

from bisect import bisect_right
from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from sms.delivery import grapheme_table

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Class(IntEnum):
    OTHER = 0
    CONTROL = 1  # CR and LF too: Twilio's calculator counts CR LF as two
    EXTEND = 2
    REGIONAL = 3
    SPACING_MARK = 4
    HANGUL_L = 5
    HANGUL_V = 6
    HANGUL_T = 7
    HANGUL_LV = 8
    HANGUL_LVT = 9
    PREPEND = 10
    E_BASE = 11
    E_MODIFIER = 12
    ZWJ = 13
    GLUE_AFTER_ZWJ = 14
    E_BASE_GAZ = 15


_SMALL_CLASSES = """
    D:CONTROL A:CONTROL 200D-200D:ZWJ 1F1E6-1F1FF:REGIONAL 1F3FB-1F3FF:E_MODIFIER
    1F466-1F469:E_BASE_GAZ
    1100-115F:HANGUL_L A960-A97C:HANGUL_L 1160-11A7:HANGUL_V D7B0-D7C6:HANGUL_V
    11A8-11FF:HANGUL_T D7CB-D7FB:HANGUL_T
"""


def _ranges() -> list[tuple[int, int, _Class]]:
    """All ranges but the Hangul syllables, which are arithmetic."""
    tables = {
        _Class.PREPEND: grapheme_table.PREPEND,
        _Class.CONTROL: grapheme_table.CONTROL,
        _Class.E_BASE: grapheme_table.E_BASE,
        _Class.GLUE_AFTER_ZWJ: grapheme_table.GLUE_AFTER_ZWJ,
        _Class.SPACING_MARK: grapheme_table.SPACING_MARK,
        _Class.EXTEND: grapheme_table.EXTEND,
    }
    found = [(*_bounds(span), name) for name, table in tables.items() for span in table.split()]
    for entry in _SMALL_CLASSES.split():
        span, _, small = entry.partition(":")
        found.append((*_bounds(span), _Class[small]))
    return sorted(found)


def _bounds(span: str) -> tuple[int, int]:
    start, _, end = span.partition("-")
    return int(start, 16), int(end or start, 16)


_RANGES = _ranges()
_STARTS = [start for start, _, _ in _RANGES]

_EMOJI_BASES = frozenset({_Class.E_BASE, _Class.E_BASE_GAZ})
_AFTER_ZWJ = frozenset({_Class.GLUE_AFTER_ZWJ, _Class.E_BASE_GAZ})
_AFTER_L = frozenset({_Class.HANGUL_L, _Class.HANGUL_V, _Class.HANGUL_LV, _Class.HANGUL_LVT})
_V_OR_T = frozenset({_Class.HANGUL_V, _Class.HANGUL_T})
_JOINS_BACKWARDS = frozenset({_Class.EXTEND, _Class.ZWJ, _Class.SPACING_MARK})


@lru_cache(maxsize=4096)
def _class_of(char: str) -> _Class:
    code = ord(char)
    if 0xAC00 <= code <= 0xD7A3:
        return _Class.HANGUL_LVT if (code - 0xAC00) % 28 else _Class.HANGUL_LV
    at = bisect_right(_STARTS, code) - 1
    if at >= 0 and code <= _RANGES[at][1]:
        return _RANGES[at][2]
    return _Class.OTHER


class _Cluster:
    """What the rules need to remember of the cluster so far, besides its text."""

    __slots__ = (
        "before",
        "last",
        "length",
        "mark_seen",
        "only_marks_since",
        "regional_later",
        "regional_second",
        "start",
    )

    def __init__(self, first: _Class) -> None:
        self.start = first
        self.last = first
        self.before: _Class | None = None
        self.length = 1
        self.only_marks_since = True
        self.mark_seen = first is _Class.EXTEND
        # Where a regional indicator stands, other than at the very start of the cluster.
        self.regional_second = False
        self.regional_later = False

    def add(self, new: _Class) -> None:
        if new is _Class.REGIONAL:
            self.regional_second = self.length == 1
            self.regional_later = not self.regional_second
        is_mark = new is _Class.EXTEND
        self.only_marks_since = self.only_marks_since and is_mark
        self.mark_seen = self.mark_seen or is_mark
        self.before, self.last = self.last, new
        self.length += 1

    def takes(self, new: _Class) -> bool:
        """Whether `new` belongs to this cluster (UAX #29, rules GB3 to GB999)."""
        last = self.last
        if self._breaks_early(new):
            return False
        if _Class.CONTROL in (last, new):
            return False
        if self._is_one_syllable(new) or new in _JOINS_BACKWARDS or last is _Class.PREPEND:
            return True
        if new is _Class.E_MODIFIER:
            return self._ends_in_emoji_base()
        if last is _Class.ZWJ and new in _AFTER_ZWJ:
            return True
        unpaired = not (self.regional_second or self.regional_later)
        return last is new is _Class.REGIONAL and unpaired

    def _breaks_early(self, new: _Class) -> bool:
        """grapheme-splitter's look-ahead rules, which come before all others there."""
        if new is _Class.E_MODIFIER:
            marks_only = self.length > 1 and self.only_marks_since
            return marks_only and self.start not in _EMOJI_BASES | {_Class.EXTEND}
        # A second mark after a flag is cut off it there.
        ends_in_mark = self.last not in (_Class.PREPEND, _Class.REGIONAL)
        return self.regional_second and ends_in_mark

    def _is_one_syllable(self, new: _Class) -> bool:
        if self.last is _Class.HANGUL_L:
            return new in _AFTER_L
        if self.last in (_Class.HANGUL_LV, _Class.HANGUL_V):
            return new in _V_OR_T
        return self.last in (_Class.HANGUL_LVT, _Class.HANGUL_T) and new is _Class.HANGUL_T

    def _ends_in_emoji_base(self) -> bool:
        """An emoji, or an emoji and one variation selector, that a skin tone may follow."""
        if not self.mark_seen:
            return self.last in _EMOJI_BASES
        return self.last is _Class.EXTEND and self.before in _EMOJI_BASES


def clusters(text: str) -> Iterator[str]:
    """The characters of `text` as people see them, in order; CR LF counts as two.

    Surrogate pairs must be joined; a lone surrogate is a cluster of its own.
    """
    start, last = 0, _Class.OTHER
    cluster: _Cluster | None = None  # made only where something may join: most text has none
    for at, char in enumerate(text):
        new = _class_of(char)
        if at and (new is not _Class.OTHER or last is _Class.PREPEND):
            cluster = cluster or _Cluster(last)
            if cluster.takes(new):
                cluster.add(new)
                last = new
                continue
        if at:
            yield text[start:at]
        start, last, cluster = at, new, None
    if text:
        yield text[start:]
