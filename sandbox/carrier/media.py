"""Pictures, both ways: what phones attach, and what the carrier fetches from an app's addresses."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import requests

from sandbox.carrier.store import Message, Store

# As Twilio names them in webhooks; a client that is pointed at this carrier asks it instead.
HOST = "https://api.twilio.com"
LARGEST = 5 * 1024 * 1024
NOT_FETCHED, TOO_LARGE, NOT_A_PICTURE = 11200, 30019, 12300
_DATA_URL = re.compile(r"data:(image/(?:jpeg|png|gif));base64,(.*)", re.DOTALL)
_OWN = re.compile(r"/Media/(ME[0-9a-f]{32})$")


@dataclass(frozen=True)
class Picture:
    content_type: str
    data: bytes


def read_pictures(given: Sequence[object]) -> list[Picture]:
    """Read data URLs of pictures. Raises `ValueError` for anything else."""
    pictures = []
    for each in given:
        found = _DATA_URL.fullmatch(str(each))
        if found is None:
            raise ValueError("not a picture")
        try:
            pictures.append(Picture(found[1], base64.b64decode(found[2], validate=True)))
        except binascii.Error as error:
            raise ValueError("not a picture") from error
    return pictures


def keep(store: Store, message_sid: str, account_sid: str, picture: Picture) -> str:
    """Store a picture; return its resource's address."""
    sid = f"ME{secrets.token_hex(16)}"
    store.change(
        "INSERT INTO media (sid, message_sid, account_sid, content_type, data)"
        " VALUES (?, ?, ?, ?, ?)",
        (sid, message_sid, account_sid, picture.content_type, picture.data),
    )
    return f"{HOST}/2010-04-01/Accounts/{account_sid}/Messages/{message_sid}/Media/{sid}"


def find(store: Store, sid: str, *, account_sid: str | None = None) -> Picture | None:
    """Find a picture, of any account unless one is named."""
    rows = store.rows("SELECT account_sid, content_type, data FROM media WHERE sid = ?", (sid,))
    if not rows or account_sid not in (None, rows[0]["account_sid"]):
        return None
    return Picture(rows[0]["content_type"], rows[0]["data"])


def fetch(store: Store, message: Message) -> int | None:
    """Fetch an outgoing text's pictures from their addresses; return the error that ends it."""
    for url in message.media:
        try:
            with requests.get(url, timeout=(5, 10), stream=True) as answer:
                data = answer.raw.read(LARGEST + 1, decode_content=True)
                kind = answer.headers.get("Content-Type", "").partition(";")[0]
                ok = answer.ok
        except requests.RequestException:
            return NOT_FETCHED
        if not ok:
            return NOT_FETCHED
        if len(data) > LARGEST:
            return TOO_LARGE
        if not kind.startswith(("image/", "video/", "audio/")):
            return NOT_A_PICTURE
        keep(store, message.sid, message.account_sid, Picture(kind, data))
    return None


def shown(store: Store, message: Message) -> list[str]:
    """Where a phone finds its pictures: those kept here, else the addresses they came with."""
    rows = store.rows("SELECT sid FROM media WHERE message_sid = ? ORDER BY rowid", (message.sid,))
    own = [row["sid"] for row in rows]
    others = [url for url in message.media if not _OWN.search(url)] if not own else []
    return [f"/phones/media/{sid}" for sid in own] + others
