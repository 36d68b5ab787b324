"""Everything that goes on at once: webhooks, shoppers' texts, kills and flushes."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

import redis
import urllib3

from bench.chaos.crew import Crew, Look
from bench.chaos.plan import Inbound, Plan
from bench.machines import Machines
from sandbox.store import WebhookRequest

HANDS = 6  # threads that deliver webhooks: what two cores answer without a queue
MOST_TRIES = 20
# Kills fall at random points of the work, not of the clock: so they are spread over all of it, on
# a fast machine and on a slow one, and all fall while there is work.
KILLS = 26
FIRST_KILL_AT, LAST_KILL_AT = 0.02, 0.9
LOOK_EVERY_SECONDS = (0.2, 0.6)
FLUSH_AFTER_KILLS = (4, 9, 14, 19)
WITHOUT_QUEUE_AT_LEAST_SECONDS = 5.0


class StormError(Exception):
    """The storm itself failed, so that its outcome would say nothing."""


class Storm:
    """Delivers a plan while things break. `run` returns when all is delivered and calm comes."""

    def __init__(
        self, machines: Machines, plan: Plan, crew: Crew, *, seed: int, say: Callable[[str], None]
    ) -> None:
        self._machines, self._plan, self._crew = machines, plan, crew
        self._seed, self._say = seed, say
        self._http = urllib3.PoolManager(maxsize=HANDS + 2, retries=False, timeout=30)
        self._queue_is_up = threading.Event()
        self._queue_is_up.set()
        self._calm = threading.Event()
        self.flushes = 0
        self.repeated = 0
        self.answers: list[tuple[str, str]] = []

    def run(self, until_quiet: Callable[[threading.Event], None]) -> None:
        """Deliver in thirds, the second without a queue; break things until it is quiet."""
        with ThreadPoolExecutor(3) as hands:
            parts = [hands.submit(self._break_things), hands.submit(self._shoppers_write)]
            parts.append(hands.submit(self._deliver_and_wait, until_quiet))
            try:
                wait(parts, return_when=FIRST_EXCEPTION)
            finally:
                self._calm.set()
            for part in parts:
                part.result()

    def _deliver_and_wait(self, until_quiet: Callable[[threading.Event], None]) -> None:
        try:
            third = len(self._plan.deliveries) // 3
            self._deliver(self._plan.deliveries[:third])
            self._say("Valkey goes down; the webhooks go on.")
            self._queue_is_up.clear()
            self._machines.valkey.stop()
            began = time.monotonic()
            self._deliver(self._plan.deliveries[third : 2 * third])
            self._calm.wait(began + WITHOUT_QUEUE_AT_LEAST_SECONDS - time.monotonic())
            self._machines.valkey.start()
            self._queue_is_up.set()
            self._say("Valkey is back, empty; the rest of the webhooks.")
            self._deliver(self._plan.deliveries[2 * third :])
            self._say("Everything is delivered; waiting until nothing is due or in doubt.")
            until_quiet(self._calm)
        finally:
            self._calm.set()

    def _deliver(self, deliveries: Sequence[WebhookRequest]) -> None:
        with ThreadPoolExecutor(HANDS) as hands:
            for _ in hands.map(self._post, deliveries):
                pass

    def _post(self, webhook: WebhookRequest) -> None:
        """Deliver once, and as Shopify does, again what was not answered with 200."""
        url = f"{self._machines.web_url}/webhooks/shopify"
        for _ in range(MOST_TRIES):
            if self._calm.is_set():
                return
            try:
                answer = self._http.request(
                    "POST", url, body=webhook.body, headers=dict(webhook.headers)
                )
            except urllib3.exceptions.HTTPError:
                self.repeated += 1
            else:
                if answer.status == 200:
                    return
                self.repeated += 1
            time.sleep(0.5)
        raise StormError(f"{webhook.topic} was not answered with 200 in {MOST_TRIES} tries.")

    def _shoppers_write(self) -> None:
        """Texts come in little by little, from the first webhook until after the last."""
        luck = random.Random(f"shoppers {self._seed}")
        for text in self._plan.inbound:
            if text.body != "help" and self._calm.wait(luck.uniform(0.5, 2.0)):
                return
            self._write(text)

    def _write(self, text: Inbound) -> None:
        words = {"from": text.phone, "to": text.to, "body": text.body}
        answer = self._http.request(
            "POST", f"{self._machines.carrier_url}/_control/text_in", json=words
        )
        if answer.status != 201:
            raise StormError(f"The carrier took no text in: {answer.status}.")
        if text.body.upper() == "HELP":
            sid = json.loads(answer.data)["sid"]
            self.answers.append((text.shop, f"help_reply:{sid}"))

    def _break_things(self) -> None:
        luck = random.Random(f"kills {self._seed}")
        with self._machines.look() as look:
            ahead = sorted(luck.uniform(FIRST_KILL_AT, LAST_KILL_AT) for _ in range(KILLS))
            while not self._calm.wait(luck.uniform(*LOOK_EVERY_SECONDS)):
                self._machines.check()
                self._crew.revive(look)
                # Without a queue workers have nothing to be killed in.
                if not ahead or not self._queue_is_up.is_set() or self._done(look) < ahead[0]:
                    continue
                if _texts_are_due(look) and self._crew.kill_one(luck, look):
                    ahead.pop(0)
                    if self._crew.toll.kills in FLUSH_AFTER_KILLS:
                        self._flush()

    def _done(self, look: Look) -> float:
        """Say how much of the work is done: webhooks that were processed, and texts that left."""
        row = look.execute(
            "SELECT (SELECT count(*) FROM outbox WHERE kind = 'shopify_webhook'"
            " AND done_at IS NOT NULL) + (SELECT count(*) FROM messages"
            " WHERE direction = 'outbound' AND status NOT IN ('queued', 'sending', 'unknown'))"
        ).fetchone()
        assert row is not None
        return int(str(row[0])) / (len(self._plan.webhooks) + len(self._plan.expected))

    def _flush(self) -> None:
        with redis.Redis.from_url(self._machines.valkey.url) as queue:
            queue.flushall()
        self.flushes += 1


def _texts_are_due(look: Look) -> bool:
    row = look.execute(
        "SELECT EXISTS (SELECT FROM messages WHERE direction = 'outbound' AND"
        " (status IN ('sending', 'unknown') OR (status = 'queued' AND send_after <= now())))"
    ).fetchone()
    return row is not None and bool(row[0])
