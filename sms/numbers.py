"""Phone numbers: what people and stores write, as E.164 or as the reason why we cannot text it.

The library's number plan decides, not the leading "+1": Jamaica, Canada and the United States
share it, and each has its own rules. Text never comes back as a guess: what cannot be texted is an
`Unusable` with a stable code.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType, ValidationResult

# Guernsey, Jersey and the Isle of Man live inside +44, and the library puts ordinary British
# mobiles (07911 ...) into Guernsey: for policy they are the United Kingdom.
_POLICY_REGION = {"GG": "GB", "IM": "GB", "JE": "GB"}

# The longest thing anybody writes as a phone number, with country, extension and spacing. The
# library refuses 250 characters; a limit of our own keeps a hostile field cheap.
MAX_RAW_LENGTH = 100

_HIDDEN = "•••"


class UnusableCode(StrEnum):
    """Why a number cannot be texted. The values are stable: they are stored and counted."""

    MISSING = "missing"
    NOT_TEXT = "not_text"
    NOT_A_NUMBER = "not_a_number"
    COUNTRY_UNKNOWN = "country_unknown"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    NOT_IN_USE = "not_in_use"
    PREMIUM = "premium"
    TOLL_FREE = "toll_free"
    PERSONAL = "personal"
    SERVICE = "service"


_SENTENCES = {
    UnusableCode.MISSING: "There is no phone number.",
    UnusableCode.NOT_TEXT: "The phone number is not text.",
    UnusableCode.NOT_A_NUMBER: "This does not read as a phone number.",
    UnusableCode.COUNTRY_UNKNOWN: (
        "The country of this number is not known: write it with + and the country code."
    ),
    UnusableCode.TOO_SHORT: "This phone number is too short.",
    UnusableCode.TOO_LONG: "This phone number is too long.",
    UnusableCode.NOT_IN_USE: "No phone company has handed out this number.",
    UnusableCode.PREMIUM: "This is a premium-rate number: texting it is refused.",
    UnusableCode.TOLL_FREE: "This is a toll-free number, which belongs to a business.",
    UnusableCode.PERSONAL: "This is a personal-numbering service, which may forward at any price.",
    UnusableCode.SERVICE: "This is a service line (pager, voicemail, shared cost), not a phone.",
}

_REFUSED_TYPES = {
    PhoneNumberType.PREMIUM_RATE: UnusableCode.PREMIUM,
    PhoneNumberType.TOLL_FREE: UnusableCode.TOLL_FREE,
    PhoneNumberType.PERSONAL_NUMBER: UnusableCode.PERSONAL,
    PhoneNumberType.SHARED_COST: UnusableCode.SERVICE,
    PhoneNumberType.PAGER: UnusableCode.SERVICE,
    PhoneNumberType.UAN: UnusableCode.SERVICE,
    PhoneNumberType.VOICEMAIL: UnusableCode.SERVICE,
    PhoneNumberType.UNKNOWN: UnusableCode.NOT_IN_USE,
}

_LENGTH_CODES = {
    ValidationResult.TOO_SHORT: UnusableCode.TOO_SHORT,
    ValidationResult.TOO_LONG: UnusableCode.TOO_LONG,
}

_PARSE_CODES = {
    NumberParseException.INVALID_COUNTRY_CODE: UnusableCode.COUNTRY_UNKNOWN,
    NumberParseException.TOO_SHORT_AFTER_IDD: UnusableCode.TOO_SHORT,
    NumberParseException.TOO_SHORT_NSN: UnusableCode.TOO_SHORT,
    NumberParseException.TOO_LONG: UnusableCode.TOO_LONG,
}


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number that may be texted.

    `e164` is "+" and digits without extension. `region` is the ISO country whose rules apply, by
    the number plan (a +1 876 number is "JM"); `country_code` is the calling code.
    """

    e164: str
    region: str
    country_code: int


@dataclass(frozen=True, slots=True)
class Unusable:
    """A number that cannot be texted, and why."""

    code: UnusableCode

    @property
    def sentence(self) -> str:
        return _SENTENCES[self.code]


def to_e164(raw: object, *, region: str | None) -> PhoneNumber | Unusable:
    """What `raw` says as a phone number, read as somebody in `region` would dial it.

    `region` is an ISO 3166 code (of the shipping address, else of the shop) in either case; None
    or an unknown code means that only numbers with a country code can be read. Letters are read
    as on a keypad and an extension is dropped. Never raises, whatever `raw` is: it comes from
    webhooks.
    """
    if raw is None:
        return Unusable(UnusableCode.MISSING)
    if not isinstance(raw, str):
        return Unusable(UnusableCode.NOT_TEXT)
    text = raw.strip()
    if not text:
        return Unusable(UnusableCode.MISSING)
    if len(text) > MAX_RAW_LENGTH:
        return Unusable(UnusableCode.TOO_LONG)
    try:
        number = phonenumbers.parse(text, region.strip().upper() if region else None)
    except NumberParseException as error:
        return Unusable(_PARSE_CODES.get(error.error_type, UnusableCode.NOT_A_NUMBER))
    return _if_it_may_be_texted(number)


def _if_it_may_be_texted(number: phonenumbers.PhoneNumber) -> PhoneNumber | Unusable:
    region = phonenumbers.region_code_for_number(number)
    if region is None or not phonenumbers.is_valid_number(number):
        possible = phonenumbers.is_possible_number_with_reason(number)
        return Unusable(_LENGTH_CODES.get(possible, UnusableCode.NOT_IN_USE))
    refused = _REFUSED_TYPES.get(phonenumbers.number_type(number))
    if refused is not None:
        return Unusable(refused)
    return PhoneNumber(
        e164=phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
        region=_POLICY_REGION.get(region, region),
        country_code=number.country_code or 0,
    )


def region_of(phone: str) -> str | None:
    """The ISO country whose rules apply to an E.164 number, or None when no plan knows it.

    "001" is the library's word for numbers that belong to no country.
    """
    try:
        number = phonenumbers.parse(phone, None)
    except NumberParseException:
        return None
    region = phonenumbers.region_code_for_number(number)
    return _POLICY_REGION.get(region, region) if region else None


def mask(phone: str | None) -> str:
    """`+14155550100` as `+1415•••0100`, for logs; shorter numbers show less, never more."""
    if not phone or len(phone) < 9:
        return _HIDDEN
    # At least three characters stay hidden, so that the middle cannot be read off a short number.
    return f"{phone[: min(5, len(phone) - 7)]}{_HIDDEN}{phone[-4:]}"
