"""Small pieces that Shopify's payloads share: ids, moments, money, addresses."""

from __future__ import annotations

import secrets
import threading
import time
from datetime import datetime
from zoneinfo import ZoneInfo

import phonenumbers

from sandbox.store.webhooks import Payload
from sandbox.world import Address, Phone, Shop


class Ids:
    """18-digit ids that never repeat, also across restarts and resets.

    They do not fit a double, as Shopify's may not: whoever reads JSON numbers as floats rounds
    them and is found out here rather than in production.
    """

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def next(self) -> int:
        """Microseconds since 1970 in the high bits, chance in the low nine."""
        with self._lock:
            self._last = max(self._last + 1, time.time_ns() // 1000 * 512 + secrets.randbelow(512))
            return self._last


def gid(kind: str, number: int) -> str:
    """The GraphQL id of a thing."""
    return f"gid://shopify/{kind}/{number}"


def stamp(at: datetime, shop: Shop) -> str:
    """A moment as Shopify writes it: whole seconds, in the shop's own zone."""
    return at.astimezone(ZoneInfo(shop.iana_timezone)).isoformat(timespec="seconds")


def amount(minor: int) -> str:
    """Minor units as Shopify's decimal text: 1850 -> "18.50"."""
    return f"{minor // 100}.{minor % 100:02d}"


def money_set(minor: int, currency: str) -> Payload:
    """An amount in the shop's and in the buyer's currency, which are the same here."""
    money = {"amount": amount(minor), "currency_code": currency}
    return {"shop_money": money, "presentment_money": dict(money)}


def priced(name: str, minor: int, currency: str) -> Payload:
    """The pair of fields in which Shopify tells each amount: `name` and `name`_set."""
    return {name: amount(minor), f"{name}_set": money_set(minor, currency)}


def postal_address(buyer: Phone, phone: str | None) -> Payload:
    """A shipping or billing address."""
    return {
        "first_name": buyer.first_name,
        "address1": buyer.address.address1,
        "phone": phone,
        "city": buyer.address.city,
        "zip": buyer.address.zip,
        "province": buyer.address.province,
        "country": buyer.address.country,
        "last_name": buyer.last_name,
        "address2": buyer.address.address2,
        "company": None,
        "latitude": None,
        "longitude": None,
        "name": buyer.name,
        "country_code": buyer.address.country_code,
        "province_code": buyer.address.province_code,
    }


def origin_address(address: Address) -> Payload:
    """Where a parcel leaves from."""
    return {
        "address1": address.address1,
        "city": address.city,
        "country_code": address.country_code,
        "province_code": address.province_code,
        "zip": address.zip,
    }


def as_people_type_it(number: str) -> str:
    """E.164 as a buyer types it into an address form, which Shopify passes on unchanged."""
    parsed = phonenumbers.parse(number)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
