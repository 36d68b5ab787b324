from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer

from jobs.worker import FairWorker, make_worker
from local.processes import free_port, wait_until
from local.valkey import Valkey
from wakeups import QUEUES


@pytest.fixture
def redis(empty_queue: str) -> Iterator[Redis]:
    with Redis.from_url(empty_queue) as connection:
        yield connection


def call(redis: Redis, queue: str, times: int = 1) -> None:
    for _ in range(times):
        Queue(queue, connection=redis, serializer=JSONSerializer).enqueue_call("time.time")


def served(worker: FairWorker, times: int) -> list[str]:
    """Take so many jobs as the worker would, and say from which queues they came."""
    found = []
    for _ in range(times):
        taken = worker.dequeue_job_and_maintain_ttl(timeout=None)
        assert taken is not None
        found.append(taken[1].name)
    return found


def test_should_let_webhooks_have_their_turn_while_a_campaign_keeps_calling(redis: Redis) -> None:
    call(redis, "sending", times=5)
    call(redis, "commerce", times=2)
    call(redis, "status", times=2)
    order = served(make_worker(redis), times=6)
    assert order == ["sending", "commerce", "status"] * 2


def test_should_serve_people_before_everything_else_whoever_was_served_last(redis: Redis) -> None:
    worker = make_worker(redis)
    for other in ("sending", "commerce", "status", "sending"):
        call(redis, other, times=2)
        call(redis, "people", times=2)
        assert served(worker, times=2) == ["people", "people"]
        served(worker, times=1)


def test_should_serve_every_queue_that_calls_are_put_into(redis: Redis) -> None:
    for queue in QUEUES:
        call(redis, queue)
    assert sorted(served(make_worker(redis), times=len(QUEUES))) == sorted(QUEUES)


def test_should_say_that_the_queue_is_away_while_it_is_made() -> None:
    """Its caller waits and tries again: `make run` gives up on what dies again and again."""
    with Redis.from_url(f"redis://127.0.0.1:{free_port()}/0") as nobody, pytest.raises(RedisError):
        make_worker(nobody)


def test_should_outlive_a_queue_that_is_away_and_serve_it_once_it_is_there(
    postgres_url: str, tmp_path: Path
) -> None:
    valkey = Valkey(tmp_path / "valkey")
    process = subprocess.Popen(
        [sys.executable, "-m", "jobs.worker"], env=environment(postgres_url, valkey.url)
    )
    try:
        time.sleep(6)  # it has come up by then, and tried twice
        assert process.poll() is None
        valkey.start()
        with Redis.from_url(valkey.url) as redis:
            queue = Queue("commerce", connection=redis, serializer=JSONSerializer)
            queue.enqueue_call("time.time", result_ttl=0)
            assert wait_until(lambda: queue.count == 0, timeout=15, alive=lambda: True)
    finally:
        process.terminate()
        process.wait(15)
        valkey.stop()


def environment(database_url: str, redis_url: str) -> dict[str, str]:
    return os.environ | {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "PUBLIC_URL": "http://127.0.0.1:1",
        "SHOPIFY_API_KEY": "an app",
        "SHOPIFY_API_SECRET": "its secret",
        "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "PHONE_HASH_KEYS": "a key of the tests",
    }
