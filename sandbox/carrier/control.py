"""The carrier's back door for tests and chaos runs. Loopback only, and no secret is ever shown."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, abort, request

from sandbox.carrier.carrier import Carrier
from sandbox.carrier.errors import as_json
from sandbox.carrier.faults import ANSWER_FAULTS, CALLBACK_FAULTS
from sandbox.carrier.life import Pace
from sandbox.carrier.media import read_pictures
from sandbox.carrier.store import Message


def create_control(carrier: Carrier) -> Blueprint:
    control = Blueprint("carrier_control", __name__, url_prefix="/_control")
    control.before_request(_only_from_this_machine)
    _state(control, carrier)
    _faults(control, carrier)
    _texts(control, carrier)
    return control


def _only_from_this_machine() -> None:
    """Refuse what came from elsewhere, through a proxy, or from a web page's form."""
    try:
        local = ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        local = False
    if not local or "X-Forwarded-For" in request.headers:
        abort(403)
    if request.method == "POST" and not request.is_json:
        abort(415)


def _state(control: Blueprint, carrier: Carrier) -> None:
    @control.get("/state")
    def state() -> Response:
        sql = "SELECT direction, status, count(*) AS n FROM messages GROUP BY 1, 2"
        counts = {
            f"{row['direction']} {row['status']}": row["n"] for row in carrier.store.rows(sql)
        }
        return as_json({"pending": carrier.pending, "messages": counts})

    @control.post("/reset")
    def reset() -> Response:
        carrier.reset()
        return as_json({"reset": True})

    @control.get("/pace")
    def pace() -> Response:
        return as_json(asdict(carrier.life.pace))

    @control.post("/pace")
    def set_pace() -> Response:
        """Seconds to each status; `{"all": 0}` sets every one, jitter included."""
        wanted = _object()
        names = {field.name for field in fields(Pace)}
        if "all" in wanted:
            wanted = {name: float(wanted["all"]) for name in names - {"jitter"}} | {"jitter": 0.0}
        if set(wanted) - names:
            abort(400)
        carrier.life.pace = replace(carrier.life.pace, **wanted)
        return pace()


def _faults(control: Blueprint, carrier: Carrier) -> None:
    @control.get("/faults")
    def faults() -> Response:
        known = ANSWER_FAULTS | CALLBACK_FAULTS
        return as_json(carrier.faults.as_dict() | {"known": known})

    @control.post("/faults")
    def set_faults() -> Response:
        try:
            carrier.faults.replace(_object())
        except (TypeError, ValueError) as problem:
            return as_json({"error": str(problem)}, status=400)
        return faults()


def _texts(control: Blueprint, carrier: Carrier) -> None:
    @control.get("/messages")
    def messages() -> Response:
        """Everything accepted, in order; `account`, `to` and `direction` narrow it down."""
        where, params = ["network = 0"], []
        for name, column in (
            ("account", "account_sid"),
            ("to", "recipient"),
            ("direction", "direction"),
        ):
            if request.args.get(name):
                where.append(f"{column} = ?")
                params.append(request.args[name])
        found = carrier.store.messages(f"{' AND '.join(where)} ORDER BY seq", params)
        return as_json({"messages": [_as_dict(message) for message in found]})

    @control.get("/blocks")
    def blocks() -> Response:
        rows = carrier.store.rows("SELECT number, phone, since FROM blocks ORDER BY since")
        return as_json({"blocks": [dict(row) for row in rows]})

    @control.post("/text_in")
    def text_in() -> Response:
        """Somebody texts a number: `{"from": "+1..", "to": "+1..", "body": "...", "media": []}`.

        `pictures` are data URLs, which the carrier keeps and serves as Media resources.
        """
        wanted = _object()
        try:
            message = carrier.text_in(
                str(wanted["from"]), str(wanted["to"]), str(wanted["body"]),
                tuple(wanted.get("media", ())), pictures=read_pictures(wanted.get("pictures", ())),
            )  # fmt: skip
        except (LookupError, ValueError) as problem:
            return as_json({"error": str(problem)}, status=400)
        return as_json(_as_dict(message), status=201)


def _object() -> dict[str, Any]:
    try:
        value = json.loads(request.get_data())
    except ValueError:
        abort(400)
    if not isinstance(value, dict):
        abort(400)
    return value


def _as_dict(message: Message) -> dict[str, Any]:
    """A message as a chaos run compares it: exact times, and which ambiguous fault it met."""
    accepted = datetime.fromtimestamp(message.accepted_at, UTC).isoformat()
    return asdict(message) | {"accepted_at_iso": accepted}
