"""Whether everything is well, for load balancers and people: `GET /healthz`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from http import HTTPStatus

import structlog
from flask import Blueprint, Response, jsonify
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from models import Heartbeat
from models.work import ALIVE_WITHIN
from route_access import open_to_all
from services import Services

log = structlog.get_logger(__name__)

# A load balancer asks every five to ten seconds, and takes no answer for a bad one.
PATIENCE_SECONDS = 4.0


def create_blueprint(services: Services) -> Blueprint:
    """Make the health route. It tells what is unwell, and nothing about why."""
    blueprint = Blueprint("health", __name__)
    ask_database = Patiently(lambda: _database(services))
    ask_queue = Patiently(lambda: {"queue": services.wake_up_calls.is_reachable()})

    @blueprint.get("/healthz")
    @open_to_all("it says whether parts are well and nothing else")
    def healthz() -> tuple[Response, int]:
        asked = (ask_database.start(), ask_queue.start())
        well = {"database": False, "queue": False, "worker": False}
        # Nothing is good news that did not come in time.
        for answer in wait(asked, timeout=PATIENCE_SECONDS).done:
            well |= answer.result()
        checks = {"web": "ok"} | {part: "ok" if ok else "failing" for part, ok in well.items()}
        status = HTTPStatus.OK if all(well.values()) else HTTPStatus.SERVICE_UNAVAILABLE
        body = jsonify(
            app="parley", status="ok" if status is HTTPStatus.OK else "unwell", checks=checks
        )
        return body, int(status)

    return blueprint


class Patiently:
    """Asks in a thread of its own, because a server that hangs keeps whoever asks it.

    One question at a time: while one is open, those who come share its answer, so that a server
    that hangs for an hour costs one thread and one connection.
    """

    def __init__(self, ask: Callable[[], dict[str, bool]]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._open: Future[dict[str, bool]] | None = None

    def start(self) -> Future[dict[str, bool]]:
        with self._lock:
            if self._open is None or self._open.done():
                self._open = Future()
                threading.Thread(target=self._answer, args=(self._open,), daemon=True).start()
            return self._open

    def _answer(self, answer: Future[dict[str, bool]]) -> None:
        try:
            said = self._ask()
        except SQLAlchemyError:
            said = {}
        except Exception:
            log.exception("health_unknown")
            said = {}
        answer.set_result(said)


def _database(services: Services) -> dict[str, bool]:
    since = services.clock() - ALIVE_WITHIN
    query = select(Heartbeat.name).where(Heartbeat.role == "worker", Heartbeat.seen_at > since)
    with services.database.shared_session() as session:
        return {"database": True, "worker": session.scalars(query.limit(1)).first() is not None}
