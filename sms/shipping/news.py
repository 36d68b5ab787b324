"""What a shipment has been through, and which of it is still worth a text. Pure.

The same state is reached whatever the order in which Shopify's webhooks came, so that what is told
depends on the facts and not on their order of arrival.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.enums import Milestone, MilestoneOutcome

# "Out for delivery" is about today; the rest is of use for two days. Shopify itself may deliver a
# webhook up to a day late.
_FRESH_FOR = {Milestone.OUT_FOR_DELIVERY: timedelta(hours=12)}
_FRESH_FOR_ELSE = timedelta(hours=48)

_MILESTONE_OF = {
    "out_for_delivery": Milestone.OUT_FOR_DELIVERY,
    "delivered": Milestone.DELIVERED,
    "attempted_delivery": Milestone.ATTEMPTED_DELIVERY,
    "delayed": Milestone.DELAYED,
    "failure": Milestone.FAILED,
}
# A carrier that has the parcel says so, also while the shop's own status lags behind.
_ON_ITS_WAY = frozenset({"in_transit", "carrier_picked_up", *_MILESTONE_OF})
# Nobody carries it anywhere: the shopper fetches it.
_FETCHED = frozenset({"ready_for_pickup", "picked_up"})
_SENT_OFF = "success"
_WITHDRAWN = "cancelled"
# The request to a fulfilment service came to nothing; a parcel does not exist.
_NEVER_SENT = frozenset({"error", "failure"})

# Being told the later of two is enough. Delivery ends everything; the others end only what
# happened before them: a parcel may be delayed again after a failed attempt.
_ENDS = {
    Milestone.OUT_FOR_DELIVERY: frozenset({Milestone.SHIPPED, Milestone.DELAYED}),
    Milestone.ATTEMPTED_DELIVERY: frozenset(
        {Milestone.SHIPPED, Milestone.DELAYED, Milestone.OUT_FOR_DELIVERY}
    ),
    Milestone.FAILED: frozenset(Milestone) - {Milestone.FAILED, Milestone.DELIVERED},
    Milestone.DELIVERED: frozenset(Milestone) - {Milestone.DELIVERED},
}
_ENDS_WHENEVER = frozenset({Milestone.DELIVERED})
# What happened within so little of each other is all news still, and webhooks of the same minutes
# come in any order: each is told, the earlier first (P18).
_STILL_NEWS_WITHIN = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Scan:
    """One event in a parcel's life, `status` in Shopify's words in lower case."""

    status: str
    happened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """What is known of one parcel. `travels` is False for what is only downloaded."""

    status: str | None
    shipment_status: str | None
    travels: bool
    created_at: datetime
    updated_at: datetime
    scans: tuple[Scan, ...] = ()


@dataclass(frozen=True, slots=True)
class News:
    """A milestone that a shipment has reached, and when."""

    milestone: Milestone
    happened_at: datetime

    @property
    def stale_at(self) -> datetime:
        return self.happened_at + _FRESH_FOR.get(self.milestone, _FRESH_FOR_ELSE)


def news_of(shipment: Shipment, *, installed_at: datetime) -> tuple[News, ...]:
    """Say what a shipment has reached so far, in the order of its happening."""
    if shipment.status == _WITHDRAWN or not shipment.travels:
        return ()
    reached = _scanned(shipment)
    current = _MILESTONE_OF.get(shipment.shipment_status or "")
    if current is not None and current not in reached:
        reached[current] = _status_since(shipment, installed_at=installed_at)
    if _has_left(shipment):
        reached[Milestone.SHIPPED] = shipment.created_at
    ordered = sorted(reached.items(), key=lambda item: (item[1], list(Milestone).index(item[0])))
    return tuple(News(milestone, at) for milestone, at in ordered)


def _scanned(shipment: Shipment) -> dict[Milestone, datetime]:
    first: dict[Milestone, datetime] = {}
    for scan in shipment.scans:
        milestone = _MILESTONE_OF.get(scan.status)
        if milestone is not None:
            first[milestone] = min(first.get(milestone, scan.happened_at), scan.happened_at)
    return first


def _status_since(shipment: Shipment, *, installed_at: datetime) -> datetime:
    """Date a status that no scan dates: by the last change of the shipment.

    Any edit moves that date. A parcel that was under way before we were there may have arrived
    long ago, so for it the earliest possible moment counts.
    """
    if shipment.created_at < installed_at:
        return shipment.created_at
    return shipment.updated_at


def _has_left(shipment: Shipment) -> bool:
    if shipment.status in _NEVER_SENT:
        return False
    seen = {scan.status for scan in shipment.scans} | {shipment.shipment_status or ""}
    if seen & _ON_ITS_WAY:
        return True
    return shipment.status == _SENT_OFF and not seen & _FETCHED


def why_untold(
    news: News,
    others: Iterable[News],
    *,
    installed_at: datetime,
    order_cancelled: bool,
    now: datetime,
) -> MilestoneOutcome | None:
    """Say why this news is not worth a text, or None if it is. `others` may contain it."""
    # Shopify's stamps are whole seconds: what happened in the second of the install came after it.
    if news.happened_at < installed_at.replace(microsecond=0):
        return MilestoneOutcome.BEFORE_INSTALL
    if now >= news.stale_at:
        return MilestoneOutcome.STALE
    if any(_overtakes(other, news) for other in others):
        return MilestoneOutcome.OVERTAKEN
    if order_cancelled:
        return MilestoneOutcome.ORDER_CANCELLED
    return None


def _overtakes(later: News, earlier: News) -> bool:
    if earlier.milestone not in _ENDS.get(later.milestone, frozenset()):
        return False
    between = later.happened_at - earlier.happened_at
    if between < timedelta(0):
        return later.milestone in _ENDS_WHENEVER
    return between > _STILL_NEWS_WITHIN
