"""The life of an accepted text: queued, sending, sent, delivered, and its callbacks."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sandbox.carrier import magic, webhooks
from sandbox.carrier.accounts import Directory
from sandbox.carrier.engine import Lanes, Timer
from sandbox.carrier.magic import Step
from sandbox.carrier.store import Message, Store
from sandbox.carrier.text import price_of

API_VERSION = "2010-04-01"

# "sending" lasts too briefly for Twilio to report; the initial status is never called back.
_CALLED_BACK = {"queued", "sent", "delivered", "undelivered", "failed", "canceled"}
_UNSETTLED = ("accepted", "queued", "sending", "sent")


@dataclass(frozen=True)
class Pace:
    """Seconds a text takes to reach each status. `jitter` 0.5 makes each 50% to 150% of it."""

    queued: float = 0.05
    sending: float = 0.2
    sent: float = 0.4
    delivered: float = 0.9
    undelivered: float = 1.5
    failed: float = 0.4
    jitter: float = 0.5

    def before(self, status: str) -> float:
        seconds = float(getattr(self, status))
        return seconds * random.uniform(1 - self.jitter, 1 + self.jitter)


AT_ONCE = Pace(0, 0, 0, 0, 0, 0, 0)


def next_step(message: Message) -> Step | None:
    """Where a text goes from where it is; None when it has arrived."""
    if message.status == "accepted":
        return Step("queued")
    course = magic.course_of(message.recipient)
    if message.status == "queued":
        return course[0]
    places = [step.status for step in course]
    if message.status not in places:
        return None
    place = places.index(message.status) + 1
    return course[place] if place < len(course) else None


class Life:
    """Moves texts along and calls their status callbacks."""

    def __init__(
        self,
        store: Store,
        directory: Directory,
        *,
        timer: Timer,
        lanes: Lanes,
        changed: Callable[[str], None],
    ) -> None:
        self.pace = Pace()
        self._store = store
        self._directory = directory
        self._timer = timer
        self._lanes = lanes
        self._changed = changed

    def begin(self, message: Message) -> None:
        """Let an accepted text take its course."""
        step = next_step(message)
        if step is not None:
            self._timer.after(self.pace.before(step.status), partial(self._advance, message))

    def begin_before_answering(self, message: Message) -> None:
        """Move a text until its first callback, and make that callback, before returning."""
        while (step := next_step(message)) is not None:
            moved = self._move(message, step)
            if moved is None:
                return
            message = moved
            if step.status in _CALLED_BACK:
                self._call_now(message)
                break
        self.begin(message)

    def resume(self) -> None:
        """After a restart: texts that were under way go on."""
        marks = ", ".join("?" for _ in _UNSETTLED)
        where = f"direction != 'inbound' AND status IN ({marks})"
        for message in self._store.messages(where, _UNSETTLED):
            self.begin(message)

    def phone_has_signal_again(self, phone: str) -> None:
        """Deliver what waited for a phone in airplane mode."""
        where = "recipient = ? AND status = 'sent' AND direction != 'inbound' ORDER BY seq"
        for message in self._store.messages(where, (phone,)):
            self.begin(message)

    def cancel(self, message: Message) -> Message | None:
        """Cancel a text that was not sent yet; None when it is too late."""
        if message.status not in ("accepted", "queued"):
            return None
        canceled = self._move(message, Step("canceled"))
        if canceled is not None:
            self._call_back(canceled)
        return canceled

    def fail(self, message: Message, code: int) -> None:
        """End a text that cannot leave, as when its pictures could not be fetched."""
        failed = self._move(message, Step("failed", code))
        if failed is not None:
            self._call_back(failed)

    def _advance(self, message: Message) -> None:
        step = next_step(message)
        if step is None:
            return
        if step.status == "delivered" and self._store.in_airplane_mode(message.recipient):
            return
        moved = self._move(message, step)
        if moved is None:
            return
        self._call_back(moved)
        self.begin(moved)

    def _move(self, message: Message, step: Step) -> Message | None:
        """The message in its new status, or None when something else moved it first."""
        now = time.time()
        changes: dict[str, Any] = {
            "status": step.status,
            "updated_at": now,
            "error_code": step.error_code,
        }
        if step.status == "sent":
            price = price_of(segments=message.segments, media=len(message.media))
            changes |= {"sent_at": now, "price": message.price or price}
        if step.status == "delivered":
            changes["delivered_at"] = now
        if not self._store.move(message, **changes):
            return None
        if step.status in ("delivered", "undelivered"):
            self._changed(message.recipient)
        return replace(message, **changes)

    def _call_back(self, message: Message) -> None:
        """Queue the callback of the status just reached, bent by the fault the text met."""
        if not message.status_callback:
            return
        fault, _, times = message.callbacks.partition(":")
        if fault == "no_callbacks":
            return
        if fault == "callbacks_reversed":
            if next_step(message) is None:
                for earlier in reversed(_statuses_until(message)):
                    self._queue_call(earlier)
            return
        if message.status in _CALLED_BACK:
            for _ in range(int(times) if fault == "callbacks_repeated" else 1):
                self._queue_call(message)

    def _queue_call(self, message: Message) -> None:
        self._lanes.put(message.sid, partial(self._call_now, message))

    def _call_now(self, message: Message) -> None:
        account = self._directory.by_sid(message.account_sid)
        if account is not None and message.status_callback:
            webhooks.call(message.status_callback, status_params(message), account.auth_token)


def _statuses_until(message: Message) -> list[Message]:
    """The message as it was at each status it was called back for."""
    history = [
        replace(message, status=step.status, error_code=step.error_code)
        for step in magic.course_of(message.recipient)
        if step.status in _CALLED_BACK
    ]
    return history if message.status != "canceled" else [message]


def status_params(message: Message) -> dict[str, str]:
    """The form a status callback carries (facts 1.4)."""
    params = {
        "MessageSid": message.sid,
        "SmsSid": message.sid,
        "MessageStatus": message.status,
        "SmsStatus": message.status,
        "To": message.recipient,
        "From": message.sender,
        "AccountSid": message.account_sid,
        "ApiVersion": API_VERSION,
    }
    if message.service_sid:
        params["MessagingServiceSid"] = message.service_sid
    if message.error_code is not None:
        params["ErrorCode"] = str(message.error_code)
    if message.status in ("delivered", "undelivered"):
        at = datetime.fromtimestamp(message.updated_at, UTC)
        params["RawDlrDoneDate"] = at.strftime("%y%m%d%H%M")
    return params
