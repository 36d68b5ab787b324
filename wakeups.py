"""Wake-up calls for workers. Losing one loses nothing: a sweeper finds what is due."""

from __future__ import annotations

from collections.abc import Iterable

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer

from models import Wake

log = structlog.get_logger(__name__)

DISPATCH, SETTLE, HEARTBEAT = "dispatch", "settle", "heartbeat"
SHOP_CONNECTION = "shop_connection"

# In the order in which workers serve them: people who wrote first, then what leaves, then news.
QUEUE_OF_KIND = {
    "carrier_inbound": "people",
    DISPATCH: "sending",
    SETTLE: "sending",
    "shopify_webhook": "commerce",
    "carrier_status": "status",
    "fetch_media": "people",
    SHOP_CONNECTION: "status",
}
QUEUES = ("people", "sending", "commerce", "status")

# While a call waits in the queue, further ones for the same work add nothing. The mark goes when
# the job starts, before it reads what is due; should the job be lost, the mark outlives it by this.
CALLED_SECONDS = 5
JOB_TIMEOUT_SECONDS = 300


class WakeUpCalls:
    """Puts jobs into the queue. Each has a fresh id: a fixed one stays blocked after a kill."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._queues = {
            name: Queue(name, connection=redis, serializer=JSONSerializer) for name in QUEUES
        }

    def call(self, wakes: Iterable[Wake]) -> None:
        """Call for work. A queue that cannot be reached is logged, never raised: rows are safe."""
        try:
            for wake in wakes:
                self._call(wake)
        except (RedisError, OSError) as error:
            log.warning("wake_up_call_lost", problem=type(error).__name__)

    def _call(self, wake: Wake) -> None:
        if not self._redis.set(_mark(wake), 1, nx=True, ex=CALLED_SECONDS):
            return
        self._queues[QUEUE_OF_KIND[wake.kind]].enqueue_call(
            "jobs.tasks.work",
            args=(wake.kind, wake.key),
            timeout=JOB_TIMEOUT_SECONDS,
            result_ttl=0,
            failure_ttl=3600,
        )

    def answered(self, wake: Wake) -> None:
        """Note that a job has started: from here on, new work needs a new call."""
        try:
            self._redis.delete(_mark(wake))
        except (RedisError, OSError) as error:
            log.warning("queue_unreachable", problem=type(error).__name__)

    def is_reachable(self) -> bool:
        try:
            return bool(self._redis.ping())
        except (RedisError, OSError):
            return False


def _mark(wake: Wake) -> str:
    return f"parley:called:{wake.kind}:{wake.key}"
