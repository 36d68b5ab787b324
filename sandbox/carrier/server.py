"""gunicorn's settings for the carrier alone; named, or gunicorn would read Parley's own."""

from __future__ import annotations

# One process, because the texts' clock and the callback threads live in it.
workers = 1
worker_class = "gthread"
threads = 64
worker_connections = 1000

# Clients keep connections; the default 2 s would close many of them just as they are used.
keepalive = 75
graceful_timeout = 2
loglevel = "warning"
control_socket_disable = True
