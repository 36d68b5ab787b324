"""Why a text did not leave: stable codes, each with a sentence for the merchant."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """The gate's reasons, and those of texts that were withdrawn before they left."""

    OPTED_OUT = "opted_out"
    NO_MARKETING_CONSENT = "no_marketing_consent"
    NO_TRANSACTIONAL_CONSENT = "no_transactional_consent"
    THEY_NEVER_WROTE = "they_never_wrote"
    CONFIRMATION_TOO_LATE = "confirmation_too_late"
    CONTACT_ERASED = "contact_erased"
    NUMBER_UNREACHABLE = "number_unreachable"
    SHOP_UNINSTALLED = "shop_uninstalled"
    NO_SENDER = "no_sender"
    SENDER_NOT_APPROVED = "sender_not_approved"
    SENDER_PAUSED = "sender_paused"
    ACCOUNT_PAUSED = "account_paused"
    TOO_LATE = "too_late"
    OUTCOME_NEVER_LEARNED = "outcome_never_learned"
    TOO_MANY_TRIES = "too_many_tries"
    ARRIVED_AFTER_ALL = "arrived_after_all"


SENTENCES: dict[Reason, str] = {
    Reason.OPTED_OUT: "They texted STOP. Only they can change that, by texting START.",
    Reason.NO_MARKETING_CONSENT: "They have not agreed to marketing texts.",
    Reason.NO_TRANSACTIONAL_CONSENT: "They did not give this number with an order.",
    Reason.THEY_NEVER_WROTE: "They have not written to you, so there is nothing to answer.",
    Reason.CONFIRMATION_TOO_LATE: (
        "An opt-out may only be confirmed within five minutes, and that time had passed."
    ),
    Reason.CONTACT_ERASED: "This person's data was erased at their request.",
    Reason.NUMBER_UNREACHABLE: "The carrier says that this number cannot receive texts.",
    Reason.SHOP_UNINSTALLED: "Parley was uninstalled from this shop.",
    Reason.NO_SENDER: "No number to text from is connected yet. Connect one in Settings.",
    Reason.SENDER_NOT_APPROVED: (
        "The carriers had not approved your number yet, so it did not leave. "
        "Texts leave once they have."
    ),
    Reason.SENDER_PAUSED: "Texts from this number are paused because the carrier refused it.",
    Reason.ACCOUNT_PAUSED: "Your carrier account does not accept texts at the moment.",
    Reason.TOO_LATE: "It could not leave while it was still news, so it was dropped.",
    Reason.OUTCOME_NEVER_LEARNED: (
        "The carrier's answer was lost, twice. It may or may not have arrived; "
        "it was not sent again, so that nobody gets it twice."
    ),
    Reason.TOO_MANY_TRIES: "The carrier kept refusing it for the moment, until it was given up.",
    Reason.ARRIVED_AFTER_ALL: "The first try had arrived after all, so it was not sent again.",
}


def sentence_for(code: str) -> str:
    """Say in words why a text did not leave; an unknown code is shown as it is."""
    try:
        return SENTENCES[Reason(code)]
    except ValueError:
        return f"It did not leave: {code}."
