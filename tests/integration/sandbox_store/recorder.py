"""An HTTP endpoint in Parley's place that writes down what it is sent."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Recorded:
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def topic(self) -> str:
        return self.headers["X-Shopify-Topic"]

    @property
    def webhook_id(self) -> str:
        return self.headers["X-Shopify-Webhook-Id"]


class Recorder:
    """Answers every POST with `status`, which may be changed at any time."""

    def __init__(self, *, port: int = 0, status: int = 200) -> None:
        self.requests: list[Recorded] = []
        self.status = status
        self._connections: list[socket.socket] = []
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                recorder._connections.append(self.connection)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                recorder.requests.append(Recorded(self.path, dict(self.headers), body))
                self.send_response(recorder.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
                """Keep the test's output quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def topics(self) -> list[str]:
        return [request.topic for request in self.requests]

    def close(self) -> None:
        """Go away, kept connections included, as a stopped process does."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        for connection in self._connections:
            with suppress(OSError):  # it may have been closed by its own thread
                connection.shutdown(socket.SHUT_RDWR)


def eventually(true: Callable[[], bool], *, seconds: float = 8.0) -> None:
    """Wait until something is true, and fail if it never is."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.02)
