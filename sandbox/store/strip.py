"""The strip above the cockpit: what Parley just did with what it was sent."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sandbox.store.deliveries import Attempt, Deliveries, Delivery


@dataclass(frozen=True)
class News:
    """One webhook and what came of it; `tone` is a badge's."""

    id: int
    topic: str
    outcome: str
    tone: str
    at: str


@dataclass(frozen=True)
class Strip:
    """`trouble` is a sentence when Parley does not answer or refuses, else None.

    `waiting` webhooks have a try planned, `given_up` ones had eight retries, as from Shopify.
    """

    news: Sequence[News]
    waiting: int
    given_up: int
    trouble: str | None
    next_try: str | None


def read_strip(deliveries: Deliveries, *, parley_url: str) -> Strip:
    """What to show now."""
    latest = deliveries.latest(4)
    waiting = deliveries.waiting()
    last = deliveries.last_attempt()
    trouble = _trouble(last, parley_url) if waiting else None
    due_at = deliveries.next_due_at(except_for=())
    return Strip(
        news=[news(each) for each in latest],
        waiting=waiting,
        given_up=len(deliveries.given_up()),
        trouble=trouble,
        next_try=_until(due_at) if trouble and due_at else None,
    )


def news(delivery: Delivery) -> News:
    """A delivery in a few words."""
    outcome, tone = _outcome(delivery)
    at = datetime.fromtimestamp(delivery.created_at).astimezone().strftime("%H:%M:%S")
    return News(delivery.id, delivery.webhook.topic, outcome, tone, at)


def describe(attempt: Attempt) -> str:
    """One try in a few words."""
    if attempt.status is None:
        return attempt.error or "no answer"
    word = "accepted" if attempt.accepted else f"refused with {attempt.status}"
    return f"{word} in {attempt.milliseconds} ms"


def _outcome(delivery: Delivery) -> tuple[str, str]:
    if not delivery.attempts:
        return "on its way", ""
    last = delivery.attempts[-1]
    if delivery.state == "delivered":
        return describe(next(a for a in reversed(delivery.attempts) if a.accepted)), "success"
    said = "no answer" if last.status is None else f"refused with {last.status}"
    if delivery.state == "dropped":
        return f"{said}, given up", "critical"
    return f"{said}, will retry", "warning"


def _trouble(last: Attempt | None, parley_url: str) -> str | None:
    if last is None or last.accepted:
        return None
    if last.status is None:
        return f"Parley does not answer at {parley_url}."
    if last.status == 401:
        return "Parley refuses the signatures: both need the same SHOPIFY_API_SECRET."
    return f"Parley answers {last.status} instead of accepting."


def _until(due_at: float) -> str:
    seconds = math.ceil(due_at - time.time())
    if seconds <= 1:
        return "now"
    return f"in {seconds} s" if seconds < 120 else f"in {round(seconds / 60)} min"
