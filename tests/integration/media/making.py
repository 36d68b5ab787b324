"""Files of every kind, a carrier that hands them out, and texts that bring them."""

from __future__ import annotations

import secrets
import struct
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from sqlalchemy import select

from jobs.drain import Drainer
from models import Media
from sms.carriers.intake import Answer
from sms.media.download import Downloads
from sms.media.fetch import FETCH_MEDIA, MediaFetcher
from sms.media.store import PostgresStore
from tests.integration.sms.making import Desk


def png(width: int = 40, height: int = 30, *, grey: int = 200) -> bytes:
    """A whole picture that every browser can show."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    lines = b"".join(b"\x00" + bytes([grey]) * width for _ in range(height))
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(lines)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


PNG = png()
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\x00" * 64 + b"\xff\xd9"
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
VCARD = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ada\r\nEND:VCARD\r\n"
HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@dataclass
class Files:
    """What the carrier hands out. `answer`, where set, answers in its own way."""

    url: str = ""
    data: bytes = PNG
    status: int = 200
    location: str | None = None
    kind: str | None = None
    answer: Callable[[BaseHTTPRequestHandler], None] | None = None
    asked: list[tuple[str, str | None]] = field(default_factory=list)


def handler_for(files: Files) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            files.asked.append((self.path, self.headers.get("Authorization")))
            if files.answer is not None:
                files.answer(self)
                return
            self.send_response(files.status)
            if files.location is not None:
                self.send_header("Location", files.location)
            if files.kind is not None:
                self.send_header("Content-Type", files.kind)
            self.send_header("Content-Length", str(len(files.data)))
            self.end_headers()
            try:
                self.wfile.write(files.data)
            except ConnectionError:
                """Parley hung up on what is too large."""

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its base names it
            """A test's own noise."""

    return Handler


def endless(handler: BaseHTTPRequestHandler) -> None:
    """A picture without an end."""
    handler.send_response(200)
    handler.end_headers()
    try:
        handler.wfile.write(PNG)
        while True:
            handler.wfile.write(b"\0" * 65536)
    except OSError:
        return


def dripping(handler: BaseHTTPRequestHandler) -> None:
    """A byte now and then, each in time for a timeout that only looks at silence."""
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b"\x89")
            handler.wfile.flush()
            time.sleep(0.05)
    except OSError:
        return


@dataclass
class MediaDesk:
    """One shop that is texted pictures."""

    desk: Desk
    files: Files
    seconds: float = 5

    def address(self, sid: str | None = None) -> str:
        account = self.desk.shop.account_sid
        message, file = f"MM{secrets.token_hex(16)}", f"ME{secrets.token_hex(16)}"
        path = f"/2010-04-01/Accounts/{sid or account}/Messages/{message}/Media/{file}"
        return f"{self.files.url}{path}"

    def texts(
        self,
        *kinds: str,
        body: str = "Look",
        sid: str | None = None,
        urls: Sequence[str] | None = None,
    ) -> Answer:
        """Somebody texts pictures of these content types; the webhook's work is done."""
        fields = {"NumMedia": str(len(kinds))}
        for place, kind in enumerate(kinds):
            fields[f"MediaUrl{place}"] = urls[place] if urls else self.address()
            fields[f"MediaContentType{place}"] = kind
        answer = self.desk.texts(body, sid=sid, **fields)
        self.desk.works()
        return answer

    def drainer(self) -> Drainer:
        downloads = Downloads(carrier_base_url=self.files.url, seconds=self.seconds)
        errands = {FETCH_MEDIA: MediaFetcher(downloads, PostgresStore())}
        return Drainer(self.desk.database, clock=self.desk.clock, errands=errands)

    def fetches(self) -> None:
        """Fetch what is due, each file once at most."""
        while self.drainer().drain(FETCH_MEDIA):
            """There was more than one run's worth."""

    def media(self) -> list[Media]:
        with self.desk.database.shop_session(self.desk.shop.id) as session:
            return list(session.scalars(select(Media).order_by(Media.message_id, Media.position)))

    def content(self, media: Media) -> bytes | None:
        with self.desk.database.shop_session(self.desk.shop.id) as session:
            return PostgresStore().read(session, media.id)
