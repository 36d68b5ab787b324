"""The words of shipping texts. They tell about one parcel and ask nothing.

Any offer among them would make them marketing (R1.2), a question to be answered with yes or no
would turn a plain "no" into an opt-out (R4.11), and who writes must be recognisable.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from models.enums import Milestone
from sms.delivery.template import Field, render
from sms.delivery.values import MAX_LINK_LENGTH, shortened

FIELDS = {
    "brand": Field(may_be_empty=False, sample="Maple & Rye"),
    "first_name": Field(may_be_empty=True, sample="Ada"),
    "order": Field(may_be_empty=False, sample="#1001"),
    "shipment": Field(may_be_empty=False, sample="part of your order #1001 (2 x Mug, 1 x Tea)"),
    "items": Field(may_be_empty=False, sample="2 x Mug, 1 x Tea"),
    "company": Field(may_be_empty=True, sample="UPS"),
    "tracking_number": Field(may_be_empty=True, sample="1Z5R89390357567127"),
    "tracking_url": Field(may_be_empty=True, sample="https://www.ups.com/track?num=1Z5R89"),
}

_WHOLE = {
    Milestone.SHIPPED: "Your order {{ order }} is on its way.",
    Milestone.OUT_FOR_DELIVERY: "Your order {{ order }} is out for delivery.",
    Milestone.DELIVERED: "Your order {{ order }} was delivered.",
    Milestone.ATTEMPTED_DELIVERY: (
        "The carrier tried to deliver your order {{ order }} but could not hand it over."
    ),
    Milestone.DELAYED: "Sorry, your order {{ order }} is delayed on its way.",
    Milestone.FAILED: (
        "Sorry, your order {{ order }} could not be delivered. Text us here and we will sort it."
    ),
}
_PART = {
    Milestone.SHIPPED: "Part of your order {{ order }} is on its way: {{ items }}.",
    Milestone.OUT_FOR_DELIVERY: "Part of your order {{ order }} is out for delivery: {{ items }}.",
    Milestone.DELIVERED: "Part of your order {{ order }} was delivered: {{ items }}.",
    Milestone.ATTEMPTED_DELIVERY: (
        "The carrier tried to deliver part of your order {{ order }} but could not hand it over: "
        "{{ items }}."
    ),
    Milestone.DELAYED: "Sorry, part of your order {{ order }} is delayed: {{ items }}.",
    Milestone.FAILED: (
        "Sorry, part of your order {{ order }} could not be delivered: {{ items }}. "
        "Text us here and we will sort it."
    ),
}
# A line of its own: no full stop clings to the link.
_LINK = "\n{{ tracking_url }}"
_OPT_OUT = "\nReply STOP to opt out."

_MAX_TITLE = 30
_MAX_ITEMS = 70
_MAX_HOST = 253


@dataclass(frozen=True, slots=True)
class Packed:
    """So many of one thing in a parcel."""

    title: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What a text may say. `is_part` if the parcel does not hold the whole order."""

    brand: str
    first_name: str | None
    order: str
    items: tuple[Packed, ...]
    is_part: bool
    company: str | None
    tracking_number: str | None
    tracking_url: str | None


def default_template(milestone: Milestone, *, is_part: bool, has_link: bool) -> str:
    """Return our own words: with the items if they are not all, with a link if there is one."""
    words = (_PART if is_part else _WHOLE)[milestone]
    return "{{ brand }}: " + words + (_LINK if has_link else "") + _OPT_OUT


def compose(milestone: Milestone, parcel: Parcel, *, template: str | None) -> str:
    """Fill in the merchant's words, or ours if there are none or they can no longer be read."""
    items = named_items(parcel.items)
    whole = f"your order {parcel.order}"
    values = {
        "brand": parcel.brand,
        "first_name": parcel.first_name,
        "order": parcel.order,
        "shipment": f"part of {whole} ({items})" if parcel.is_part else whole,
        "items": items,
        "company": parcel.company,
        "tracking_number": parcel.tracking_number,
        "tracking_url": parcel.tracking_url,
    }
    if template is not None:
        try:
            return render(template, values)
        except ValueError:
            # Checked when it was saved, so the rules have changed since. News cannot wait.
            pass
    ours = default_template(milestone, is_part=parcel.is_part, has_link=bool(parcel.tracking_url))
    return render(ours, values)


def named_items(items: Iterable[Packed]) -> str:
    """Name what is in a parcel: "2 x Mug, 1 x Tea and 3 more"; short enough for one text."""
    counts: Counter[str] = Counter()
    for item in items:
        counts[shortened(item.title, _MAX_TITLE, end="...")] += item.quantity
    left = [(title, count) for title, count in counts.items() if count > 0]
    named: list[str] = []
    while left and (not named or len(", ".join([*named, _named(*left[0])])) <= _MAX_ITEMS):
        named.append(_named(*left.pop(0)))
    more = sum(count for _, count in left)
    listed = ", ".join(named) or "your items"
    return f"{listed} and {more} more" if more else listed


def _named(title: str, count: int) -> str:
    return f"{count} x {title}"


def usable_link(candidates: Iterable[str | None]) -> str | None:
    """Return the first that a phone can open: an http(s) address of a real host, not too long."""
    return next((url for url in candidates if url is not None and _is_usable(url)), None)


def _is_usable(url: str) -> bool:
    if len(url) > MAX_LINK_LENGTH or not url.isprintable() or " " in url or not url.isascii():
        return False
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    return (
        parts.scheme in {"https", "http"}
        # A name before the host is how a link pretends to lead elsewhere.
        and "@" not in parts.netloc
        and "." in host.strip(".")
        and len(host) <= _MAX_HOST
    )
