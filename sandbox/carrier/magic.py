"""Magic numbers: destinations that always meet the same fate. The one table of them.

All lie in +1 303 555 01xx. 555-0100..0199 is set aside for fiction in every area code, so nobody
owns them, and unlike Twilio's own +1 500 555 test numbers they pass as ordinary phones: 500 is a
personal number, which Parley refuses to text long before a carrier sees it. The last two digits
recall the code: 21610 is ..0110; a code 300NN is 50 + NN, so 30007 is ..0157.
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.carrier.errors import DELIVERY_FAILURES, REFUSALS

PREFIX = "+1303555"


@dataclass(frozen=True)
class Step:
    """A status a text moves to, with the carrier's error code where it failed."""

    status: str
    error_code: int | None = None


REFUSED_AT_CREATE: dict[str, int] = {
    f"{PREFIX}0108": 21408,  # texting that region is not switched on
    f"{PREFIX}0110": 21610,  # opted out at the carrier
    f"{PREFIX}0111": 21211,  # not a phone number
    f"{PREFIX}0112": 21612,  # no route from this sender
    f"{PREFIX}0114": 21614,  # not a mobile
    f"{PREFIX}0116": 21611,  # the sender's queue is full
    f"{PREFIX}0129": 20429,  # too many requests at once
    f"{PREFIX}0130": 20500,  # server error, nothing accepted
}

FAILS_LATER: dict[str, int] = {
    f"{PREFIX}0151": 30001,  # queue overflow
    f"{PREFIX}0153": 30003,  # phone off or without signal
    f"{PREFIX}0154": 30004,  # blocked by the recipient or their carrier
    f"{PREFIX}0155": 30005,  # dead number
    f"{PREFIX}0156": 30006,  # landline
    f"{PREFIX}0157": 30007,  # filtered as spam
    f"{PREFIX}0158": 30008,  # the carrier does not say why
    f"{PREFIX}0167": 30017,  # carrier congestion
    f"{PREFIX}0172": 30022,  # 10DLC rate limit
    f"{PREFIX}0173": 30023,  # 10DLC brand's daily cap
    f"{PREFIX}0177": 30027,  # T-Mobile's daily cap
    f"{PREFIX}0182": 30032,  # toll-free sender not verified
    f"{PREFIX}0184": 30034,  # 10DLC sender not registered
}

NEVER_CONFIRMED = f"{PREFIX}0190"  # stays "sent": some carriers return no delivery receipt
LATE_RECEIPT = f"{PREFIX}0191"  # "undelivered" 30003, then "delivered" after all (facts 1.4)

# Refused inside Twilio's own queue: "failed". The others left Twilio and came back "undelivered".
_FAILED_IN_QUEUE = {30001}

_DELIVERED = (Step("sending"), Step("sent"), Step("delivered"))
_SPECIAL = {
    NEVER_CONFIRMED: _DELIVERED[:2],
    LATE_RECEIPT: (*_DELIVERED[:2], Step("undelivered", 30003), Step("delivered")),
}


def fates() -> list[tuple[str, str]]:
    """Every magic number with a sentence about what happens to a text sent to it."""
    refused = [
        (to, f"Refused at once: {code}, {REFUSALS[code][1].rstrip('.')}.")
        for to, code in REFUSED_AT_CREATE.items()
    ]
    failed = [
        (to, f"Accepted, then fails: {code}, {DELIVERY_FAILURES[code]}.")
        for to, code in FAILS_LATER.items()
    ]
    return [
        *refused,
        *failed,
        (NEVER_CONFIRMED, "Sent, and no delivery receipt ever comes."),
        (LATE_RECEIPT, "Reported undelivered, then delivered after all."),
    ]


def refusal_for(to: str) -> int | None:
    """The code a create to `to` is always refused with."""
    return REFUSED_AT_CREATE.get(to)


def course_of(to: str) -> tuple[Step, ...]:
    """The statuses a text to `to` goes through after it was queued."""
    code = FAILS_LATER.get(to)
    if code is None:
        return _SPECIAL.get(to, _DELIVERED)
    if code in _FAILED_IN_QUEUE:
        return (Step("sending"), Step("failed", code))
    return (*_DELIVERED[:2], Step("undelivered", code))
