"""Taking a client's connection away from the web server, to hang it or to drop it.

WSGI has no word for "never answer". Both servers used here hand over the socket in the environ:
the connection is duplicated, and a dead socket is put in the server's place, so its thread is
free at once however long the client is left hanging (5% of 200 requests/s times 30 s would
otherwise hold 300 threads).
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable, Mapping
from typing import Any

from flask import Response

Later = Callable[[float, Callable[[], None]], None]


def hang(environ: Mapping[str, Any], *, seconds: float, later: Later) -> Response:
    """Leave the client waiting for `seconds`, then drop the connection."""
    client = _take(environ)
    if client is not None:
        later(seconds, client.close)
    return _unheard()


def drop(environ: Mapping[str, Any]) -> Response:
    """Reset the connection now."""
    client = _take(environ)
    if client is not None:
        # Linger 0 turns close() into a reset, which a client cannot mistake for an answer.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
    return _unheard()


def _take(environ: Mapping[str, Any]) -> socket.socket | None:
    held = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
    if not isinstance(held, socket.socket):
        return None
    client = held.dup()
    dead, other = socket.socketpair()
    os.dup2(dead.fileno(), held.fileno())
    dead.close()
    other.close()
    return client


def _unheard() -> Response:
    """What the server believes it answers; the client never sees it."""
    return Response("", status=500, headers={"Connection": "close"})
