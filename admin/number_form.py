"""What a merchant enters to connect a number, checked before the carrier is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import phonenumbers

from models.enums import Registration, SenderType
from sms.carriers.accounts import Connection
from sms.carriers.checks import AccountClosed, Check, NumberNotThere, WrongCredentials

_ACCOUNT_SID = re.compile(r"AC[0-9a-f]{32}")
_SERVICE_SID = re.compile(r"MG[0-9a-f]{32}")
_SHORT_CODE = re.compile(r"[0-9]{5,6}")
# Not the token's true form, which is Twilio's to change; only what would break a request.
_TOKEN = re.compile(r"[\x21-\x7e]{1,128}")
_TOLL_FREE = {"800", "833", "844", "855", "866", "877", "888"}

UNAVAILABLE = "Twilio did not answer, so nothing was saved. Try again in a moment."
NO_TOKEN = "Enter the account’s auth token. It stands below the SID in Twilio’s console."  # noqa: S105
TAKEN = "This number is connected to another store. Disconnect it there first."


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberForm:
    """The form as it was sent; `errors` by field. The token never goes back to a page."""

    account_sid: str = ""
    number: str = ""
    registration: str = Registration.APPROVED
    answers_stop_itself: bool = True
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """A form that may be tried at the carrier."""

    account_sid: str
    auth_token: str
    number: str
    type: SenderType
    registration: Registration
    answers_stop_itself: bool

    def connection(self) -> Connection:
        return Connection(
            account_sid=self.account_sid,
            auth_token=self.auth_token,
            number=self.number,
            type=self.type,
            registration=self.registration,
            # On toll-free numbers the network answers STOP, whatever anyone sets.
            answers_stop_itself=self.answers_stop_itself or self.type is SenderType.TOLL_FREE,
        )


def read(
    sent: Mapping[str, str], *, stored: Mapping[str, str], region: str | None
) -> Entered | NumberForm:
    """Read what was sent.

    Args:
        sent: the form's fields.
        stored: the token of each account that is connected, by its SID: an empty field keeps it.
        region: the shop's country, for a number without one.
    """
    sid, token = sent.get("account_sid", "").strip(), sent.get("auth_token", "").strip()
    number = _number(sent.get("number", ""), region)
    errors = {}
    if not _ACCOUNT_SID.fullmatch(sid):
        errors["account_sid"] = (
            "This is not an account SID. It is AC and 32 more characters; "
            "copy it from the first page of Twilio’s console."
        )
    token = token or stored.get(sid, "")
    if not _TOKEN.fullmatch(token):
        errors |= {"auth_token": NO_TOKEN}
    if number is None:
        errors["number"] = (
            "This is not a number that texts can come from. Enter it with + and the country code, "
            "or a short code, or a messaging service SID (MG…)."
        )
    registration = sent.get("registration", "")
    if errors or number is None or registration not in set(Registration):
        return form_of(sent, errors)
    return Entered(
        account_sid=sid,
        auth_token=token,
        number=number,
        type=type_of(number),
        registration=Registration(registration),
        answers_stop_itself="answers_stop_itself" in sent,
    )


def form_of(sent: Mapping[str, str], errors: Mapping[str, str]) -> NumberForm:
    return NumberForm(
        account_sid=sent.get("account_sid", "").strip()[:64],
        number=sent.get("number", "").strip()[:64],
        registration=sent.get("registration", Registration.APPROVED),
        answers_stop_itself="answers_stop_itself" in sent,
        errors=errors,
    )


def type_of(number: str) -> SenderType:
    """Tell the kind of a sender by its number: the +1 toll-free codes, short codes, services."""
    if number.startswith("MG"):
        return SenderType.MESSAGING_SERVICE
    if not number.startswith("+"):
        return SenderType.SHORT_CODE
    toll_free = number.startswith("+1") and number[2:5] in _TOLL_FREE
    return SenderType.TOLL_FREE if toll_free else SenderType.LONG_CODE


def problems_at_the_carrier(check: Check, number: str) -> dict[str, str]:
    """Say what the carrier's answer means for the fields; empty when all is well."""
    if isinstance(check, WrongCredentials):
        return {
            "auth_token": (
                "Twilio does not accept this SID and token together. Copy both again; "
                "the token may have been changed."
            )
        }
    if isinstance(check, AccountClosed):
        return {
            "account_sid": (
                f"Twilio says that this account is {check.status}. "
                "Open Twilio’s console to see why, then try again."
            )
        }
    if isinstance(check, NumberNotThere):
        there = ", ".join(check.others)
        hint = f" It has {there}." if there else " It has no numbers yet: buy one there first."
        return {"number": f"{number} is not in this Twilio account.{hint}"}
    return {}


def _number(raw: str, region: str | None) -> str | None:
    written = raw.strip()
    if _SERVICE_SID.fullmatch(written) or _SHORT_CODE.fullmatch(written):
        return written
    try:
        parsed = phonenumbers.parse(written[:40], region)
    except phonenumbers.NumberParseException:
        return None
    # Possible is enough: whether it exists, the carrier knows best.
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
