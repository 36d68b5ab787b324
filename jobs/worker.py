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


class FairWorker(SimpleWorker):
    """People first; all other kinds of work take turns.

    By strict order webhooks would wait for as long as any campaign has texts to send, which may be
    hours. It also remembers why it ended: work() returns when the queue went away, too.
    """

    told_to_stop = False
    # RQ's minute is how long texts would wait after the queue has come back.
    max_connection_wait_time = 4.0

    def reorder_queues(self, reference_queue: Queue) -> None:
        """Put the queue that was just served behind the others."""
        first, *others = self.queues
        place = others.index(reference_queue) + 1 if reference_queue in others else 0
        if place:
            self._ordered_queues = [first, *others[place:], *others[:place]]

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
        worker = None
        try:
            # Making one asks the queue already, so it belongs to what may fail.
            worker = make_worker(redis)
            worker.work(with_scheduler=False, logging_level="WARNING")
        except (RedisError, OSError) as error:
            # Nothing is lost meanwhile: what is due are rows.
            log.warning("queue_unreachable", problem=type(error).__name__)
        if worker is not None and worker.told_to_stop:
            return
        time.sleep(PAUSE_WITHOUT_QUEUE_SECONDS)


def make_worker(redis: Redis) -> FairWorker:
    """Make a worker for all queues.

    Raises:
        redis.exceptions.RedisError: the queue does not answer.
    """
    queues = [Queue(name, connection=redis, serializer=JSONSerializer) for name in QUEUES]
    worker = FairWorker(queues, connection=redis, serializer=JSONSerializer)
    worker.log_job_description = False
    return worker


if __name__ == "__main__":
    sys.exit(main())
