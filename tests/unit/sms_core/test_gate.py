"""The gate as a table: what is known, and what is decided."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from models.enums import ConsentState, Purpose, Registration, Scope, ShopStatus
from sms.consent.gate import (
    ALLOWED_AFTER_STOP,
    Blocked,
    Cleared,
    Decision,
    Facts,
    OutgoingText,
    Wait,
    decide,
)
from sms.consent.reasons import SENTENCES, Reason, sentence_for

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER, EARLIER = NOW + timedelta(hours=1), NOW - timedelta(hours=1)
TEXT = OutgoingText(uuid.UUID(int=1), "+14155550101", "+12065550155", "Words of theirs")
BOTH = frozenset(Scope)

M, T, CHAT = Purpose.MARKETING, Purpose.TRANSACTIONAL, Purpose.CONVERSATIONAL_REPLY
YES, BYE, HELP, CRISIS = (
    Purpose.OPTIN_CONFIRM,
    Purpose.OPTOUT_CONFIRM,
    Purpose.HELP_REPLY,
    Purpose.CRISIS_REPLY,
)
ANSWERS = (BYE, HELP, CRISIS)

FINE = Facts(
    text=TEXT,
    purpose=T,
    shop_status=ShopStatus.INSTALLED,
    suppressed=frozenset(),
    marketing=ConsentState.GRANTED,
    transactional=ConsentState.GRANTED,
    they_wrote_at=EARLIER,
    erased=False,
    unreachable=False,
    registration=Registration.APPROVED,
    sender_paused_until=None,
    account_paused_until=None,
    send_before=None,
)
STRANGER = replace(
    FINE, marketing=ConsentState.NONE, transactional=ConsentState.NONE, they_wrote_at=None
)


def said(decision: Decision) -> str:
    return "cleared" if isinstance(decision, Cleared) else decision.reason.value


# State, what is known in it, and what is said per purpose: M, T, CHAT, YES, BYE, HELP, CRISIS.
TABLE = [
    ("all is well", FINE, ["cleared"] * 7),
    (
        "a stranger",
        STRANGER,
        ["no_marketing_consent", "no_transactional_consent", "they_never_wrote", "cleared"]
        + ["they_never_wrote"] * 3,
    ),
    (
        "a stranger who wrote",
        replace(STRANGER, they_wrote_at=EARLIER),
        ["no_marketing_consent", "no_transactional_consent"] + ["cleared"] * 5,
    ),
    (
        "an order's number is no marketing consent",
        replace(FINE, marketing=ConsentState.NONE),
        ["no_marketing_consent"] + ["cleared"] * 6,
    ),
    (
        "a double opt-in that waits for its yes",
        replace(FINE, marketing=ConsentState.PENDING),
        ["no_marketing_consent"] + ["cleared"] * 6,
    ),
    ("STOP", replace(FINE, suppressed=BOTH), ["opted_out"] * 4 + ["cleared"] * 3),
    (
        "STOP to marketing alone",
        replace(FINE, suppressed=frozenset({Scope.MARKETING})),
        ["opted_out"] + ["cleared"] * 6,
    ),
    (
        "suppressed before this contact was made",
        replace(STRANGER, suppressed=BOTH, they_wrote_at=EARLIER),
        ["opted_out"] * 4 + ["cleared"] * 3,
    ),
    ("erased", replace(FINE, erased=True, text=None), ["contact_erased"] * 7),
    (
        "a landline",
        replace(FINE, unreachable=True),
        ["number_unreachable"] * 4 + ["cleared"] * 3,
    ),
    ("uninstalled", replace(FINE, shop_status=ShopStatus.UNINSTALLED), ["shop_uninstalled"] * 7),
    ("erased shop", replace(FINE, shop_status=ShopStatus.ERASED), ["shop_uninstalled"] * 7),
    ("no number", replace(FINE, text=None, registration=None), ["no_sender"] * 7),
    (
        "not approved yet",
        replace(FINE, registration=Registration.PENDING),
        ["sender_not_approved"] * 7,
    ),
    ("rejected", replace(FINE, registration=Registration.REJECTED), ["sender_not_approved"] * 7),
    ("sender paused", replace(FINE, sender_paused_until=LATER), ["sender_paused"] * 7),
    ("account paused", replace(FINE, account_paused_until=LATER), ["account_paused"] * 7),
    (
        "pauses that are over",
        replace(FINE, sender_paused_until=EARLIER, account_paused_until=NOW),
        ["cleared"] * 7,
    ),
    (
        "too late",
        replace(FINE, send_before=NOW),
        ["too_late"] * 4 + ["confirmation_too_late"] + ["too_late"] * 2,
    ),
    ("just in time", replace(FINE, send_before=LATER), ["cleared"] * 7),
]


@pytest.mark.parametrize(
    ("facts", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_should_decide_by_the_table(facts: Facts, expected: list[str]) -> None:
    purposes = (M, T, CHAT, YES, BYE, HELP, CRISIS)
    assert set(purposes) == set(Purpose)
    assert [said(decide(replace(facts, purpose=each), NOW)) for each in purposes] == expected


def test_should_never_wait_for_what_must_be_refused() -> None:
    """Every refusal, beside every pause: the refusal is said, and said now."""
    for (_, facts, expected), purpose in itertools.product(TABLE, (M, T, CHAT, YES, *ANSWERS)):
        asked = replace(facts, purpose=purpose)
        before = decide(asked, NOW)
        paused = replace(asked, sender_paused_until=LATER, account_paused_until=LATER)
        if isinstance(before, Blocked):
            assert decide(paused, NOW) == before, expected


def test_should_name_the_opt_out_before_any_other_reason_but_erasure() -> None:
    worst = replace(
        FINE,
        text=None,
        suppressed=BOTH,
        marketing=ConsentState.REVOKED,
        transactional=ConsentState.REVOKED,
        they_wrote_at=None,
        unreachable=True,
        registration=Registration.REJECTED,
        shop_status=ShopStatus.UNINSTALLED,
        send_before=EARLIER,
    )
    for purpose in set(Purpose) - ALLOWED_AFTER_STOP:
        assert decide(replace(worst, purpose=purpose), NOW) == Blocked(Reason.OPTED_OUT)


def test_should_silence_everything_but_three_answers_after_a_stop() -> None:
    """Whatever else is true: no other purpose is ever cleared for a suppressed phone."""
    stopped = [replace(row[1], suppressed=BOTH) for row in TABLE]
    cleared = {
        purpose
        for facts, purpose in itertools.product(stopped, Purpose)
        if not isinstance(decide(replace(facts, purpose=purpose), NOW), Blocked)
    }
    assert cleared == set(ALLOWED_AFTER_STOP) == set(ANSWERS)


def test_should_say_until_when_to_wait_and_the_account_before_the_sender() -> None:
    both = replace(FINE, sender_paused_until=LATER, account_paused_until=LATER)
    assert decide(both, NOW) == Wait(LATER, Reason.ACCOUNT_PAUSED)
    assert isinstance(decide(both, LATER), Cleared)


def test_should_clear_exactly_the_text_that_was_asked_about() -> None:
    assert decide(FINE, NOW) == Cleared(TEXT, NOW)


def test_should_keep_inputs_without_the_person() -> None:
    inputs = str(replace(FINE, suppressed=BOTH).as_inputs())
    assert "suppressed" in inputs
    assert TEXT.to not in inputs
    assert TEXT.body not in inputs
    assert set(FINE.as_inputs()) == set(Facts.__dataclass_fields__) - {"text"}


@pytest.mark.parametrize("reason", list(Reason))
def test_should_have_a_sentence_for_every_reason(reason: Reason) -> None:
    assert SENTENCES[reason].endswith(".")
    assert sentence_for(reason.value) == SENTENCES[reason]


def test_should_show_an_unknown_code_as_it_is() -> None:
    assert "carrier_31337" in sentence_for("carrier_31337")
