"""Small programs in place of Parley's own, run by the real supervisor.

`python -m tests.unit.local.stand_in run` is `python -m local.run` with these programs; each
writes a line to the file JOURNAL when it starts and when it is asked to stop.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType
from typing import NoReturn

import redis

from local.configuration import Configuration
from local.order import run_parley
from local.programs import Programs
from local.supervisor import Program

ME = [sys.executable, "-m", "tests.unit.local.stand_in"]


def note(text: str) -> None:
    with Path(os.environ["JOURNAL"]).open("a") as journal:
        journal.write(text + "\n")


def leave_at_sigterm(name: str, *, draining_seconds: float = 0) -> None:
    def leave(number: int, frame: FrameType | None) -> NoReturn:
        time.sleep(draining_seconds)
        queue = redis.Redis.from_url(os.environ["REDIS_URL"])
        note(f"{name} stopped; queue {'up' if queue.ping() else 'down'}")
        os._exit(0)

    signal.signal(signal.SIGTERM, leave)
    note(f"{name} started {os.getpid()}")


class Healthz(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps({"app": "parley", "ok": True}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        return


def serve(name: str, port: int) -> None:
    leave_at_sigterm(name)
    ThreadingHTTPServer(("127.0.0.1", port), Healthz).serve_forever()


def work(name: str) -> None:
    leave_at_sigterm(name, draining_seconds=float(os.environ.get("DRAINING", "0.5")))
    while True:
        time.sleep(1)


def programs(configuration: Configuration, environment: Mapping[str, str]) -> Programs:
    def program(name: str, stage: int) -> Program:
        return Program(name, [*ME, name], environment, stage=stage)

    lasting = [
        program("web", 0),
        program("scheduler", 0),
        program(os.environ.get("WORKER", "worker"), 1),
    ]
    if configuration.live:
        return Programs([*ME, "migrate"], lasting)
    lasting.insert(0, program("sandbox", 2))
    return Programs([*ME, "migrate"], lasting, seed=[*ME, "seed"])


def main() -> int:
    match sys.argv[1]:
        case "run":
            return run_parley(programs)
        case "migrate":
            time.sleep(float(os.environ.get("MIGRATING", "0")))
            note("migrated")
        case "seed":
            note("seeded")
        case "web":
            serve("web", int(os.environ["PORT"]))
        case "sandbox":
            serve("sandbox", int(os.environ["SANDBOX_PORT"]))
        case "dying":
            sys.exit("no such table: hats")
        case name:
            work(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
