"""What may go from a store's data into a text: one clean line, of a length that makes sense."""

from __future__ import annotations

import re

from sms.delivery.graphemes import clusters

# A name of more than this is a mistake or an attack; lists of items are joined shorter than this.
MAX_VALUE_LENGTH = 120
# Tracking links run to 300 characters; half a link leads nowhere, so a longer one is left out.
MAX_LINK_LENGTH = 500
# Nothing of a value beyond this is looked at.
_MAX_READ = 2_000
# How far a cut may go back to find the end of a word.
_WORD_SEARCH = 30

# Line ends, tabs, control characters and runs of any white space become one space.
_BREAKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# Invisible characters that reorder or hide what follows, and lone surrogates, which no carrier's
# request can carry. The joiners of emoji and of Persian stay.
_HIDDEN = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


def clean(value: str | None) -> str:
    """`value` as plain text on one line; empty when there is nothing to show."""
    if not value:
        return ""
    line = _BREAKS.sub(" ", _HIDDEN.sub("", value[: _MAX_READ + 1])).strip()
    if line.lower().startswith(("https://", "http://")) and " " not in line:
        return line if len(line) <= MAX_LINK_LENGTH else ""
    return shortened(line, MAX_VALUE_LENGTH, end="...")


def shortened(line: str, length: int, *, end: str) -> str:
    """At most `length` characters, `end` included, cut after a word if one ends near there."""
    if len(line) <= length:
        return line
    room = max(0, length - len(end))
    kept = _whole_characters(line, room)
    word_end = kept.rfind(" ")
    if line[len(kept) : len(kept) + 1] != " " and word_end >= max(1, room - _WORD_SEARCH):
        kept = kept[:word_end]
    return kept.rstrip() + end[:length]


def _whole_characters(line: str, room: int) -> str:
    """As much of `line` as fits without cutting an emoji or an accented letter in two."""
    taken = 0
    for cluster in clusters(line[: room + 1]):
        if taken + len(cluster) > room:
            break
        taken += len(cluster)
    return line[:taken]
