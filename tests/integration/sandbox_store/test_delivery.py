"""How webhooks reach Parley: at once, again after failures, also over a restart."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.store import Courier, Database, Happened, Store
from sandbox.store.courier import RETRIES
from sandbox.world import World
from tests.integration.sandbox_store.recorder import Recorder, eventually

MAPLE = "maple-and-rye.myshopify.com"
# Shopify's four hours of retries in 0.14 seconds.
QUICK = 100_000.0


@contextmanager
def open_store(
    folder: Path, url: str, *, time_scale: float = QUICK, started: bool = True
) -> Iterator[tuple[Store, Courier]]:
    database = Database(folder / "store.sqlite3")
    courier = Courier(database, f"{url}/webhooks/shopify", time_scale=time_scale)
    if started:
        courier.start()
    yield Store(World.standard("hush"), database=database, deliver=courier.deliver), courier
    courier.stop()
    database.close()


def buy(store: Store) -> Happened:
    return store.place_order(MAPLE, "ada", {"MR-SYRUP-AMB": 1})


def test_webhooks_arrive_as_they_were_signed(tmp_path: Path, parley: Recorder) -> None:
    with open_store(tmp_path, parley.url) as (store, courier):
        placed = buy(store)
        eventually(lambda: len(parley.requests) == 2)
        eventually(lambda: courier.deliveries.waiting() == 0)
        assert {d.state for d in courier.deliveries.latest(10)} == {"delivered"}
    sent = {webhook.webhook_id: webhook for webhook in placed.webhooks}
    for request in parley.requests:
        assert request.path == "/webhooks/shopify"
        assert request.body == sent[request.webhook_id].body
        assert sent[request.webhook_id].headers.items() <= request.headers.items()


def test_a_refused_webhook_is_tried_eight_more_times_unchanged_and_then_dropped(
    tmp_path: Path, parley: Recorder
) -> None:
    for status in (500, 302):
        parley.requests.clear()
        parley.status = status
        with open_store(tmp_path / str(status), parley.url) as (store, courier):
            placed = buy(store)
            eventually(lambda courier=courier: courier.deliveries.waiting() == 0)  # type: ignore[misc]  # bound now
            states = {delivery.state for delivery in courier.deliveries.latest(10)}
        assert states == {"dropped"}
        tries = Counter((request.webhook_id, request.body) for request in parley.requests)
        assert tries == {(w.webhook_id, w.body): RETRIES + 1 for w in placed.webhooks}


def test_what_was_given_up_is_sent_when_asked(tmp_path: Path, parley: Recorder) -> None:
    parley.status = 500
    with open_store(tmp_path, parley.url) as (store, courier):
        buy(store)
        eventually(lambda: courier.deliveries.waiting() == 0)
        assert len(courier.deliveries.given_up()) == 2
        parley.status = 200
        courier.try_everything_now()
        eventually(lambda: courier.deliveries.waiting() == 0)
        assert courier.deliveries.given_up() == []


def test_retries_end_with_the_first_success(tmp_path: Path, parley: Recorder) -> None:
    parley.status = 503
    with open_store(tmp_path, parley.url, time_scale=5_000) as (store, courier):
        buy(store)
        eventually(lambda: len(parley.requests) >= 4)
        parley.status = 200
        eventually(lambda: courier.deliveries.waiting() == 0)
        assert {delivery.state for delivery in courier.deliveries.latest(10)} == {"delivered"}


def test_what_waits_survives_a_restart(tmp_path: Path) -> None:
    nobody = _free_port()
    with open_store(tmp_path, f"http://127.0.0.1:{nobody}", time_scale=60) as (store, courier):
        placed = buy(store)
        eventually(lambda: courier.deliveries.last_attempt() is not None)
        assert courier.deliveries.waiting() == 2
    parley = Recorder()
    with open_store(tmp_path, parley.url) as (store, courier):
        eventually(lambda: courier.deliveries.waiting() == 0)
        assert store.memory.order(placed.order_id or 0).doc["name"] == "#1001"
    parley.close()
    assert sorted(r.webhook_id for r in parley.requests) == sorted(
        webhook.webhook_id for webhook in placed.webhooks
    )


def test_an_act_is_queued_with_its_order_or_not_at_all(tmp_path: Path) -> None:
    with open_store(tmp_path, "http://127.0.0.1:9", started=False) as (store, courier):
        buy(store)
        assert courier.deliveries.waiting() == 2
        assert store.memory.count_orders(MAPLE) == 1


def test_a_shops_settings_are_tried_until_they_are_accepted(
    tmp_path: Path, parley: Recorder
) -> None:
    parley.status = 503
    with open_store(tmp_path, parley.url) as (store, courier):
        quiet = Store(store.world, database=store.database, deliver=courier.deliver_until_answered)
        quiet.announce(MAPLE)
        eventually(lambda: courier.deliveries.last_attempt() is not None)
        parley.status = 200
        eventually(lambda: courier.deliveries.get(1).state == "delivered")


def test_a_webhook_can_be_sent_again_as_it_was(tmp_path: Path, parley: Recorder) -> None:
    with open_store(tmp_path, parley.url) as (store, courier):
        buy(store)
        eventually(lambda: courier.deliveries.waiting() == 0)
        first = courier.deliveries.latest(1)[0]
        courier.send_again(first.id)
        eventually(lambda: len(parley.requests) == 3)
    again = parley.requests[-1]
    assert (again.webhook_id, again.body) == (first.webhook.webhook_id, first.webhook.body)


def test_an_act_can_be_sent_five_times_shuffled(tmp_path: Path, parley: Recorder) -> None:
    with open_store(tmp_path, parley.url) as (store, courier):
        placed = buy(store)
        eventually(lambda: courier.deliveries.waiting() == 0)
        courier.send_shuffled(placed.webhooks[0].event_id, times=5)
        eventually(lambda: len(parley.requests) == 12)
    assert set(Counter(request.webhook_id for request in parley.requests).values()) == {6}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
