"""The addresses that a carrier calls. The account key in the path chooses the shop's secret."""

from __future__ import annotations

from flask import Blueprint, Response, request
from twilio.request_validator import SIGNATURE_HEADER, SIGNATURE_SETTINGS_HEADER

from route_access import authenticated_by
from sms.carriers.intake import Answer, Call, CarrierIntake

# Always the empty answer: replies leave through the queue, past the gate and logged; a repeated
# webhook would otherwise answer twice.
EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


def create_blueprint(intake: CarrierIntake, *, public_url: str) -> Blueprint:
    """Make the routes under /webhooks/twilio. Signatures cover the public address, not the Host."""
    blueprint = Blueprint("twilio_webhooks", __name__, url_prefix="/webhooks/twilio")

    @blueprint.post("/<account_key>/inbound")
    @authenticated_by("Twilio signature with the account's secret")
    def inbound(account_key: str) -> Response:
        return _respond(intake.receive_inbound(account_key, _call(public_url)))

    @blueprint.post("/<account_key>/status")
    @authenticated_by("Twilio signature with the account's secret")
    def status(account_key: str) -> Response:
        return _respond(intake.receive_status(account_key, _call(public_url)))

    return blueprint


def _call(public_url: str) -> Call:
    query = request.query_string.decode("ascii", "replace")
    return Call(
        url=f"{public_url}{request.path}" + (f"?{query}" if query else ""),
        form=request.form,
        signature=request.headers.get(SIGNATURE_HEADER, ""),
        signature_settings=request.headers.get(SIGNATURE_SETTINGS_HEADER, ""),
        message_id=request.args.get("m"),
    )


def _respond(answer: Answer) -> Response:
    body = EMPTY_TWIML if answer.status == answer.status.OK else ""
    return Response(body, status=int(answer.status), content_type="text/xml; charset=utf-8")
