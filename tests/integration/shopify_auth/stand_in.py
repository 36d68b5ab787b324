"""A Shopify that answers as it is told to: by default well, and for a while as badly as it can."""

from __future__ import annotations

import itertools
import json
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    path: str
    headers: dict[str, str]
    body: Json

    @property
    def grant(self) -> str:
        return str(self.body.get("grant_type", "authorization_code")).rpartition(":")[2]

    @property
    def online(self) -> bool:
        return "online" in str(self.body.get("requested_token_type"))

    @property
    def is_for_token(self) -> bool:
        return self.path.endswith("/admin/oauth/access_token")


@dataclass(frozen=True)
class Says:
    """One answer. `body` may be bytes that are no JSON; status 0 hangs up without a word."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    after: float = 0.0

    @property
    def bytes(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


HANGS_UP = Says(status=0)


class StandIn:
    """Answers with what is queued for tokens and for the API, and well when nothing is."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[Asked] = []
        self.for_tokens: deque[Says | Callable[[Asked], Says]] = deque()
        self.for_api: deque[Says | Callable[[Asked], Says]] = deque()
        self.seconds_per_token = 0.0
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def answer(self, asked: Asked) -> Says:
        with self._lock:
            self.asked.append(asked)
            queue = self.for_tokens if asked.is_for_token else self.for_api
            queued = queue.popleft() if queue else None
        if callable(queued):
            return queued(asked)
        if queued is not None:
            return queued
        return self.good_token(asked) if asked.is_for_token else Says({"data": {"shop": None}})

    def good_token(self, asked: Asked) -> Says:
        number = next(self._numbers)
        told: Json = {"access_token": f"shpat_{number}", "scope": "read_fulfillments,read_orders"}
        if asked.online:
            user = {"id": 1, "first_name": "Ada", "last_name": "Lovelace", "locale": "en"}
            told |= {"expires_in": 86_399, "associated_user": user | {"account_owner": True}}
        elif asked.grant == "client_credentials":
            told |= {"expires_in": 86_399}
        else:
            told |= {"expires_in": 3_600, "refresh_token": f"shprt_{number}"}
            told |= {"refresh_token_expires_in": 7_776_000}
        return Says(told, after=self.seconds_per_token)

    def grants(self) -> list[str]:
        """Which tokens were asked for, in order, apart from those of persons."""
        return [each.grant for each in self.asked if each.is_for_token and not each.online]

    def api_calls(self) -> list[Asked]:
        return [each for each in self.asked if not each.is_for_token]


@contextmanager
def running() -> Iterator[StandIn]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = json.loads(self.rfile.read(length))
            said = stand_in.answer(Asked(self.path, dict(self.headers), body))
            time.sleep(said.after)
            if said.status == 0:
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            self.send_response(said.status)
            self.send_header("Set-Cookie", "tracked=1; Path=/")
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(said.bytes)))
            self.end_headers()
            self.wfile.write(said.bytes)

        def log_message(self, *_: object) -> None:
            """Say nothing: pytest shows what is needed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    stand_in = StandIn(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield stand_in
    server.shutdown()
    thread.join()
    server.server_close()
