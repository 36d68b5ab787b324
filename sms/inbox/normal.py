"""One plain form for what people type on phones: "ＳＴＯＰ!! 🛑" and "stop" become the same."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# A text holds at most 1,600 characters at any carrier; more is not looked at.
_MAX_READ = 2_000

# Accents of Latin letters and the variation and keycap marks of emoji. The vowel signs of other
# scripts are letters in all but name, and stay.
_ACCENT = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f]")
_SPACES = re.compile(r"[^\S\n]+")
_LINE_ENDS = re.compile(r"\s*\n\s*")
_APOSTROPHES = re.compile("['`´‘’ʼ′]")
_LOOSE_APOSTROPHE = re.compile(r"(?<!\w)'|'(?!\w)")

# What phones and mail programs add. On a line of its own it may name anything; after the message
# ("stop - sent from my iphone") only a device, or "the parcel you sent from my old address" would
# be cut short.
_DEVICE_SIGNATURES = (
    re.compile(
        r"(?:^|\n)[*_ -]*(?:sent (?:from|via|with|using) |get outlook for |envoye (?:de|depuis) "
        r"|enviado (?:desde|de) |gesendet |von meinem |inviato da )[^\n]{1,60}$"
    ),
    re.compile(
        r"[\s.!,*-](?:sent from|sent via|envoye de|enviado desde) (?:my|mon|mi) (?:[\w-]{1,20} )?"
        r"(?:iphone|ipad|ipod|android|galaxy|samsung|pixel|blackberry|phone|mobile|device)\b"
        r"[^\n]{0,30}$"
    ),
)
# The delimiter of e-mail signatures, or a last line with a dash and a name ("-Ada").
_SIGNATURE = re.compile(r"\n(?:--|—)(?: ?\n.*|$| .*)|\n[-–—~] ?\w+(?: \w+)?$", re.DOTALL)
_QUOTED_MAIL = re.compile(r"\n(?:on [^\n]{5,100} wrote:|-+ ?original message ?-+).*", re.DOTALL)


def normalise(text: str) -> str:
    """`text` in lower case, its words apart by single spaces.

    Compatibility forms (full width, bold, circled) become plain letters, Latin accents, emoji,
    punctuation and invisible characters go, and so do quoted lines and the signatures of phones
    and mail programs. Letters and digits of every script stay, and apostrophes inside words.
    """
    lines = _lines_of(text[:_MAX_READ])
    kept = _without_signature(_without_quotes(lines))
    words = "".join(_kept(char) for char in _APOSTROPHES.sub("'", kept))
    return " ".join(_LOOSE_APOSTROPHE.sub(" ", words).split())


def _lines_of(text: str) -> str:
    """Lower case, folded, without runs of white space; line ends still there, symbols too."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    folded = _ACCENT.sub("", unicodedata.normalize("NFKD", folded))
    folded = "".join(char for char in folded if unicodedata.category(char) != "Cf")
    folded = unicodedata.normalize("NFC", "\n".join(folded.splitlines()))
    return _LINE_ENDS.sub("\n", _SPACES.sub(" ", folded)).strip()


def _without_quotes(lines: str) -> str:
    """Without what they quote of us, unless that is all there is."""
    own = "\n".join(line for line in lines.split("\n") if not line.startswith(">"))
    return _QUOTED_MAIL.sub("", own) if own.strip() else lines


def _without_signature(lines: str) -> str:
    for device in _DEVICE_SIGNATURES:
        lines = device.sub("", lines)
    return _SIGNATURE.sub("", lines)


@lru_cache(maxsize=4096)
def _kept(char: str) -> str:
    """The character, or a space for what is neither a letter, a digit, a mark nor an apostrophe."""
    return char if char == "'" or unicodedata.category(char)[0] in "LMN" else " "
