"""Twilio's REST API for messages, numbers and accounts: the part of it that Parley uses."""

from __future__ import annotations

import hmac
import time
from dataclasses import replace

from flask import Blueprint, Response, g, request

from sandbox.carrier import listing, magic, media
from sandbox.carrier.accounts import Account
from sandbox.carrier.carrier import Carrier
from sandbox.carrier.errors import Refused, as_json
from sandbox.carrier.faults import Rule, Struck
from sandbox.carrier.life import API_VERSION
from sandbox.carrier.resources import account_resource, message_resource, number_resource
from sandbox.carrier.sockets import drop, hang
from sandbox.carrier.store import Message
from sandbox.carrier.validate import is_callable_url, read_create

# Resources nobody may see over REST: deleted, the network's own words, still on a phone.
VISIBLE = "hidden = 0 AND network = 0 AND status != 'waiting'"


def create_rest(carrier: Carrier) -> Blueprint:
    rest = Blueprint("carrier_rest", __name__, url_prefix=f"/{API_VERSION}/Accounts")
    rest.register_error_handler(Refused, Refused.answer)
    _authenticate(rest, carrier)
    _messages(rest, carrier)
    _one_message(rest, carrier)
    _media(rest, carrier)
    _numbers(rest, carrier)
    _account(rest)
    _anything_else(rest)
    return rest


def _authenticate(rest: Blueprint, carrier: Carrier) -> None:
    @rest.before_request
    def authenticate() -> None:
        """Basic auth with the account's sid and token, for that account's own addresses only."""
        given = request.authorization
        account = carrier.directory.by_sid((given.username or "") if given else "")
        token = (given.password or "") if given else ""
        if account is None or not hmac.compare_digest(token.encode(), account.auth_token.encode()):
            raise Refused(20003)
        if (request.view_args or {}).get("account_sid") != account.account_sid:
            raise Refused(20404)
        g.account = account


def _messages(rest: Blueprint, carrier: Carrier) -> None:
    @rest.post("/<account_sid>/Messages.json")
    def create_message(account_sid: str) -> Response:
        struck = carrier.faults.strike(account=account_sid, to=request.form.get("To", ""))
        if struck.answer is not None:
            early = _before_accepting(struck.answer)
            if early is not None:
                return early
        message = _accept(carrier, g.account, struck)
        if struck.callbacks is not None and struck.callbacks.fault == "callback_before_answer":
            carrier.life.begin_before_answering(message)
        else:
            carrier.begin(message)
        if struck.answer is not None and struck.ambiguity:
            return _after_accepting(carrier, struck.answer)
        return as_json(message_resource(message), status=201)

    @rest.get("/<account_sid>/Messages.json")
    def list_messages(account_sid: str) -> Response:
        return as_json(listing.page_of_messages(carrier.store, account_sid, request, VISIBLE))


def _before_accepting(rule: Rule) -> Response | None:
    """Faults that strike before anything is accepted; None lets the request go on."""
    if rule.fault == "drop_before_read":
        return drop(request.environ)
    if rule.fault == "too_many_requests":
        raise Refused(20429)
    if rule.fault == "error_before_accept":
        raise Refused(20503 if rule.status == 503 else 20500)
    if rule.fault == "slow":
        time.sleep(rule.seconds)
    return None


def _after_accepting(carrier: Carrier, rule: Rule) -> Response:
    """The text is accepted and on its way; the client will not learn it from this answer."""
    if rule.fault == "timeout_after_accept":
        return hang(request.environ, seconds=rule.seconds, later=carrier.timer.after)
    if rule.fault == "drop_after_accept":
        return drop(request.environ)
    raise Refused(20503 if rule.status == 503 else 20500)


def _accept(carrier: Carrier, account: Account, struck: Struck) -> Message:
    wanted = read_create(request.form, account)
    code = magic.refusal_for(wanted.to)
    if code is not None:
        raise Refused(code)
    return carrier.accept(
        account,
        to=wanted.to,
        body=wanted.body,
        media=wanted.media,
        status_callback=wanted.status_callback,
        service_sid=wanted.service_sid,
        struck=struck,
    )


def _one_message(rest: Blueprint, carrier: Carrier) -> None:
    def found(account_sid: str, sid: str) -> Message:
        where = f"sid = ? AND account_sid = ? AND {VISIBLE}"
        messages = carrier.store.messages(where, (sid, account_sid))
        if not messages:
            raise Refused(20404)
        return messages[0]

    @rest.get("/<account_sid>/Messages/<sid>.json")
    def fetch_message(account_sid: str, sid: str) -> Response:
        return as_json(message_resource(found(account_sid, sid)))

    @rest.post("/<account_sid>/Messages/<sid>.json")
    def update_message(account_sid: str, sid: str) -> Response:
        """Twilio knows two updates: cancel what was not sent, and empty the body (redaction)."""
        message = found(account_sid, sid)
        if set(request.form) == {"Status"} and request.form["Status"] == "canceled":
            canceled = carrier.life.cancel(message)
            if canceled is None:
                raise Refused(30409)
            return as_json(message_resource(canceled))
        if set(request.form) == {"Body"} and request.form["Body"] == "":
            carrier.store.change("UPDATE messages SET body = '' WHERE sid = ?", (sid,))
            return as_json(message_resource(replace(message, body="")))
        raise Refused(20001, "(only Status=canceled or an empty Body)")

    @rest.delete("/<account_sid>/Messages/<sid>.json")
    def delete_message(account_sid: str, sid: str) -> Response:
        found(account_sid, sid)
        carrier.store.change("UPDATE messages SET hidden = 1 WHERE sid = ?", (sid,))
        return Response(status=204)


def _media(rest: Blueprint, carrier: Carrier) -> None:
    @rest.get("/<account_sid>/Messages/<sid>/Media/<media_sid>")
    def fetch_media(account_sid: str, sid: str, media_sid: str) -> Response:  # noqa: ARG001 - part of the address
        """The file itself, as Twilio's address without .json; accounts may ask for the secret."""
        picture = media.find(carrier.store, media_sid, account_sid=account_sid)
        if picture is None:
            raise Refused(20404)
        return Response(picture.data, content_type=picture.content_type)


# Form parameter to column. Twilio knows more of them; a text needs only these.
_NUMBER_SETTINGS = {
    "FriendlyName": "friendly_name",
    "SmsUrl": "sms_url",
    "SmsMethod": "sms_method",
    "SmsFallbackUrl": "sms_fallback_url",
    "SmsFallbackMethod": "sms_fallback_method",
    "StatusCallback": "status_callback",
    "StatusCallbackMethod": "status_callback_method",
}


def _numbers(rest: Blueprint, carrier: Carrier) -> None:
    @rest.get("/<account_sid>/IncomingPhoneNumbers.json")
    def list_numbers(account_sid: str) -> Response:  # noqa: ARG001 - part of the address
        return as_json(listing.page_of_numbers(carrier.store, g.account, request))

    @rest.get("/<account_sid>/IncomingPhoneNumbers/<sid>.json")
    def fetch_number(account_sid: str, sid: str) -> Response:
        sql = "SELECT * FROM numbers WHERE sid = ? AND account_sid = ?"
        rows = carrier.store.rows(sql, (sid, account_sid))
        if not rows:
            raise Refused(20404)
        return as_json(number_resource(rows[0], g.account))

    @rest.post("/<account_sid>/IncomingPhoneNumbers/<sid>.json")
    def update_number(account_sid: str, sid: str) -> Response:
        fetch_number(account_sid, sid)
        settings = request.form.to_dict()
        _check_number_settings(settings)
        names = ", ".join(f"{_NUMBER_SETTINGS[name]} = ?" for name in settings)
        if settings:
            changes = f"{names}, configured = 1, updated_at = ?"
            sql = f"UPDATE numbers SET {changes} WHERE sid = ?"  # noqa: S608 - our own columns
            carrier.store.change(sql, [*settings.values(), time.time(), sid])
        return fetch_number(account_sid, sid)


def _check_number_settings(settings: dict[str, str]) -> None:
    for name, value in settings.items():
        if name not in _NUMBER_SETTINGS:
            raise Refused(20001, f"(unknown: {name})")
        is_url = name.endswith("Url") or name == "StatusCallback"
        if is_url and value and not is_callable_url(value):
            raise Refused(20001, f"{name} is not a valid URL")
        if name.endswith("Method") and value not in ("GET", "POST"):
            raise Refused(20001, f"{name} must be GET or POST")


def _account(rest: Blueprint) -> None:
    @rest.get("/<account_sid>.json")
    def fetch_account(account_sid: str) -> Response:  # noqa: ARG001 - part of the address
        return as_json(account_resource(g.account))

    @rest.get("/<account_sid>/Balance.json")
    def fetch_balance(account_sid: str) -> Response:
        """Play money: it never runs out."""
        balance = {"account_sid": account_sid, "balance": "100.00", "currency": "USD"}
        return as_json(balance)


def _anything_else(rest: Blueprint) -> None:
    @rest.route("/<path:unknown>", methods=["GET", "POST", "PUT", "DELETE"])
    def not_offered(unknown: str) -> Response:  # noqa: ARG001 - part of the address
        """The rest of Twilio's API answers as for something that does not exist."""
        raise Refused(20404)
