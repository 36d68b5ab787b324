"""How the carrier's records look over REST: Twilio's resources, field by field."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

from sandbox.carrier.accounts import Account
from sandbox.carrier.errors import DELIVERY_FAILURES
from sandbox.carrier.life import API_VERSION
from sandbox.carrier.store import Message

_UNUSED_BY_TEXTS = (
    *("address_sid", "identity_sid", "sms_application_sid", "trunk_sid", "bundle_sid"),
    *("voice_application_sid", "voice_fallback_url", "voice_url", "emergency_address_sid"),
)
_EPOCH = 1_735_689_600.0  # accounts were opened on 2025-01-01


def rfc2822(seconds: float | None) -> str | None:
    return None if seconds is None else format_datetime(datetime.fromtimestamp(seconds, UTC))


def account_path(account_sid: str) -> str:
    return f"/{API_VERSION}/Accounts/{account_sid}"


def message_resource(message: Message) -> dict[str, Any]:
    inbound = message.direction == "inbound"
    path = f"{account_path(message.account_sid)}/Messages/{message.sid}"
    service_decides = message.service_sid is not None and message.status == "accepted"
    failure = None if inbound else message.error_code
    return {
        "body": message.body,
        "num_segments": "0" if service_decides else str(message.segments),
        "direction": message.direction,
        "from": None if service_decides else message.sender,
        "to": message.recipient,
        "date_updated": rfc2822(message.updated_at),
        "price": message.price,
        "error_message": DELIVERY_FAILURES.get(failure, "") if failure else None,
        "uri": f"{path}.json",
        "account_sid": message.account_sid,
        "num_media": str(len(message.media)),
        "status": message.status,
        "messaging_service_sid": message.service_sid,
        "sid": message.sid,
        "date_sent": rfc2822(message.accepted_at if inbound else message.sent_at),
        "date_created": rfc2822(message.accepted_at),
        "error_code": failure,
        "price_unit": "USD",
        "api_version": API_VERSION,
        "subresource_uris": {"media": f"{path}/Media.json", "feedback": f"{path}/Feedback.json"},
    }


def number_resource(row: sqlite3.Row, account: Account) -> dict[str, Any]:
    return dict.fromkeys(_UNUSED_BY_TEXTS) | {
        "account_sid": row["account_sid"],
        "address_requirements": "none",
        "api_version": API_VERSION,
        "beta": False,
        "capabilities": {"mms": True, "sms": True, "voice": False, "fax": False},
        "date_created": rfc2822(row["created_at"]),
        "date_updated": rfc2822(row["updated_at"]),
        "friendly_name": row["friendly_name"],
        "phone_number": row["phone"],
        "origin": "twilio",
        "sid": row["sid"],
        "sms_url": row["sms_url"],
        "sms_method": row["sms_method"],
        "sms_fallback_url": row["sms_fallback_url"],
        "sms_fallback_method": row["sms_fallback_method"],
        "status_callback": row["status_callback"],
        "status_callback_method": row["status_callback_method"],
        "uri": f"{account_path(row['account_sid'])}/IncomingPhoneNumbers/{row['sid']}.json",
        "voice_receive_mode": "voice",
        "voice_caller_id_lookup": False,
        "voice_fallback_method": "POST",
        "voice_method": "POST",
        "emergency_status": "Inactive",
        "emergency_address_status": "unregistered",
        "status": "in-use",
        "type": "tollfree" if account.is_toll_free else "local",
    }


def account_resource(account: Account) -> dict[str, Any]:
    path = account_path(account.account_sid)
    return {
        "auth_token": account.auth_token,
        "date_created": rfc2822(_EPOCH),
        "date_updated": rfc2822(_EPOCH),
        "friendly_name": account.brand or account.account_sid,
        "owner_account_sid": account.account_sid,
        "sid": account.account_sid,
        "status": "active",
        "subresource_uris": {
            "messages": f"{path}/Messages.json",
            "incoming_phone_numbers": f"{path}/IncomingPhoneNumbers.json",
            "balance": f"{path}/Balance.json",
        },
        "type": "Full",
        "uri": f"{path}.json",
    }


def page_envelope(
    path: str, query: dict[str, str], *, size: int, page: int, count: int, next_token: str | None
) -> dict[str, Any]:
    """Twilio's list envelope. Its uris are relative; only the token says where a page begins."""
    base = {**query, "PageSize": str(size)}
    token = {"PageToken": next_token or "", "Page": str(page + 1)}
    return {
        "first_page_uri": f"{path}?{urlencode({**base, 'Page': '0'})}",
        "end": page * size + max(count - 1, 0),
        "next_page_uri": f"{path}?{urlencode({**base, **token})}" if next_token else None,
        "page": page,
        "page_size": size,
        "previous_page_uri": None,
        "start": page * size,
        "uri": f"{path}?{urlencode({**base, 'Page': str(page)})}",
    }
