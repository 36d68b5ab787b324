"""What a create request must look like (facts 1.1 and the rules of Twilio's OpenAPI document).

Stricter than Twilio in one point: unknown parameters are refused, so that a typo fails here
instead of being ignored there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from werkzeug.datastructures import MultiDict

from sandbox.carrier.accounts import Account
from sandbox.carrier.errors import Refused

_E164 = re.compile(r"\+[1-9]\d{6,14}")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\]")

_BOOLEANS = {"ProvideFeedback", "ForceDelivery", "SmartEncoded", "ShortenUrls", "SendAsMms"}
_CHOICES = {
    "RiskCheck": {"enable", "disable"},
    "ContentRetention": {"retain", "discard"},
    "AddressRetention": {"retain", "obfuscate"},
    "TrafficType": {"free"},
    "ScheduleType": {"fixed"},
}
_KNOWN = (
    {"To", "From", "MessagingServiceSid", "Body", "MediaUrl", "StatusCallback", "ValidityPeriod"}
    | {"ApplicationSid", "MaxPrice", "Attempt", "PersistentAction", "SendAt", "ContentSid"}
    | {"ContentVariables", "FallbackFrom", "MessageIntent"}
    | _BOOLEANS
    | set(_CHOICES)
)
MAX_BODY = 1600
MAX_MEDIA = 10
MAX_VALIDITY = 36_000  # seconds


@dataclass(frozen=True)
class Wanted:
    """A create request that passed."""

    to: str
    body: str
    media: tuple[str, ...]
    status_callback: str
    service_sid: str | None


def read_create(form: MultiDict[str, str], account: Account) -> Wanted:
    """Check a create in the order Twilio does: to whom, from whom, what. Raises `Refused`."""
    to = form.get("To", "")
    if not to:
        raise Refused(21604)
    if not _E164.fullmatch(to):
        raise Refused(21211)
    _check_sender(form, account, to)
    body, media = form.get("Body", ""), tuple(form.getlist("MediaUrl"))
    _check_content(body, media)
    callback = form.get("StatusCallback", "")
    if "StatusCallback" in form and not is_callable_url(callback):
        raise Refused(21609)
    _check_the_rest(form)
    return Wanted(to, body, media, callback, form.get("MessagingServiceSid"))


def _check_sender(form: MultiDict[str, str], account: Account, to: str) -> None:
    sender, service = form.get("From", ""), form.get("MessagingServiceSid")
    if service is not None and service != account.messaging_service_sid:
        raise Refused(21701)
    if not sender and service is None:
        raise Refused(21603)
    if sender and sender != account.number:
        raise Refused(21606)
    if to == account.number:
        raise Refused(21266)


def _check_content(body: str, media: tuple[str, ...]) -> None:
    if not body and not media:
        raise Refused(21602)
    if len(body) > MAX_BODY:
        raise Refused(21617)
    if len(media) > MAX_MEDIA:
        raise Refused(21623)
    if not all(urlsplit(url).scheme in ("http", "https") and urlsplit(url).hostname
               for url in media):  # fmt: skip
        raise Refused(21620)


def _check_the_rest(form: MultiDict[str, str]) -> None:
    unknown = set(form) - _KNOWN
    if unknown:
        raise Refused(20001, f"(unknown: {', '.join(sorted(unknown))})")
    if set(form) & {"SendAt", "ScheduleType", "ContentSid"}:
        raise Refused(20001, "(scheduling and content templates are not offered here)")
    validity = form.get("ValidityPeriod")
    if validity is not None and not (validity.isdigit() and 1 <= int(validity) <= MAX_VALIDITY):
        raise Refused(20001, "ValidityPeriod must be a whole number from 1 to 36000")
    for name in _BOOLEANS & set(form):
        if form[name].lower() not in ("true", "false"):
            raise Refused(20001, f"{name} must be true or false")
    for name, choices in _CHOICES.items():
        if name in form and form[name] not in choices:
            raise Refused(20001, f"{name} must be one of {', '.join(sorted(choices))}")


def is_callable_url(url: str) -> bool:
    """An absolute http(s) URL whose host is valid; Twilio takes no underscore in it."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it is the check; it raises for a port out of range
    except ValueError:
        return False
    host = parts.netloc.rpartition("@")[2]
    host = host if host.endswith("]") else re.sub(r":\d+$", "", host)
    return parts.scheme in ("http", "https") and bool(_HOST.fullmatch(host))
