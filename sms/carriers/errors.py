"""What a carrier's error code means: what happens to the text, and what the merchant is told.

Twilio's codes (facts of 2026-11). Some come with the answer to a send, the 30000s mostly in a
delivery report later. Twilio says that the values may change, so a code that is not here is final
for its text, counted, and shown with its number.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Action(StrEnum):
    """What becomes of the text, and of what it was sent with. Values are stable.

    `retry`: nothing left; try again with growing pauses. `unknown`: it may have left; look for it
    before anything else. `permanent`, `invalid_number`, `landline`, `opted_out`: final for the
    text, the last three also for the number. `sender_trouble`: no text from this sender will pass
    until someone or time mends it. `pause_shop`: no text of this carrier account will.
    `hold_until_tomorrow`: a daily cap is used up.
    """

    RETRY = "retry"
    UNKNOWN = "unknown"
    PERMANENT = "permanent"
    INVALID_NUMBER = "invalid_number"
    LANDLINE = "landline"
    OPTED_OUT = "opted_out"
    SENDER_TROUBLE = "sender_trouble"
    PAUSE_SHOP = "pause_shop"
    HOLD_UNTIL_TOMORROW = "hold_until_tomorrow"


@dataclass(frozen=True, slots=True)
class CarrierError:
    """One code. `code` is the carrier's; `sentence` says what happened and what to do.

    `retry_once`: after a delivery report with this code one more try is allowed, never a second,
    not before `retry_after`, and never for marketing when `transactional_only`.
    `suspend_after`: so many in a row and the number counts as out of reach (0: never).
    `soft_opt_out`: the person may have blocked the sender; no more marketing without a new word.
    `alarm`: one is noise, a rate of them is a problem of the shop's.
    """

    code: int
    action: Action
    sentence: str
    retry_once: bool = False
    retry_after: timedelta = timedelta(minutes=30)
    transactional_only: bool = True
    suspend_after: int = 0
    soft_opt_out: bool = False
    alarm: bool = False


_BUSY = "The carrier is busy at the moment. It is tried again by itself."
_LOST = "The carrier had a problem and its answer is not certain. We look for the text first."
_OUR_BUG = "The carrier did not accept how Parley asked. Please report this code: {code}."
_BAD_SENDER = (
    "The carrier does not accept the number or service you send from. "
    "Check it in your carrier account and in Settings."
)
_NO_PHONE = "This number cannot receive texts: it is a landline or out of every network's reach."
_NOT_REGISTERED = (
    "Your number is not registered for business texts yet, so carriers block it. "
    "Finish the registration in your carrier account."
)
_RICH = "This kind of message could not reach this person. Send it as a plain text."
_OUR_WEBHOOK = (
    "The carrier could not reach Parley. Check that PUBLIC_URL is right and open to the internet."
)

_ERRORS = (
    CarrierError(
        20003,
        Action.PAUSE_SHOP,
        "The carrier refused your account's credentials. Enter them again in Settings.",
    ),
    CarrierError(20404, Action.PERMANENT, "The carrier does not know what was asked for."),
    CarrierError(20429, Action.RETRY, _BUSY),
    CarrierError(20500, Action.UNKNOWN, _LOST),
    CarrierError(20503, Action.UNKNOWN, _LOST),
    CarrierError(
        21211, Action.INVALID_NUMBER, "This is not a valid phone number. Correct it and try again."
    ),
    *(
        CarrierError(code, Action.SENDER_TROUBLE, _BAD_SENDER)
        for code in (21212, 21603, 21606, 21703, 21705)
    ),
    CarrierError(
        21408,
        Action.PERMANENT,
        "Your carrier account may not text this country. Allow it in the account's geographic "
        "permissions if you sell there.",
    ),
    CarrierError(21602, Action.PERMANENT, "The text was empty. Write something and send again."),
    CarrierError(21617, Action.PERMANENT, "The text is too long: at most 1,600 characters."),
    CarrierError(21620, Action.PERMANENT, "The picture could not be loaded by the carrier."),
    CarrierError(21623, Action.PERMANENT, "The picture could not be loaded by the carrier."),
    CarrierError(21604, Action.PERMANENT, _OUR_BUG.format(code=21604)),
    CarrierError(21609, Action.PERMANENT, _OUR_BUG.format(code=21609)),
    CarrierError(
        21608,
        Action.PERMANENT,
        "Your carrier account is a trial: it texts only numbers that you verified there. Upgrade "
        "it to text everybody.",
    ),
    CarrierError(
        21610,
        Action.OPTED_OUT,
        "They texted STOP to this number. Only they can change that, by texting START.",
    ),
    CarrierError(
        21611,
        Action.SENDER_TROUBLE,
        "Too many texts wait at the carrier for this number. We stop adding to them for a while.",
    ),
    *(CarrierError(code, Action.LANDLINE, _NO_PHONE) for code in (21612, 21614, 21635)),
    CarrierError(30001, Action.RETRY, _BUSY, retry_once=True),
    CarrierError(
        30002,
        Action.PAUSE_SHOP,
        "The carrier suspended your account. Log in there to see why and what to do.",
    ),
    CarrierError(
        30003,
        Action.PERMANENT,
        "Their phone could not be reached; it may be off or without signal.",
        retry_once=True,
        suspend_after=3,
    ),
    CarrierError(
        30004,
        Action.PERMANENT,
        "Their phone or network blocks texts from you. Do not try again unless they write.",
        soft_opt_out=True,
    ),
    CarrierError(
        30005, Action.INVALID_NUMBER, "This number is not in use any more. Ask for their new one."
    ),
    CarrierError(30006, Action.LANDLINE, _NO_PHONE),
    CarrierError(
        30007,
        Action.PERMANENT,
        "Carriers filtered this text as spam. Do not send the same words again; check its links "
        "and that your registration matches what you send.",
        alarm=True,
    ),
    CarrierError(
        30008,
        Action.PERMANENT,
        "It did not arrive, and the network did not say why.",
        retry_once=True,
    ),
    CarrierError(30010, Action.PERMANENT, "It would have cost more than your price limit."),
    CarrierError(
        30011, Action.PERMANENT, "Their network takes no pictures by text. Send a link instead."
    ),
    CarrierError(30017, Action.RETRY, _BUSY, retry_once=True),
    CarrierError(30019, Action.PERMANENT, "The picture is too big for their network."),
    CarrierError(
        30022, Action.RETRY, "Texts left faster than your registration allows.", retry_once=True
    ),
    *(
        CarrierError(
            code,
            Action.HOLD_UNTIL_TOMORROW,
            "Your registration's daily limit is used up. What is left goes out tomorrow.",
            retry_once=True,
            retry_after=timedelta(days=1),
        )
        for code in (30023, 30027)
    ),
    CarrierError(
        30032,
        Action.SENDER_TROUBLE,
        "Your toll-free number is not verified yet, so carriers block it. Finish the verification "
        "in your carrier account.",
    ),
    CarrierError(30034, Action.SENDER_TROUBLE, _NOT_REGISTERED),
    CarrierError(
        30035,
        Action.SENDER_TROUBLE,
        "Your number's registration is still being set up, which takes some hours.",
        retry_once=True,
        retry_after=timedelta(hours=4),
    ),
    CarrierError(30047, Action.RETRY, _BUSY, retry_once=True, transactional_only=False),
    CarrierError(
        30410,
        Action.PERMANENT,
        "The network did not answer in time, and the carrier does not try again by itself.",
        retry_once=True,
    ),
    CarrierError(
        30450,
        Action.PERMANENT,
        "The carrier held this text back as likely fraud (SMS pumping). Look where this number "
        "came from.",
        alarm=True,
    ),
    CarrierError(
        60728, Action.RETRY, "Your carrier account's hourly limit is used up. It is tried again."
    ),
    CarrierError(63017, Action.RETRY, _BUSY),
    *(CarrierError(code, Action.PERMANENT, _RICH) for code in (63016, 63024, 63032)),
    *(CarrierError(code, Action.PERMANENT, _OUR_WEBHOOK, alarm=True) for code in (11200, 11205)),
    CarrierError(12300, Action.PERMANENT, _OUR_WEBHOOK, alarm=True),
)

BY_CODE = {error.code: error for error in _ERRORS}

# Where an answer has no code of its own, its HTTP status stands in.
_BY_HTTP_STATUS = {401: 20003, 404: 20404, 429: 20429}


def explain(code: int) -> CarrierError:
    """What `code` means; `code` is the carrier's, or an HTTP status where it gave none.

    A code that nobody here has met is permanent: repeating a text for an unknown reason may repeat
    it for ever, and a person who sees the number can look it up.
    """
    known = BY_CODE.get(_BY_HTTP_STATUS.get(code, code))
    if known is not None:
        return known
    if 500 <= code <= 599:
        return CarrierError(code, Action.UNKNOWN, _LOST)
    if code <= 0:
        sentence = "The carrier refused it and gave no reason."
    else:
        sentence = f"The carrier refused it with code {code}, which Parley does not know."
    return CarrierError(code, Action.PERMANENT, sentence)
