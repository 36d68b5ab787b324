"""What the cockpit shows: orders and parcels in words and next steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sandbox.store.memory import Memory, PlacedOrder
from sandbox.store.webhooks import Payload
from sandbox.world import Shop

# (words, tone of the badge)
_PARCEL_STATES: Mapping[str | None, tuple[str, str]] = {
    None: ("Shipped", "info"),
    "in_transit": ("In transit", "info"),
    "out_for_delivery": ("Out for delivery", "info"),
    "delivered": ("Delivered", "success"),
    "attempted_delivery": ("Delivery attempted", "warning"),
    "delayed": ("Delayed", "warning"),
    "failure": ("Delivery failed", "critical"),
}
SCAN_BUTTONS: tuple[tuple[str, str], ...] = (
    ("out_for_delivery", "Out for delivery"),
    ("delivered", "Delivered"),
    ("in_transit", "In transit"),
    ("attempted_delivery", "Attempted"),
    ("delayed", "Delayed"),
    ("failure", "Failed"),
)
_WAY = (
    ("shipped", "Shipped"),
    ("out_for_delivery", "Out for delivery"),
    ("delivered", "Delivered"),
)


@dataclass(frozen=True)
class Line:
    """A line of an order. `left` has not been shipped yet."""

    id: int
    title: str
    handle: str
    quantity: int
    left: int
    requires_shipping: bool


@dataclass(frozen=True)
class ParcelCard:
    """A parcel. `steps` are (words, done); `next_scan` is what usually comes next, if anything."""

    id: int
    name: str
    contents: str
    carrier: str | None
    number: str | None
    state: str
    tone: str
    steps: tuple[tuple[str, bool], ...]
    next_scan: str | None


@dataclass(frozen=True)
class OrderCard:
    """An order."""

    id: int
    name: str
    buyer: str
    phone: str | None
    total: str
    placed: str
    state: str
    tone: str
    notes: tuple[str, ...]
    lines: tuple[Line, ...]
    parcels: tuple[ParcelCard, ...]
    can_cancel: bool

    @property
    def left(self) -> tuple[Line, ...]:
        return () if self.state == "Cancelled" else tuple(ln for ln in self.lines if ln.left)

    @property
    def left_travels(self) -> bool:
        return any(line.requires_shipping for line in self.left)

    @property
    def can_split(self) -> bool:
        """Whether there is a choice of what to ship first."""
        return sum(line.left for line in self.left if line.requires_shipping) > 1

    @property
    def contents(self) -> str:
        return _contents((line.title, line.quantity) for line in self.lines)


def order_cards(orders: Sequence[PlacedOrder], *, shop: Shop, memory: Memory) -> list[OrderCard]:
    """Cards for orders of one shop."""
    return [_order_card(order.doc, shop, memory) for order in orders]


def _order_card(doc: Payload, shop: Shop, memory: Memory) -> OrderCard:
    parcels = tuple(_parcel_card(each, memory) for each in doc["fulfillments"])
    lines = tuple(_line(each, shop) for each in doc["line_items"])
    state, tone = _order_state(doc)
    shipping = doc["shipping_address"] or {}
    return OrderCard(
        id=doc["id"],
        name=doc["name"],
        buyer=doc["billing_address"]["name"],
        phone=doc["phone"] or shipping.get("phone"),
        total=f"${doc['total_price']}",
        placed=_clock(doc["created_at"]),
        state=state,
        tone=tone,
        notes=_notes(doc),
        lines=lines,
        parcels=parcels,
        can_cancel=not doc["fulfillments"] and not doc["cancelled_at"],
    )


def _order_state(doc: Payload) -> tuple[str, str]:
    if doc["cancelled_at"]:
        return "Cancelled", "critical"
    if doc["fulfillment_status"] == "fulfilled":
        return "Fulfilled", "success"
    if doc["fulfillment_status"] == "partial":
        return "Partly shipped", "caution"
    return "Unfulfilled", "caution"


def _notes(doc: Payload) -> tuple[str, ...]:
    notes = []
    if "customer" not in doc:
        notes.append("Guest")
    if doc["shipping_address"] and doc["shipping_address"]["phone"] and not doc["phone"]:
        notes.append("Phone only on the shipping address")
    if not doc["phone"] and not (doc["shipping_address"] or {}).get("phone"):
        notes.append("No phone")
    return tuple(notes)


def _line(line: Payload, shop: Shop) -> Line:
    return Line(
        id=line["id"],
        title=line["title"],
        handle=shop.product(line["sku"]).handle,
        quantity=line["quantity"],
        left=line["fulfillable_quantity"],
        requires_shipping=line["requires_shipping"],
    )


def _parcel_card(parcel: Payload, memory: Memory) -> ParcelCard:
    status, scans = parcel["shipment_status"], set(memory.scans(parcel["id"]))
    travels = parcel["tracking_number"] is not None
    state, tone = _PARCEL_STATES[status] if travels else ("Sent by e-mail", "success")
    return ParcelCard(
        id=parcel["id"],
        name=parcel["name"],
        contents=_contents((line["title"], line["quantity"]) for line in parcel["line_items"]),
        carrier=parcel["tracking_company"],
        number=parcel["tracking_number"],
        state=state,
        tone=tone,
        steps=_steps(scans) if travels else (),
        next_scan=_next_scan(status) if travels else None,
    )


def _steps(scans: set[str]) -> tuple[tuple[str, bool], ...]:
    reached = max(
        (place for place, (key, _) in enumerate(_WAY) if key == "shipped" or key in scans)
    )
    return tuple((words, place <= reached) for place, (_, words) in enumerate(_WAY))


def _next_scan(status: str | None) -> str | None:
    if status in {"delivered", "failure"}:
        return None
    return "delivered" if status == "out_for_delivery" else "out_for_delivery"


def _contents(lines: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{count} × {title}" if count > 1 else title for title, count in lines)


def _clock(moment: str) -> str:
    return datetime.fromisoformat(moment).strftime("%b %-d, %-I:%M %p")
