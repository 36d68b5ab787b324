"""How many parts a text takes on the phone network, which is what it costs.

The alphabet is GSM-7 (160 septets alone, 153 in each of several parts) when every character is in
it, else UCS-2 (70 UTF-16 units, or 67). The characters of GSM's extension table take two septets
and are never cut, nor is what a person sees as one character (see `graphemes.py`). Held against
Twilio's own calculator (npm sms-segments-calculator 1.3.0) in the tests, with random strings; even
its treatment of one character longer than a part is kept: such a cluster is one overfull part.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sms.delivery.graphemes import clusters

if TYPE_CHECKING:
    from collections.abc import Iterable

Encoding = Literal["GSM-7", "UCS-2"]

_GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENDED = frozenset("^{}\\[~]|€\f")
_GSM_ALL = _GSM_BASIC | _GSM_EXTENDED


@dataclass(frozen=True, slots=True)
class Segments:
    """`parts` is what the carrier bills (1 for an empty text, as Twilio's calculator says);
    `units` are septets in GSM-7 and UTF-16 code units in UCS-2, without headers.
    """

    encoding: Encoding
    parts: int
    units: int


@dataclass(frozen=True, slots=True)
class _Room:
    """What one part holds, in units: alone, and beside others (six octets go to the header)."""

    alone: int
    beside_others: int


_GSM_ROOM = _Room(alone=160, beside_others=153)
_UCS_ROOM = _Room(alone=70, beside_others=67)


def count(text: str) -> Segments:
    """The encoding, parts and units of `text` exactly as it would be sent.

    A lone surrogate, which no network can carry, counts as one UTF-16 unit, as Twilio's calculator
    counts it; two that form a pair are one character.
    """
    if _GSM_ALL.issuperset(text):
        septets = [2 if char in _GSM_EXTENDED else 1 for char in text]
        return Segments("GSM-7", _parts(septets, _GSM_ROOM), sum(septets))
    units = _utf16_units(text)
    if units <= _UCS_ROOM.alone:
        return Segments("UCS-2", 1, units)
    sizes = (_utf16_units(cluster) for cluster in clusters(_pairs_joined(text)))
    return Segments("UCS-2", _parts(sizes, _UCS_ROOM), units)


def _parts(sizes: Iterable[int], room: _Room) -> int:
    """Pack characters of `sizes` units greedily; the first part shrinks once there is a second."""
    parts, used, limit = 1, 0, room.alone
    first: list[int] = []
    for size in sizes:
        if used + size > limit:
            used = _moved_on(first, room) if parts == 1 else 0
            parts += 1
            limit = room.beside_others
        used += size
        if parts == 1:
            first.append(size)
    return parts


def _moved_on(first: list[int], room: _Room) -> int:
    """How many units leave the first part for the second when a header takes their place."""
    excess = 0
    held = sum(first)
    while held > room.beside_others:
        size = first.pop()
        held -= size
        excess += size
    return excess


def _utf16_units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _pairs_joined(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


# Typography that costs a whole text its cheap alphabet, and what says the same within it. What
# Twilio's own smart encoding would *lengthen* is all here (tab, spaces, ellipsis, fractions, !!),
# so that with it switched on a text can only come out shorter than we counted.
_SMART = {
    **dict.fromkeys("‘’‛ʹʻʼʽˈˊˋ´`′❛❜＇", "'"),
    **dict.fromkeys("“”„‟″ʺˮ«»❝❞〝〞＂", '"'),
    **dict.fromkeys("‐‑‒–—―−⁃﹣－•‣◦", "-"),
    **dict.fromkeys("\t\v\u0085\u00a0\u1680\u202f\u205f\u3000", " "),
    **dict.fromkeys(map(chr, range(0x2000, 0x200B)), " "),
    **dict.fromkeys("\u2028\u2029", "\n"),
    # Invisible: zero-width space, word joiner, byte-order mark, soft hyphen.
    **dict.fromkeys("\u200b\u2060\ufeff\u00ad", ""),
    "‚": ",",
    "…": "...",
    "‹": "<",
    "›": ">",
    "‼": "!!",
    "⁄": "/",
    "∕": "/",
    "÷": "/",
    "×": "x",
    "¼": "1/4",
    "½": "1/2",
    "¾": "3/4",
    "˜": "~",
    "ˆ": "^",
}
# Control characters do nothing on a phone but make a text expensive; line ends and form feed,
# which GSM-7 has, stay.
_CONTROLS = {chr(code): "" for code in (*range(0x20), *range(0x7F, 0xA0))}
_SMART_TABLE = str.maketrans({**_CONTROLS, **_SMART, "\n": "\n", "\r": "\r", "\f": "\f"})


def smart_encode(text: str) -> str:
    """`text` with typography replaced by plain characters, so that it stays in the cheap alphabet.

    Meant to be counted and sent instead of the original. Emoji and letters are left alone
    (composed, where an accent came as a character of its own); idempotent.
    """
    # Twice, because composing may bring out a character that is replaced (a lone Greek grave is
    # canonically "`"), and removing invisible ones may bring together what composes.
    composed = unicodedata.normalize("NFC", text.translate(_SMART_TABLE))
    return composed.translate(_SMART_TABLE)
