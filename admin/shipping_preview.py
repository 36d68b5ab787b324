"""How a shipping text reads on a real order, what it costs in segments, and what is wrong in it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from admin.words import counted
from models import Fulfillment, Order, ShopSession
from models.enums import Milestone
from sms.delivery.segments import Segments, count
from sms.delivery.template import check
from sms.shipping.parcels import parcel_of
from sms.shipping.texts import FIELDS, Packed, Parcel, compose, default_template

MOST_ORDERS = 10
# What one text holds, alone and as one of several, in each alphabet (GSM 03.38 and 03.40).
ROOM = {"GSM-7": (160, 153), "UCS-2": (70, 67)}
_MOST_NAMED = 8
_SAMPLE_LINK = "https://www.ups.com/track?num=1Z5R89390357567127"


@dataclass(frozen=True, slots=True)
class OrderChoice:
    """An order to try a text on."""

    id: uuid.UUID
    words: str

    @property
    def pair(self) -> tuple[str, str]:
        return str(self.id), self.words


@dataclass(frozen=True, slots=True)
class Wrong:
    """One finding in a template: the words it is about, and where they stand."""

    sentence: str
    excerpt: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Preview:
    """A text as it would be sent. `body` is None while the template cannot be read."""

    body: str | None
    size: str
    alphabet: str
    costly: bool
    wrong: tuple[Wrong, ...]
    advice: tuple[str, ...]


def starting_template(milestone: Milestone) -> str:
    """Return our words as a merchant may change them: right for whole orders and for parts."""
    ours = default_template(milestone, is_part=False, has_link=True)
    for words in ("Your order {{ order }}", "your order {{ order }}"):
        ours = ours.replace(words, "{{ shipment }}")
    return ours.replace("{{ tracking_url }}", '{{ tracking_url | default: "" }}')


def wrong_in(template: str) -> tuple[Wrong, ...]:
    found = check(template, FIELDS)
    return tuple(
        Wrong(each.sentence, template[each.start : each.end][:60], each.start, each.end)
        for each in found
    )


def recent_orders(session: ShopSession) -> tuple[OrderChoice, ...]:
    rows = session.scalars(
        select(Order)
        .where(Order.redacted_at.is_(None))
        .order_by(Order.placed_at.desc(), Order.id.desc())
        .limit(MOST_ORDERS)
    )
    return tuple(
        OrderChoice(order.id, f"{order.name} · {order.first_name or 'no name'}") for order in rows
    )


def preview(
    session: ShopSession, milestone: Milestone, template: str | None, order_id: uuid.UUID | None
) -> Preview:
    """Compose a text for one order, or for a made-up one where the shop has none yet."""
    wrong = wrong_in(template) if template is not None else ()
    if wrong:
        return Preview(None, "", "", costly=False, wrong=wrong, advice=())
    body = compose(milestone, _parcel(session, order_id), template=template)
    size = count(body)
    return Preview(
        body=body,
        size=_size(size),
        alphabet=_alphabet(body, size),
        costly=size.parts > 1,
        wrong=(),
        advice=tuple(_advice(template)) if template is not None else (),
    )


def _parcel(session: ShopSession, order_id: uuid.UUID | None) -> Parcel:
    order = session.scalars(select(Order).where(Order.id == order_id)).first() if order_id else None
    brand = session.shop.brand
    if order is None:
        return _made_up(brand, "#1001", "Ada", (Packed("Mug", 2), Packed("Tea", 1)))
    parcels: Sequence[Fulfillment] = session.scalars(
        select(Fulfillment)
        .where(Fulfillment.shopify_order_id == order.shopify_id)
        .order_by(Fulfillment.created_at, Fulfillment.shopify_id)
    ).all()
    if parcels:
        return parcel_of(parcels[0], order, parcels, brand=brand)
    items = tuple(Packed(line["title"], line["quantity"]) for line in order.line_items)
    return _made_up(brand, order.name, order.first_name, items)


def _made_up(brand: str, order: str, first_name: str | None, items: tuple[Packed, ...]) -> Parcel:
    """A parcel that does not exist yet, with a link as carriers make them."""
    return Parcel(
        brand=brand,
        first_name=first_name,
        order=order,
        items=items,
        is_part=False,
        company="UPS",
        tracking_number="1Z5R89390357567127",
        tracking_url=_SAMPLE_LINK,
    )


def _size(size: Segments) -> str:
    alone, beside = ROOM[size.encoding]
    room = alone if size.parts == 1 else beside * size.parts
    return f"{size.units} of {room} characters, sent as {counted(size.parts, 'segment')}"


def _alphabet(body: str, size: Segments) -> str:
    """Say what made a text expensive, by naming the characters."""
    alone, _ = ROOM[size.encoding]
    if size.encoding == "GSM-7":
        return f"Plain characters only: a segment holds {alone}. Carriers bill each segment."
    costly = dict.fromkeys(char for char in body if count(char).encoding == "UCS-2")
    named = " ".join(list(costly)[:_MOST_NAMED])
    return (
        f"Because of {named} a segment holds only {alone} characters instead of 160. "
        "Carriers bill each segment."
    )


def _advice(template: str) -> list[str]:
    advice = []
    if "brand" not in template:
        advice.append("Nothing says who writes. Put {{ brand }} at the beginning.")
    if "stop" not in template.lower():
        advice.append("Nothing says how to opt out. End with: Reply STOP to opt out.")
    return advice
