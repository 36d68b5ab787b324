"""The gate: the one place that decides whether a text may leave.

`Carrier.send` accepts nothing but a `Cleared`, and only this module makes one; a test holds that.
There is no way to force it. What agents write, confirmations, HELP and crisis texts come through
here too, with rules of their own.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from models.enums import ConsentState, Purpose, Registration, Scope, ShopStatus
from sms.consent.reasons import Reason

# Answers to what someone has just sent us, which STOP does not silence: the law asks for them
# (R4.12, R6.1) or a life may hang on them (R15.2).
ALLOWED_AFTER_STOP = frozenset({Purpose.OPTOUT_CONFIRM, Purpose.HELP_REPLY, Purpose.CRISIS_REPLY})

_SCOPE_OF = {Purpose.MARKETING: Scope.MARKETING}


@dataclass(frozen=True, slots=True)
class OutgoingText:
    """Exactly what would be handed to a carrier. Phones are E.164; `sender` may be a short code.

    `media` are addresses that the carrier fetches pictures from.
    """

    message_id: uuid.UUID
    to: str
    sender: str
    body: str
    media: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything the decision rests on, read at one moment."""

    text: OutgoingText | None
    purpose: Purpose
    shop_status: ShopStatus
    suppressed: frozenset[Scope]
    marketing: ConsentState
    transactional: ConsentState
    they_wrote_at: datetime | None
    erased: bool
    unreachable: bool
    registration: Registration | None
    sender_paused_until: datetime | None
    account_paused_until: datetime | None
    send_before: datetime | None

    def as_inputs(self) -> dict[str, str | bool | list[str] | None]:
        """Return what the decision rested on, without the person's number or words."""
        return {
            "purpose": self.purpose,
            "shop_status": self.shop_status,
            "suppressed": sorted(self.suppressed),
            "marketing": self.marketing,
            "transactional": self.transactional,
            "they_wrote_at": _iso(self.they_wrote_at),
            "erased": self.erased,
            "unreachable": self.unreachable,
            "registration": self.registration,
            "sender_paused_until": _iso(self.sender_paused_until),
            "account_paused_until": _iso(self.account_paused_until),
            "send_before": _iso(self.send_before),
        }


@dataclass(frozen=True, slots=True)
class Cleared:
    """Permission for this one text, now. It is made by the gate alone."""

    text: OutgoingText
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Wait:
    """Not yet: ask again at `until`."""

    until: datetime
    reason: Reason


@dataclass(frozen=True, slots=True)
class Blocked:
    """No. It will not be asked again for this text."""

    reason: Reason


Decision = Cleared | Wait | Blocked


def decide(facts: Facts, now: datetime) -> Decision:
    """Decide about one text. Suppression comes first: nothing waits for what must be refused."""
    refused = (
        _refused_by_the_person(facts) or _refused_by_the_clock(facts, now) or _no_sender(facts)
    )
    if refused is not None:
        return Blocked(refused)
    waiting = _not_yet(facts, now)
    if waiting is not None:
        return waiting
    assert facts.text is not None
    return Cleared(facts.text, now)


def _refused_by_the_person(facts: Facts) -> Reason | None:
    if facts.erased:
        return Reason.CONTACT_ERASED
    if facts.purpose in ALLOWED_AFTER_STOP:
        return None if facts.they_wrote_at is not None else Reason.THEY_NEVER_WROTE
    scope = _SCOPE_OF.get(facts.purpose, Scope.TRANSACTIONAL)
    if scope in facts.suppressed:
        return Reason.OPTED_OUT
    if facts.unreachable:
        return Reason.NUMBER_UNREACHABLE
    return _no_consent(facts)


def _no_consent(facts: Facts) -> Reason | None:
    if facts.purpose is Purpose.MARKETING and facts.marketing is not ConsentState.GRANTED:
        return Reason.NO_MARKETING_CONSENT
    if facts.purpose is Purpose.TRANSACTIONAL and facts.transactional is not ConsentState.GRANTED:
        return Reason.NO_TRANSACTIONAL_CONSENT
    if facts.purpose is Purpose.CONVERSATIONAL_REPLY and facts.they_wrote_at is None:
        return Reason.THEY_NEVER_WROTE
    return None


def _refused_by_the_clock(facts: Facts, now: datetime) -> Reason | None:
    if facts.send_before is None or now < facts.send_before:
        return None
    if facts.purpose is Purpose.OPTOUT_CONFIRM:
        return Reason.CONFIRMATION_TOO_LATE
    return Reason.TOO_LATE


def _no_sender(facts: Facts) -> Reason | None:
    if facts.shop_status in {ShopStatus.UNINSTALLED, ShopStatus.ERASED}:
        return Reason.SHOP_UNINSTALLED
    if facts.text is None:
        return Reason.NO_SENDER
    if facts.registration is not Registration.APPROVED:
        return Reason.SENDER_NOT_APPROVED
    return None


def _not_yet(facts: Facts, now: datetime) -> Wait | None:
    pauses = (
        (facts.account_paused_until, Reason.ACCOUNT_PAUSED),
        (facts.sender_paused_until, Reason.SENDER_PAUSED),
    )
    for until, reason in pauses:
        if until is not None and until > now:
            return Wait(until, reason)
    return None


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
