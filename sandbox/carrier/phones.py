"""The virtual phones' pages, and the small JSON they live on."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from flask import Blueprint, Response, abort, render_template, request

from sandbox.carrier import magic, media
from sandbox.carrier.carrier import RECEIVED, RECEIVING, WAITING, Carrier
from sandbox.carrier.errors import as_json
from sandbox.carrier.store import Message

# A phone shows its newest texts only; after a chaos run there may be thousands.
_SHOWN = 300
_MOST_PICTURES = 10
_LONGEST = 1600  # characters; Twilio splits nothing longer

_STATES = {WAITING: "waiting", RECEIVING: "sent", RECEIVED: "delivered"}


class PhoneOwner(Protocol):
    """A person with a phone, as `sandbox/world.py` describes one. `number` is E.164."""

    @property
    def name(self) -> str: ...
    @property
    def number(self) -> str: ...


def create_phones(carrier: Carrier, owners: Sequence[PhoneOwner]) -> Blueprint:
    phones = Blueprint("phones", __name__, url_prefix="/phones")
    by_number = {owner.number: owner for owner in owners}

    @phones.before_request
    def posts_are_json() -> None:
        """A form on some web page must not be able to text from these phones."""
        if request.method == "POST" and not request.is_json:
            abort(415)

    @phones.get("")
    def all_phones() -> str:
        return _page(carrier, owners, alone=False)

    @phones.get("/<number>")
    def one_phone(number: str) -> str:
        if number not in by_number:
            abort(404)
        return _page(carrier, [by_number[number]], alone=True)

    @phones.get("/media/<sid>")
    def picture(sid: str) -> Response:
        found = media.find(carrier.store, sid)
        if found is None:
            abort(404)
        answer = Response(found.data, content_type=found.content_type)
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer

    @phones.get("/state.json")
    def state() -> Response:
        """What changed, for `?phone=+1..&version=N` pairs; unchanged phones are left out."""
        asked = zip(request.args.getlist("phone"), request.args.getlist("version"), strict=False)
        changed = {
            number: _phone_state(carrier, number)
            for number, version in asked
            if number in by_number and str(carrier.version_of(number)) != version
        }
        return as_json({"phones": changed})

    _actions(phones, carrier, known=by_number.__contains__)
    return phones


def _page(carrier: Carrier, owners: Sequence[PhoneOwner], *, alone: bool) -> str:
    senders = [
        {"number": account.number, "name": account.brand or account.number}
        for account in carrier.directory.accounts
    ]
    people = [{"number": owner.number, "name": owner.name} for owner in owners]
    return render_template(
        "phones/phones.html",
        alone=alone,
        bare="bare" in request.args,
        people=people,
        fates=magic.fates(),
        start={
            "people": people,
            "senders": senders,
            "phones": {owner.number: _phone_state(carrier, owner.number) for owner in owners},
        },
    )


def _actions(phones: Blueprint, carrier: Carrier, *, known: Callable[[str], bool]) -> None:
    def wanted(*names: str) -> tuple[str, ...]:
        given = request.get_json(silent=True)
        if not isinstance(given, dict) or not known(str(given.get("phone"))):
            abort(400)
        return tuple(str(given.get(name, "")) for name in names)

    @phones.post("/send")
    def send() -> Response:
        phone, to, body = wanted("phone", "to", "body")
        given = (request.get_json(silent=True) or {}).get("pictures") or []
        if not (body.strip() or given) or len(body) > _LONGEST or len(given) > _MOST_PICTURES:
            abort(400)
        try:
            message = carrier.text_in(phone, to, body, pictures=media.read_pictures(given))
        except (LookupError, ValueError):
            abort(400)
        return as_json({"sid": message.sid}, status=201)

    @phones.post("/retry")
    def retry() -> Response:
        phone, sid = wanted("phone", "sid")
        message = carrier.store.message(sid)
        if message is None or message.sender != phone or not carrier.try_again(sid):
            abort(404)
        return as_json({"sid": sid})

    @phones.post("/read")
    def read() -> Response:
        phone, number = wanted("phone", "number")
        sql = "INSERT OR REPLACE INTO reads (phone, number, until) VALUES (?, ?, ?)"
        carrier.store.change(sql, (phone, number, time.time()))
        carrier.touch(phone)
        return as_json({"read": number})

    @phones.post("/airplane")
    def airplane() -> Response:
        phone, on = wanted("phone", "on")
        carrier.set_airplane_mode(phone, on=on == "True")
        return as_json({"on": on == "True"})


def _phone_state(carrier: Carrier, phone: str) -> dict[str, Any]:
    """Everything a phone shows. The version is read first: a change meanwhile is seen next time."""
    version = carrier.version_of(phone)
    where = (
        "(sender = ? AND direction = 'inbound') OR (recipient = ? AND delivered_at IS NOT NULL)"
        " ORDER BY COALESCE(delivered_at, accepted_at) DESC, seq DESC LIMIT ?"
    )
    messages = carrier.store.messages(where, (phone, phone, _SHOWN))
    rows = carrier.store.rows("SELECT number, until FROM reads WHERE phone = ?", (phone,))
    read_until = {row["number"]: row["until"] for row in rows}
    threads: dict[str, dict[str, Any]] = {}
    for message in reversed(messages):
        mine = message.direction == "inbound"
        other = message.recipient if mine else message.sender
        thread = threads.setdefault(other, _empty_thread(carrier, other))
        thread["messages"].append(_bubble(carrier, message, mine=mine))
        if not mine and (message.delivered_at or 0) > read_until.get(other, 0):
            thread["unread"] += 1
    return {
        "version": version,
        "airplane": carrier.store.in_airplane_mode(phone),
        "threads": list(threads.values()),
    }


def _empty_thread(carrier: Carrier, number: str) -> dict[str, Any]:
    return {
        "number": number,
        "name": carrier.directory.brand_of(number),
        "unread": 0,
        "messages": [],
    }


def _bubble(carrier: Carrier, message: Message, *, mine: bool) -> dict[str, Any]:
    state = "failed" if message.error_code else _STATES.get(message.status, "")
    return {
        "sid": message.sid,
        "mine": mine,
        "body": message.body,
        "media": media.shown(carrier.store, message),
        "at": round((message.delivered_at or message.accepted_at) * 1000),
        "state": state if mine else "",
    }
