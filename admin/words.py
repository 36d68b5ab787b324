"""How the admin's pages say things: times in the shop's zone, phones, states and reasons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from babel.numbers import format_currency, get_currency_precision

from models.enums import ConsentState, MessageStatus, Milestone, Purpose, Scope, SenderType
from sms.carriers.errors import explain
from sms.consent.reasons import sentence_for

_FROM_CARRIER = "carrier_"

STATUS = {
    MessageStatus.QUEUED: "Waiting to leave",
    MessageStatus.SENDING: "Leaving",
    MessageStatus.UNKNOWN: "Being looked for",
    MessageStatus.ACCEPTED: "On its way",
    MessageStatus.SENT: "Sent",
    MessageStatus.DELIVERED: "Delivered",
    MessageStatus.READ: "Read",
    MessageStatus.UNDELIVERED: "Not delivered",
    MessageStatus.FAILED: "Failed",
    MessageStatus.CANCELLED: "Withdrawn",
    MessageStatus.BLOCKED: "Not sent",
    MessageStatus.EXPIRED: "Not sent",
    MessageStatus.RECEIVED: "Received",
}
NOT_ARRIVED = frozenset(
    {
        MessageStatus.UNDELIVERED,
        MessageStatus.FAILED,
        MessageStatus.CANCELLED,
        MessageStatus.BLOCKED,
        MessageStatus.EXPIRED,
    }
)
MILESTONE = {
    Milestone.SHIPPED: "Shipped",
    Milestone.OUT_FOR_DELIVERY: "Out for delivery",
    Milestone.DELIVERED: "Delivered",
    Milestone.ATTEMPTED_DELIVERY: "Delivery attempted",
    Milestone.DELAYED: "Delayed",
    Milestone.FAILED: "Could not be delivered",
}
PURPOSE = {
    Purpose.MARKETING: "Marketing text",
    Purpose.TRANSACTIONAL: "Text about an order",
    Purpose.CONVERSATIONAL_REPLY: "Reply",
    Purpose.OPTIN_CONFIRM: "Opt-in confirmation",
    Purpose.OPTOUT_CONFIRM: "Opt-out confirmation",
    Purpose.HELP_REPLY: "Answer to HELP",
    Purpose.CRISIS_REPLY: "Crisis answer",
}
SCOPE = {Scope.MARKETING: "Marketing texts", Scope.TRANSACTIONAL: "Order texts"}
CONSENT = {
    ConsentState.NONE: "Not asked",
    ConsentState.PENDING: "Waiting for their yes",
    ConsentState.GRANTED: "Agreed",
    ConsentState.REVOKED: "Opted out",
}
CONSENT_TONE = {
    ConsentState.NONE: None,
    ConsentState.PENDING: "attention",
    ConsentState.GRANTED: "success",
    ConsentState.REVOKED: "critical",
}
SENDER_TYPE = {
    SenderType.TOLL_FREE: "Toll-free number",
    SenderType.LONG_CODE: "Local number (10DLC)",
    SenderType.SHORT_CODE: "Short code",
    SenderType.MESSAGING_SERVICE: "Messaging service",
}


@dataclass(frozen=True, slots=True)
class ShopClock:
    """Now, and how this shop's people read a clock. `now` is aware UTC."""

    now: datetime
    zone: ZoneInfo

    @property
    def day_began(self) -> datetime:
        """The last midnight in the shop's zone."""
        today = self.now.astimezone(self.zone).date()
        return datetime.combine(today, time(), self.zone)

    def time(self, moment: datetime) -> str:
        return f"{moment.astimezone(self.zone):%-I:%M %p}".lower().replace(" ", "\u202f")

    def day(self, moment: datetime) -> str:
        """Name the day: Today, Yesterday, Monday, then the date."""
        days = (self.day_began.date() - moment.astimezone(self.zone).date()).days
        local = moment.astimezone(self.zone)
        if days in {0, 1}:
            return ("Today", "Yesterday")[days]
        if 1 < days < 7:
            return f"{local:%A}"
        year = "" if local.year == self.now.astimezone(self.zone).year else f" {local.year}"
        return f"{local:%-d %B}{year}"

    def moment(self, moment: datetime) -> str:
        """Name a moment: the time today, else the day and the time."""
        if moment.astimezone(self.zone).date() == self.day_began.date():
            return self.time(moment)
        return f"{self.day(moment)}, {self.time(moment)}"

    def since(self, moment: datetime) -> str:
        """Say how long ago: "3 minutes", "2 hours", "5 days"."""
        return span(self.now - moment)


def clock_of(zone_name: str | None, *, now: datetime) -> ShopClock:
    """Make the clock of a shop; one whose zone is not known reads UTC."""
    try:
        return ShopClock(now, ZoneInfo(zone_name or "UTC"))
    except (ZoneInfoNotFoundError, ValueError):
        return ShopClock(now, ZoneInfo("UTC"))


def span(length: timedelta) -> str:
    minutes = max(0, int(length.total_seconds() // 60))
    if minutes < 1:
        return "less than a minute"
    for unit, size in (("day", 1440), ("hour", 60), ("minute", 1)):
        if minutes >= size:
            return counted(minutes // size, unit)
    raise AssertionError("every length has a unit")


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """Say how many: "1 text", "1,204 texts"."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def phone_words(phone: str | None) -> str:
    """Group a phone's digits as its country does; short codes and services stay as they are."""
    if not phone or not phone.startswith("+"):
        return phone or ""
    try:
        number = phonenumbers.parse(phone, None)
    except phonenumbers.NumberParseException:
        return phone
    form = phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, form).replace(" ", "\u00a0")


def name_of(first: str | None, last: str | None, phone: str | None) -> str:
    """Name a person: by name, else by number; whoever was erased has neither."""
    named = " ".join(part.strip() for part in (first, last) if part and part.strip())
    return named or phone_words(phone) or "Erased person"


def why(reason: str | None, error_code: int | None = None) -> str | None:
    """Say in words why a text did not leave or arrive, from what its row holds."""
    if reason is None:
        return None
    if reason.startswith(_FROM_CARRIER):
        code = reason.removeprefix(_FROM_CARRIER)
        return explain(int(code) if code.isdigit() else error_code or 0).sentence
    return sentence_for(reason)


def money(minor: int | None, currency: str | None) -> str | None:
    """Write an amount of minor units ("$18.50"); None where it is not known."""
    if minor is None or not currency:
        return None
    amount = minor / 10 ** get_currency_precision(currency)
    return format_currency(amount, currency, locale="en_US")
