"""The carrier as one object: accepts texts, takes texts in, and looks after both until they end."""

from __future__ import annotations

import secrets
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from sandbox.carrier import keywords, webhooks
from sandbox.carrier.accounts import Account, Directory
from sandbox.carrier.engine import Lanes, Timer
from sandbox.carrier.errors import Refused
from sandbox.carrier.faults import UNTROUBLED, Faults, Struck
from sandbox.carrier.inbound import inbound_params, replies_in
from sandbox.carrier.life import Life
from sandbox.carrier.media import Picture, fetch, keep
from sandbox.carrier.store import Message, Store
from sandbox.carrier.text import count_segments

# Callbacks are mostly waiting for the app; 16 at once is what one busy account gets from Twilio
# in practice, and enough for 300 texts/s at 50 ms an answer.
_CALLBACK_THREADS = 16

WAITING = "waiting"  # on a phone in airplane mode: written, not sent
RECEIVING = "receiving"  # at the carrier, on its way to the webhook
RECEIVED = "received"
WEBHOOK_FAILED = 11200


class Carrier:
    """A stand-in Twilio for a few accounts. Everything is kept in `data` and survives a restart."""

    def __init__(self, *, data: Path, accounts: Sequence[Account]) -> None:
        self.store = Store(data)
        self.directory = Directory(accounts)
        self.faults = Faults()
        self.timer = Timer()
        self.lanes = Lanes(_CALLBACK_THREADS)
        self.life = Life(
            self.store, self.directory, timer=self.timer, lanes=self.lanes, changed=self.touch
        )
        self._versions: defaultdict[str, int] = defaultdict(int)
        self._version = self._first_version = time.time_ns() // 1_000_000
        self._version_lock = threading.Lock()
        self._set_up_numbers()
        self.life.resume()
        self._resume_inbound()

    # -- texts to phones ---------------------------------------------------------------------

    def accept(
        self,
        account: Account,
        *,
        to: str,
        body: str,
        media: Sequence[str] = (),
        status_callback: str = "",
        service_sid: str | None = None,
        direction: str = "outbound-api",
        struck: Struck = UNTROUBLED,
    ) -> Message:
        """Store a text. It does not move before `life.begin`. Raises `Refused` when blocked."""
        if self.store.is_blocked(account.number, to):
            raise Refused(21610)
        now = time.time()
        message = Message(
            sid=("MM" if media else "SM") + secrets.token_hex(16),
            account_sid=account.account_sid,
            direction=direction,
            sender=account.number,
            recipient=to,
            body=body,
            media=tuple(media),
            segments=1 if media else count_segments(body),
            status="accepted" if service_sid else "queued",
            accepted_at=now,
            updated_at=now,
            status_callback=status_callback,
            callbacks=struck.callbacks.callback_mode if struck.callbacks else "",
            fault=struck.ambiguity,
            service_sid=service_sid,
        )
        return replace(message, seq=self.store.add(message))

    def begin(self, message: Message) -> None:
        """Let a text take its course; one with pictures once they were fetched."""
        if message.media:
            self.lanes.put(message.sid, partial(self._fetch_and_begin, message))
        else:
            self.life.begin(message)

    def _fetch_and_begin(self, message: Message) -> None:
        problem = fetch(self.store, message)
        if problem is None:
            self.life.begin(message)
        else:
            self.life.fail(message, problem)

    # -- texts from phones -------------------------------------------------------------------

    def text_in(
        self,
        from_phone: str,
        to_number: str,
        body: str,
        media: Sequence[str] = (),
        *,
        pictures: Sequence[Picture] = (),
    ) -> Message:
        """A person texts one of the carrier's numbers; the webhook is called in the background.

        A phone in airplane mode keeps the text until it has signal again. Raises `LookupError`
        when nobody owns `to_number`.
        """
        account = self.directory.by_number(to_number)
        if account is None:
            raise LookupError(f"{to_number} belongs to no account")
        now = time.time()
        offline = self.store.in_airplane_mode(from_phone)
        sid = ("MM" if media or pictures else "SM") + secrets.token_hex(16)
        own = [keep(self.store, sid, account.account_sid, picture) for picture in pictures]
        message = Message(
            sid=sid,
            account_sid=account.account_sid,
            direction="inbound",
            sender=from_phone,
            recipient=to_number,
            body=body,
            media=(*media, *own),
            segments=count_segments(body),
            status=WAITING if offline else RECEIVING,
            accepted_at=now,
            updated_at=now,
        )
        message = replace(message, seq=self.store.add(message))
        self.touch(from_phone)
        if not offline:
            self._take_in(message)
        return message

    def set_airplane_mode(self, phone: str, *, on: bool) -> None:
        """Without signal nothing arrives and nothing leaves; both happen afterwards."""
        self.store.set_airplane(phone, on=on)
        self.touch(phone)
        if on:
            return
        self.life.phone_has_signal_again(phone)
        where = "sender = ? AND status = 'waiting' ORDER BY seq"
        for message in self.store.messages(where, (phone,)):
            now = time.time()
            changes = {"status": RECEIVING, "accepted_at": now, "updated_at": now}
            if self.store.move(message, **changes):
                self._take_in(replace(message, status=RECEIVING, accepted_at=now, updated_at=now))

    def try_again(self, sid: str) -> bool:
        """Send once more a text whose webhook failed, as a person tapping "Not delivered" does."""
        message = self.store.message(sid)
        if message is None or message.direction != "inbound" or not message.error_code:
            return False
        if not self.store.move(message, status=RECEIVING, error_code=None):
            return False
        self.touch(message.sender)
        self._queue_webhook(replace(message, status=RECEIVING), keyword="")
        return True

    def _take_in(self, message: Message) -> None:
        account = self.directory.by_number(message.recipient)
        if account is None:
            return
        heard = keywords.listen(
            self.store, account, phone=message.sender, body=message.body, now=time.time()
        )
        if heard.reply:
            self._network_says(account, to=message.sender, body=heard.reply)
        self._queue_webhook(message, keyword=heard.keyword)

    def _network_says(self, account: Account, *, to: str, body: str) -> None:
        """The carrier's own words, past every block; no API lists them and nobody pays."""
        now = time.time()
        message = Message(
            sid="SM" + secrets.token_hex(16),
            account_sid=account.account_sid,
            direction="outbound-reply",
            sender=account.number,
            recipient=to,
            body=body,
            media=(),
            segments=count_segments(body),
            status="sent",
            accepted_at=now,
            updated_at=now,
            sent_at=now,
            network=True,
        )
        self.store.add(message)
        self.life.begin(message)

    def _queue_webhook(self, message: Message, *, keyword: str) -> None:
        # One lane for a person and a number: their texts reach the app in the order they were sent.
        lane = f"{message.sender}>{message.recipient}"
        self.lanes.put(lane, partial(self._call_webhook, message, keyword))

    def _call_webhook(self, message: Message, keyword: str) -> None:
        account = self.directory.by_number(message.recipient)
        numbers = self.store.rows("SELECT * FROM numbers WHERE phone = ?", (message.recipient,))
        if account is None or not numbers:
            return
        number = numbers[0]
        params = inbound_params(message, account, keyword=keyword)
        attempts, problem = 0, ""
        for url, method in (
            (number["sms_url"], number["sms_method"]),
            (number["sms_fallback_url"], number["sms_fallback_method"]),
        ):
            if not url:
                continue
            outcome = webhooks.call(url, params, account.auth_token, method=method)
            attempts, problem = attempts + outcome.attempts, outcome.problem
            if not problem:
                self._send_replies(account, message.sender, replies_in(outcome))
                break
        self._received(message, attempts=attempts, failed=bool(problem))

    def _received(self, message: Message, *, attempts: int, failed: bool) -> None:
        self.store.move(
            message,
            status=RECEIVED,
            attempts=message.attempts + attempts,
            error_code=WEBHOOK_FAILED if failed else None,
            updated_at=time.time(),
        )
        self.touch(message.sender)

    def _send_replies(
        self, account: Account, to: str, replies: list[tuple[str, tuple[str, ...]]]
    ) -> None:
        for body, media in replies:
            try:
                reply = self.accept(
                    account, to=to, body=body, media=media, direction="outbound-reply"
                )
            except Refused:
                return  # they said STOP: the reply goes nowhere, as at Twilio
            self.life.begin(reply)

    def _resume_inbound(self) -> None:
        for message in self.store.messages("direction = 'inbound' AND status = 'receiving'"):
            self._queue_webhook(message, keyword="")

    # -- the rest ----------------------------------------------------------------------------

    def touch(self, phone: str) -> None:
        """Something on this phone changed: whoever shows it will look again."""
        with self._version_lock:
            self._version += 1
            self._versions[phone] = self._version

    def version_of(self, phone: str) -> int:
        """Grows with every change on the phone, and with every restart of the carrier."""
        return self._versions.get(phone, self._first_version)

    @property
    def pending(self) -> dict[str, int]:
        """What is still under way: timers and webhook calls."""
        return {"timers": self.timer.pending, "webhooks": self.lanes.pending}

    def reset(self) -> None:
        """Forget every text, block and fault. Number settings stay."""
        self.timer.clear()
        self.faults.replace({"rules": []})
        self.store.forget(("messages", "blocks", "airplane", "reads", "media"))
        for phone in list(self._versions):
            self.touch(phone)

    def close(self) -> None:
        self.timer.close()
        self.lanes.close()
        self.store.close()

    def _set_up_numbers(self) -> None:
        """Numbers of the accounts exist; a URL someone configured over REST is left alone."""
        now = time.time()
        for account in self.directory.accounts:
            self.store.change(
                "INSERT INTO numbers (sid, account_sid, phone, friendly_name, sms_url, created_at,"
                " updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (phone) DO UPDATE SET account_sid = excluded.account_sid,"
                " sid = excluded.sid, friendly_name = excluded.friendly_name,"
                " sms_url = CASE configured WHEN 0 THEN excluded.sms_url ELSE sms_url END",
                (account.number_sid, account.account_sid, account.number,
                 account.brand or account.number, account.sms_url, now, now),
            )  # fmt: skip
