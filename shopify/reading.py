"""Reading other people's JSON: every field may be absent, null, or of another type altogether.

A reader returns None for what it cannot use and never raises, apart from `as_object` and `needed`,
which say what is missing without which nothing makes sense.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TypeVar

from sms.work import UnusablePayloadError

Fields = Mapping[str, object]
Value = TypeVar("Value")

MAX_ID = 2**63 - 1
_MAX_DIGITS = 19
_MAX_MOMENT_LENGTH = 40
# Nothing that concerns us happened before Shopify; a later year is a unit mistaken for another.
_YEARS = range(2004, 2101)

# What PostgreSQL's text and JSON cannot hold, and what no UTF-8 can say.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_ZONE_NAME = re.compile(r"\s*(?:UTC|GMT)$")
_SPACE_BEFORE_OFFSET = re.compile(r"\s+(?=[+-]\d\d:?\d\d$)")

# Currencies whose minor unit is not a hundredth (ISO 4217, list one).
_BY_EXPONENT = {
    0: (
        *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"),
        *("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"),
    ),
    3: ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"),
    4: ("CLF", "UYW"),
}
_EXPONENTS = {code: digits for digits, codes in _BY_EXPONENT.items() for code in codes}


def parsed_json(body: bytes) -> object:
    """Parse a webhook's body.

    Raises:
        UnusablePayloadError: it is not JSON in UTF-8, or nested beyond reason.
    """
    try:
        parsed: object = json.loads(body.decode())
    except UnicodeDecodeError:
        raise UnusablePayloadError("The body is not UTF-8.") from None
    except RecursionError:
        raise UnusablePayloadError("The body is nested too deeply.") from None
    except ValueError:  # also for an integer of thousands of digits
        raise UnusablePayloadError("The body is not JSON.") from None
    return parsed


def as_object(value: object, what: str) -> Fields:
    """Return `value` as an object's fields.

    Raises:
        UnusablePayloadError: it is something else.
    """
    if not isinstance(value, dict):
        raise UnusablePayloadError(f"The {what} is not a JSON object.")
    return value


def needed(value: Value | None, field: str) -> Value:
    """Return a value that was found.

    Raises:
        UnusablePayloadError: it was not.
    """
    if value is None:
        raise UnusablePayloadError(f"The field {field} is missing or unreadable.")
    return value


def object_in(fields: Fields, key: str) -> Fields:
    """Return an inner object's fields; none for null, for Shopify's `[]`, and for anything else."""
    value = fields.get(key)
    return value if isinstance(value, dict) else {}


def objects_in(fields: Fields, key: str, *, limit: int) -> list[Fields]:
    """Return the objects in a list, at most `limit` of them."""
    value = fields.get(key)
    if not isinstance(value, list):
        return []
    return [item for item in value[:limit] if isinstance(item, dict)]


def texts_in(fields: Fields, key: str, *, limit: int, length: int) -> list[str]:
    value = fields.get(key)
    if not isinstance(value, list):
        return []
    found = (_text(item, length) for item in value[:limit])
    return [text for text in found if text is not None]


def id_in(fields: Fields, key: str) -> int | None:
    return as_id(fields.get(key))


def as_id(value: object) -> int | None:
    """Read a 64-bit id from a number, from its digits, or from `gid://shopify/Order/1`.

    A float is refused: whoever made it one has rounded it, and it names somebody else's order.
    """
    if isinstance(value, str):
        digits = value.strip().rpartition("/")[2].partition("?")[0]
        if not (digits.isascii() and digits.isdecimal() and len(digits) <= _MAX_DIGITS):
            return None
        value = int(digits)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 < value <= MAX_ID else None


def text_in(fields: Fields, key: str, *, length: int) -> str | None:
    """Return text of at most `length` characters, cut if need be, or None when it is blank."""
    return _text(fields.get(key), length)


def token_in(fields: Fields, key: str, *, length: int) -> str | None:
    """Return text that means nothing when it is cut: a longer one is None."""
    text = _text(fields.get(key), length + 1)
    return None if text is None or len(text) > length else text


def _text(value: object, length: int) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_ID:
        value = str(value)
    if not isinstance(value, str):
        return None
    return _UNSTORABLE.sub("", value).strip()[:length].rstrip() or None


def flag_in(fields: Fields, key: str) -> bool | None:
    value = fields.get(key)
    return value if isinstance(value, bool) else None


def count_in(fields: Fields, key: str) -> int | None:
    """Return a number of things: 0 to a million."""
    value = fields.get(key)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= 1_000_000 else None


def moment_in(fields: Fields, key: str) -> datetime | None:
    return as_moment(fields.get(key))


def as_moment(value: object) -> datetime | None:
    """Read ISO 8601 and its relatives as aware UTC; one that names no zone is read as UTC."""
    if not isinstance(value, str) or len(value) > _MAX_MOMENT_LENGTH:
        return None
    text = _SPACE_BEFORE_OFFSET.sub("", _ZONE_NAME.sub("+00:00", value.strip()))
    try:
        moment = datetime.fromisoformat(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        utc = aware.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return utc if utc.year in _YEARS else None


def currency_in(fields: Fields, key: str) -> str | None:
    code = token_in(fields, key, length=3)
    if code is None or len(code) != 3 or not (code.isascii() and code.isalpha()):
        return None
    return code.upper()


def country_in(fields: Fields, key: str) -> str | None:
    code = token_in(fields, key, length=2)
    if code is None or len(code) != 2 or not (code.isascii() and code.isalpha()):
        return None
    return code.upper()


def money_in(fields: Fields, key: str, *, currency: str | None) -> int | None:
    """Read an amount as minor units of `currency` ("18.50" USD is 1850, "1850" JPY is 1850)."""
    value = fields.get(key)
    if currency is None or isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = str(value).strip() if not isinstance(value, int) or abs(value) <= MAX_ID else ""
    try:
        amount = Decimal(text) if len(text) <= _MAX_MOMENT_LENGTH else Decimal("nan")
        if not amount.is_finite() or abs(amount) > MAX_ID:
            return None
        minor = amount.scaleb(_EXPONENTS.get(currency, 2))
        whole = int(minor.to_integral_value(rounding=ROUND_HALF_EVEN))
    except ArithmeticError:
        return None
    return whole if abs(whole) <= MAX_ID else None
