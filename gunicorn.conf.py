"""How the web process serves: threads, because a request waits for the database, not the CPU."""

import os

bind = f"0.0.0.0:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
threads = 8

# A worker that has not reported for 30 s hangs (gthread reports by itself, however long a
# request takes), and is replaced. Requests under way at SIGTERM get as long to finish.
timeout = 30
graceful_timeout = 30
# Longer than the idle time of common proxies in front (60 s): they close, never we, so that no
# webhook meets a connection that is just closing.
keepalive = 65

# The heartbeat file of each worker belongs in memory: on a disk, a slow fsync looks like a hang.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112, S108 - a mount

# Signatures are checked against PUBLIC_URL and never against the request's own idea of its
# address, so no forwarded header is believed, from nobody.
forwarded_allow_ips = ""

accesslog = None  # the app logs each request, structured and with phones masked
errorlog = "-"
loglevel = os.environ.get("LOG_LEVEL", "info").lower()
control_socket_disable = True
