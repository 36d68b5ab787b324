"""Counts and prices a text as the carrier bills it. Deliberately not Parley's own counter."""

from __future__ import annotations

from decimal import Decimal

_GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWO_SEPTETS = set("^{}\\[~]|€\f")

# Twilio's US list price in dollars; MMS are priced per message, texts per segment.
_PER_SEGMENT = Decimal("0.0083")
_PER_MMS = Decimal("0.022")


def count_segments(body: str) -> int:
    """Segments of `body`: GSM-7 160/153 septets, else UCS-2 70/67 units (facts section 5)."""
    if all(char in _GSM or char in _GSM_TWO_SEPTETS for char in body):
        widths = [2 if char in _GSM_TWO_SEPTETS else 1 for char in body]
        return _packed(widths, single=160, part=153)
    widths = [2 if ord(char) > 0xFFFF else 1 for char in body]
    return _packed(widths, single=70, part=67)


def _packed(widths: list[int], *, single: int, part: int) -> int:
    """Greedy packing: an escape or surrogate pair never straddles two parts."""
    if sum(widths) <= single:
        return 1
    parts, used = 1, 0
    for width in widths:
        if used + width > part:
            parts, used = parts + 1, 0
        used += width
    return parts


def price_of(*, segments: int, media: int) -> str:
    """What the account pays, as Twilio writes it: negative dollars, five decimals."""
    price = _PER_MMS if media else _PER_SEGMENT * segments
    return f"-{price:.5f}"
