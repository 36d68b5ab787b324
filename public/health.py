"""Whether everything is well, for load balancers and people: `GET /healthz`."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from flask import Blueprint, Response, jsonify
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from jobs.heartbeat import ALIVE_WITHIN
from models import Database, Heartbeat
from route_access import open_to_all
from services import Services


def create_blueprint(services: Services) -> Blueprint:
    """Make the health route. It tells what is unwell, and nothing about why."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    @open_to_all("it says whether parts are well and nothing else")
    def healthz() -> tuple[Response, int]:
        checks = {
            "web": "ok",
            "database": _said(_database_answers(services.database)),
            "queue": _said(services.wake_up_calls.is_reachable()),
            "worker": _said(_a_worker_lives(services)),
        }
        well = all(said == "ok" for said in checks.values())
        status = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
        body = jsonify(app="parley", status="ok" if well else "unwell", checks=checks)
        return body, int(status)

    return blueprint


def _said(well: bool) -> str:  # noqa: FBT001 - it says a yes or no
    return "ok" if well else "failing"


def _database_answers(database: Database) -> bool:
    return _without_errors(lambda: _ask(database))


def _ask(database: Database) -> bool:
    with database.shared_session() as session:
        return session.scalar(select(1)) == 1


def _a_worker_lives(services: Services) -> bool:
    def ask() -> bool:
        since = services.clock() - ALIVE_WITHIN
        query = select(Heartbeat.name).where(Heartbeat.role == "worker", Heartbeat.seen_at > since)
        with services.database.shared_session() as session:
            return session.scalars(query.limit(1)).first() is not None

    return _without_errors(ask)


def _without_errors(ask: Callable[[], bool]) -> bool:
    try:
        return ask()
    except SQLAlchemyError:
        return False
