"""What a file is, by its first bytes. What its sender calls it is only compared with that."""

from __future__ import annotations

import re

JPEG, PNG, GIF, WEBP = "image/jpeg", "image/png", "image/gif", "image/webp"
PDF, VCARD = "application/pdf", "text/vcard"

# What browsers show by themselves, and cannot run.
SHOWN_INLINE = ("image/", "video/", "audio/")
# What carriers take from us at up to 5 MB, and fit to the phone (Twilio: MediaUrl).
SENDABLE = (JPEG, PNG, GIF)

EXTENSIONS = {
    JPEG: "jpg",
    PNG: "png",
    GIF: "gif",
    WEBP: "webp",
    PDF: "pdf",
    VCARD: "vcf",
    "video/mp4": "mp4",
    "video/3gpp": "3gp",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/amr": "amr",
}

_KINDS = {"image": "Picture", "video": "Video", "audio": "Sound", "text": "Contact card"}

_BEGINNINGS = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"%PDF-", PDF),
    (b"OggS", "audio/ogg"),
    (b"#!AMR", "audio/amr"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf2", "audio/mpeg"),
)
# The brand of an ISO media file (ISO/IEC 14496-12) begins so.
_BRANDS = (
    (b"M4A", "audio/mp4"),
    (b"M4B", "audio/mp4"),
    (b"3g", "video/3gpp"),
    (b"iso", "video/mp4"),
    (b"mp4", "video/mp4"),
    (b"avc", "video/mp4"),
    (b"M4V", "video/mp4"),
    (b"MSNV", "video/mp4"),
    (b"dash", "video/mp4"),
)
_VCARD = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,8}BEGIN:VCARD\s", re.IGNORECASE)
_WIDE = {"", "application/octet-stream", "binary/octet-stream"}


def sniff(data: bytes) -> str | None:
    """Return the content type of one of the kinds that Parley shows; None for everything else."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WEBP
    if data[4:8] == b"ftyp":
        return next((kind for brand, kind in _BRANDS if data[8:12].startswith(brand)), None)
    if _VCARD.match(data):
        return VCARD
    return next((kind for start, kind in _BEGINNINGS if data.startswith(start)), None)


def fits(declared: str, actual: str) -> bool:
    """Say whether a file may be called what it was called: a picture a picture, and so on.

    Sound and moving pictures come in the same containers, so one may be called the other.
    """
    called = declared.partition(";")[0].strip().lower()
    if called in _WIDE:
        return True
    if actual == VCARD:
        return "vcard" in called or called == "text/directory"
    if actual == PDF:
        return called in {PDF, "application/x-pdf"}
    families = {called.partition("/")[0], actual.partition("/")[0]}
    return len(families) == 1 or families == {"audio", "video"}


def kind_of(content_type: str) -> str:
    """Name a file for people: "Picture", "Contact card"."""
    return _KINDS.get(content_type.partition("/")[0].lower(), "Document")
