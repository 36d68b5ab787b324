"""What became of a text, in words for whoever answers shoppers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from models.enums import MessageStatus, Purpose
from sms.carriers.errors import explain
from sms.consent.reasons import Reason, sentence_for

_CARRIERS_CODE = re.compile(r"carrier_(\d+)")


class Tone(StrEnum):
    """How much attention a status wants."""

    QUIET = "quiet"
    WAITING = "waiting"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Told:
    """A status in words: `label` is one or two, `sentence` says why and what to do, if anything."""

    label: str
    tone: Tone
    sentence: str | None = None


_LABELS = {
    MessageStatus.QUEUED: Told("Sending", Tone.WAITING),
    MessageStatus.SENDING: Told("Sending", Tone.WAITING),
    MessageStatus.UNKNOWN: Told(
        "Checking",
        Tone.WAITING,
        "The carrier's answer was lost. We are finding out whether it left, so that nobody gets "
        "it twice.",
    ),
    MessageStatus.ACCEPTED: Told("Sending", Tone.WAITING),
    MessageStatus.SENT: Told("Sent", Tone.QUIET),
    MessageStatus.DELIVERED: Told("Delivered", Tone.QUIET),
    MessageStatus.READ: Told("Read", Tone.QUIET),
    MessageStatus.UNDELIVERED: Told("Not delivered", Tone.BAD),
    MessageStatus.FAILED: Told("Not delivered", Tone.BAD),
    MessageStatus.CANCELLED: Told("Withdrawn", Tone.BAD),
    MessageStatus.BLOCKED: Told("Not sent", Tone.BAD),
    MessageStatus.EXPIRED: Told("Not sent", Tone.BAD),
    MessageStatus.RECEIVED: Told("Received", Tone.QUIET),
}
_ENDED = frozenset(status for status, told in _LABELS.items() if told.tone is Tone.BAD)

_PURPOSES = {
    Purpose.MARKETING: "Promotion",
    Purpose.TRANSACTIONAL: "Order update",
    Purpose.CONVERSATIONAL_REPLY: "Automatic reply",
    Purpose.OPTIN_CONFIRM: "Opt-in confirmation",
    Purpose.OPTOUT_CONFIRM: "Opt-out confirmation",
    Purpose.HELP_REPLY: "Help reply",
    Purpose.CRISIS_REPLY: "Crisis resources",
}


def told(
    status: MessageStatus, reason: str | None, *, send_after: datetime | None, now: datetime
) -> Told:
    """Say what became of a text, and where it did not arrive, why."""
    known = _LABELS[status]
    if status is MessageStatus.QUEUED and send_after is not None and send_after > now:
        return Told("Scheduled", Tone.WAITING, None if reason is None else why(reason))
    if status not in _ENDED:
        return known
    return Told(known.label, known.tone, None if reason is None else why(reason))


def why(reason: str) -> str:
    """Put a stored reason into a sentence, whether it is the gate's or the carrier's."""
    code = _CARRIERS_CODE.fullmatch(reason)
    return explain(int(code.group(1))).sentence if code else sentence_for(reason)


def what_undoes(reason: Reason) -> str | None:
    """Say what would make texting possible again, where somebody can do something about it."""
    return _UNDOES.get(reason)


_UNDOES = {
    Reason.OPTED_OUT: "If they text START to your number, you can write to them again.",
    Reason.THEY_NEVER_WROTE: "As soon as they text you, you can answer here.",
    Reason.NUMBER_UNREACHABLE: "If they text you from this number, you can write to it again.",
    Reason.NO_SENDER: "Connect a number in Settings, under Number.",
    Reason.SENDER_NOT_APPROVED: "Replies leave once the carriers have approved your number.",
}


def written_by_automation(purpose: Purpose | None) -> str:
    """Name what a text was that no person wrote."""
    return "Automatic text" if purpose is None else _PURPOSES[purpose]
