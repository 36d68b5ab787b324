"""Wake-up calls may get lost; work may not."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from jobs import tasks
from jobs.drain import Drainer
from jobs.schedule import sweep
from models import Database, Wake
from models.enums import MessageStatus
from services import Services, build_services
from settings import Settings
from tests.conftest import ENCRYPTION_KEY, PHONE_HASH_KEY
from tests.factories import ADA
from tests.integration.sandbox_carrier.running import Running, free_port
from tests.integration.sms.making import Desk
from wakeups import QUEUE_OF_KIND, QUEUES, WakeUpCalls

_keys = itertools.count(1)


def settings_for(database_url: str, redis_url: str, carrier_url: str) -> Settings:
    return Settings.model_validate(
        {
            "database_url": database_url,
            "redis_url": redis_url,
            "public_url": "http://localhost:9",
            "shopify_api_key": "key",
            "shopify_api_secret": "secret-of-the-app-in-tests",
            "encryption_keys": ENCRYPTION_KEY,
            "phone_hash_keys": PHONE_HASH_KEY,
            "carrier_base_url": carrier_url,
        }
    )


@pytest.fixture
def services(
    empty_database: str, empty_queue: str, stand_in: Running, database: Database
) -> Iterator[Services]:
    services = build_services(settings_for(empty_database, empty_queue, stand_in.url))
    # What the desk commits calls for workers, as the web's transactions do.
    database.on_wake = services.wake_up_calls.call
    yield services
    services.dispatcher.close()
    services.database.dispose()


@pytest.fixture
def redis(empty_queue: str) -> Iterator[Redis]:
    with Redis.from_url(empty_queue) as redis:
        yield redis


def work_off(services: Services, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that leaves when the queues are empty."""
    drainer = Drainer(services.database, clock=services.clock)
    monkeypatch.setattr(tasks, "worker_context", lambda: (services, drainer))
    queues = [Queue(name, connection=redis, serializer=JSONSerializer) for name in QUEUES]
    worker = SimpleWorker(queues, connection=redis, serializer=JSONSerializer)
    worker.work(burst=True, logging_level="WARNING")


def waiting(redis: Redis) -> dict[str, int]:
    counts = {name: Queue(name, connection=redis).count for name in QUEUES}
    return {name: count for name, count in counts.items() if count}


def test_should_carry_a_text_from_the_webhook_to_the_answer(
    desk: Desk,
    services: Services,
    redis: Redis,
    stand_in: Running,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk.contact()
    desk.queue()
    desk.texts("HELP")
    assert waiting(redis) == {"people": 1, "sending": 1}
    work_off(services, redis, monkeypatch)
    assert len(stand_in.accepted(ADA)) == 2
    assert waiting(redis) == {}


def test_should_find_everything_again_after_the_queue_was_flushed(
    desk: Desk,
    services: Services,
    redis: Redis,
    stand_in: Running,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk.contact()
    desk.queue()
    desk.texts("HELP")
    redis.flushall()
    work_off(services, redis, monkeypatch)
    assert stand_in.accepted(ADA) == []
    calls = sweep(services)
    assert calls == {Wake("carrier_inbound"), Wake("dispatch", str(desk.shop.sender_id))}
    work_off(services, redis, monkeypatch)
    assert len(stand_in.accepted(ADA)) == 2
    assert sweep(services) == frozenset()


def test_should_lose_nothing_while_the_queue_cannot_be_reached(
    desk: Desk, empty_database: str, stand_in: Running, wakes: list[Wake]
) -> None:
    nowhere = f"redis://127.0.0.1:{free_port()}/0"
    services = build_services(settings_for(empty_database, nowhere, stand_in.url))
    desk.database.on_wake = services.wake_up_calls.call
    desk.contact()
    message_id = desk.queued()
    assert desk.texts("HELP").status == 200
    assert not services.wake_up_calls.is_reachable()
    assert len(sweep(services)) == 2
    services.dispatcher.run(desk.shop.id, desk.shop.sender_id)
    assert desk.message(message_id).status is MessageStatus.ACCEPTED
    services.dispatcher.close()
    services.database.dispose()


def test_should_sweep_up_what_is_in_doubt_and_not_what_waits_or_is_under_way(
    desk: Desk, services: Services
) -> None:
    desk.contact()
    message = desk.message(desk.queued(send_after=desk.clock.later(hours=1)))
    assert sweep(services) == frozenset()
    desk.change(message, status=MessageStatus.SENDING, attempted_at=desk.clock())
    assert sweep(services) == frozenset()
    settle = {Wake("settle", str(desk.shop.sender_id))}
    desk.change(message, attempted_at=desk.clock.later(minutes=-2))
    assert sweep(services) == settle
    desk.change(message, status=MessageStatus.UNKNOWN, attempted_at=desk.clock())
    assert sweep(services) == settle


def test_should_make_no_work_for_a_person_who_was_erased(
    desk: Desk, services: Services, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can be asked about them: it must not be swept up for ever."""
    desk.contact()
    message = desk.message(desk.queued())
    desk.change(message, status=MessageStatus.UNKNOWN, attempted_at=desk.clock())
    desk.change(desk.person(), phone=None, redacted_at=desk.clock())
    assert sweep(services)
    work_off(services, redis, monkeypatch)
    assert sweep(services) == frozenset()


@given(st.lists(st.sampled_from(["call", "start"]), max_size=12))
@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_should_always_have_a_job_to_come_for_what_was_called_since_the_last_start(
    valkey_url: str, steps: list[str]
) -> None:
    """Calls are run together, but never past the moment in which a job starts to look."""
    wake = Wake("dispatch", f"property-{next(_keys)}")
    with Redis.from_url(valkey_url) as redis:
        redis.delete("rq:queue:sending")
        calls = WakeUpCalls(redis)
        queue = Queue(QUEUE_OF_KIND[wake.kind], connection=redis, serializer=JSONSerializer)
        owed = False
        for step in steps:
            if step == "call":
                calls.call([wake])
                owed = True
            elif queue.count:
                redis.lpop(queue.key)
                calls.answered(wake)
                owed = False
            assert queue.count == owed
        redis.delete(queue.key)


def test_should_call_again_soon_when_a_job_was_lost_with_its_mark_left(
    redis: Redis, empty_queue: str
) -> None:
    """As when a worker was killed between taking the job and starting it."""
    calls, wake = WakeUpCalls(redis), Wake("dispatch", "1")
    calls.call([wake])
    redis.delete("rq:queue:sending")
    calls.call([wake])
    assert waiting(redis) == {}
    (mark,) = redis.keys("parley:called:*")
    assert 0 < redis.pttl(mark) <= 5_000
