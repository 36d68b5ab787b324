"""A worker: `python -m jobs.worker`. As many as you like, on as many machines as you like.

It does not fork per job, which is three times as fast and keeps its connections; a job that must
be ended is ended by its timeout. SIGTERM finishes the job at hand and leaves.
"""

from __future__ import annotations

import sys
import time

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from jobs.context import worker_context
from jobs.heartbeat import Pulse
from logs import configure_logging
from models.session import DatabaseError
from settings import SettingsError, load_settings
from wakeups import QUEUES

log = structlog.get_logger(__name__)

PAUSE_WITHOUT_QUEUE_SECONDS = 2.0


class _Worker(SimpleWorker):
    """Remembers why it ended: work() also returns when the queue went away."""

    told_to_stop = False

    def handle_warm_shutdown_request(self) -> None:
        self.told_to_stop = True
        super().handle_warm_shutdown_request()  # type: ignore[no-untyped-call]  # RQ's gap


def main() -> int:
    """Work until told to stop; return the exit code."""
    try:
        settings = load_settings()
        configure_logging(settings.log_level)
        services, _ = worker_context()
    except (SettingsError, DatabaseError) as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    pulse = Pulse(services.database, role="worker", clock=services.clock)
    pulse.start()
    try:
        _work_until_told_to_stop(settings.redis_url)
    finally:
        pulse.stop()
        services.dispatcher.close()
    return 0


def _work_until_told_to_stop(redis_url: str) -> None:
    while True:
        # Blocking reads wait longer than any socket timeout, so this connection has none.
        redis = Redis.from_url(redis_url, health_check_interval=30)
        queues = [Queue(name, connection=redis, serializer=JSONSerializer) for name in QUEUES]
        worker = _Worker(queues, connection=redis, serializer=JSONSerializer)
        worker.log_job_description = False
        try:
            worker.work(with_scheduler=False, logging_level="WARNING")
        except (RedisError, OSError) as error:
            # Nothing is lost meanwhile: what is due are rows.
            log.warning("queue_unreachable", problem=type(error).__name__)
        if worker.told_to_stop:
            return
        time.sleep(PAUSE_WITHOUT_QUEUE_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
