"""Signs of life, as rows: the queue's own registry of workers does not survive a flush."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from models import Database, Heartbeat

log = structlog.get_logger(__name__)

EVERY_SECONDS = 5.0
FORGOTTEN_AFTER = timedelta(days=1)


class Pulse:
    """Beats in a thread of its own until stopped, so that a long job does not look like death."""

    def __init__(self, database: Database, *, role: str, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._role = role
        self._clock = clock
        self._name = f"{role}:{socket.gethostname()}:{os.getpid()}"
        self._started_at = clock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop beating, and sign off, so that nobody counts on this process."""
        self._stop.set()
        self._thread.join(timeout=EVERY_SECONDS)
        self._write(self._sign_off)

    def _beat(self) -> None:
        self._write(self._sign)
        while not self._stop.wait(EVERY_SECONDS):
            self._write(self._sign)

    def _write(self, change: Callable[[], None]) -> None:
        try:
            change()
        except SQLAlchemyError as error:
            log.warning("heartbeat_lost", problem=type(error).__name__)

    def _sign(self) -> None:
        now = self._clock()
        with self._database.shared_session() as session:
            session.execute(
                insert(Heartbeat)
                .values(name=self._name, role=self._role, started_at=self._started_at, seen_at=now)
                .on_conflict_do_update(index_elements=["name"], set_={"seen_at": now})
            )
            session.execute(delete(Heartbeat).where(Heartbeat.seen_at < now - FORGOTTEN_AFTER))

    def _sign_off(self) -> None:
        with self._database.shared_session() as session:
            session.execute(delete(Heartbeat).where(Heartbeat.name == self._name))
