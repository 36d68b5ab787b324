"""Telling a shopper about their parcels: each milestone of each shipment at most once.

The unique row in `shipment_milestones` is that promise. Whoever gets to write it tells; everybody
else, in the same second or a week later, finds it there. A milestone that is not told has its row
too, with the reason.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from models import (
    Contact,
    Fulfillment,
    FulfillmentEvent,
    Order,
    Sender,
    ShipmentMilestone,
    ShippingText,
    Shop,
    ShopSession,
    new_id,
)
from models.enums import Milestone, MilestoneOutcome, Purpose, ShopStatus
from sms.consent.gate import Blocked
from sms.contacts import lock_contact
from sms.delivery.outbound import Queued, queue_message
from sms.shipping.news import News, Scan, news_of, why_untold
from sms.shipping.parcels import parcel_of, shipment_of
from sms.shipping.switches import is_on
from sms.shipping.texts import compose

_LEFT = frozenset({ShopStatus.UNINSTALLED, ShopStatus.ERASED})


@dataclass(frozen=True, slots=True)
class _Known:
    """What is the same for all parcels of an order, read once."""

    shop: Shop
    order: Order
    parcels: list[Fulfillment]
    contact: Contact | None
    choices: dict[Milestone, ShippingText]
    has_sender: bool
    now: datetime


def announce(session: ShopSession, order: Order, *, now: datetime) -> None:
    """Look at every parcel of an order afresh, and queue a text for what is news.

    Whoever calls it holds the order's lock, so that what two webhooks brought is seen together.
    """
    parcels = list(
        session.scalars(
            select(Fulfillment)
            .where(Fulfillment.shopify_order_id == order.shopify_id)
            .order_by(Fulfillment.created_at, Fulfillment.shopify_id)
        )
    )
    if not parcels or session.shop.status in _LEFT:
        return
    known = _known(session, order, parcels, now=now)
    ids = [parcel.shopify_id for parcel in parcels]
    scans, settled = _scans(session, ids), _settled(session, ids, known.contact)
    for parcel in parcels:
        shipment = shipment_of(parcel, order, scans[parcel.shopify_id])
        reached = news_of(shipment, installed_at=known.shop.installed_at)
        for news in reached:
            if (parcel.shopify_id, news.milestone) not in settled:
                _settle(session, known, parcel, news, reached=reached)


def _known(
    session: ShopSession, order: Order, parcels: list[Fulfillment], *, now: datetime
) -> _Known:
    contact = session.get(Contact, order.contact_id) if order.contact_id else None
    return _Known(
        shop=session.shop,
        order=order,
        parcels=parcels,
        contact=contact if contact is not None and contact.phone is not None else None,
        choices={choice.milestone: choice for choice in session.scalars(select(ShippingText))},
        has_sender=session.scalars(
            select(Sender.id).where(Sender.disconnected_at.is_(None)).limit(1)
        ).first()
        is not None,
        now=now,
    )


def _scans(session: ShopSession, parcel_ids: list[int]) -> defaultdict[int, list[Scan]]:
    scans: defaultdict[int, list[Scan]] = defaultdict(list)
    rows = session.scalars(
        select(FulfillmentEvent).where(FulfillmentEvent.shopify_fulfillment_id.in_(parcel_ids))
    )
    for row in rows:
        scans[row.shopify_fulfillment_id].append(Scan(row.status, row.happened_at))
    return scans


def _settled(
    session: ShopSession, parcel_ids: list[int], contact: Contact | None
) -> set[tuple[int, Milestone]]:
    """Find what needs no second look. A phone that came later reopens what lacked only that."""
    rows = session.scalars(
        select(ShipmentMilestone).where(ShipmentMilestone.shopify_fulfillment_id.in_(parcel_ids))
    )
    return {
        (row.shopify_fulfillment_id, row.milestone)
        for row in rows
        if contact is None or row.outcome is not MilestoneOutcome.NO_USABLE_PHONE
    }


def _settle(
    session: ShopSession,
    known: _Known,
    parcel: Fulfillment,
    news: News,
    *,
    reached: tuple[News, ...],
) -> None:
    why_not = why_untold(
        news,
        reached,
        installed_at=known.shop.installed_at,
        order_cancelled=known.order.cancelled_at is not None,
        now=known.now,
    ) or _why_impossible(known, news.milestone)
    outcome = why_not or MilestoneOutcome.TEXTED
    row_id = _claim(session, parcel, news, outcome, now=known.now)
    if row_id is not None and why_not is None:
        _tell(session, known, parcel, news, row_id=row_id)


def _why_impossible(known: _Known, milestone: Milestone) -> MilestoneOutcome | None:
    if not is_on(known.shop, known.choices.get(milestone)):
        return MilestoneOutcome.SWITCHED_OFF
    if known.contact is None:
        return MilestoneOutcome.NO_USABLE_PHONE
    return None if known.has_sender else MilestoneOutcome.NO_SENDER


def _claim(
    session: ShopSession,
    parcel: Fulfillment,
    news: News,
    outcome: MilestoneOutcome,
    *,
    now: datetime,
) -> uuid.UUID | None:
    """Write the row that settles it, or settle one that lacked a phone; None if it is settled."""
    values = {"outcome": outcome, "happened_at": news.happened_at, "decided_at": now}
    row_id: uuid.UUID | None = session.execute(
        insert(ShipmentMilestone)
        .values(
            id=new_id(),
            shop_id=session.shop_id,
            shopify_fulfillment_id=parcel.shopify_id,
            milestone=news.milestone,
            **values,
        )
        .on_conflict_do_update(
            index_elements=["shop_id", "shopify_fulfillment_id", "milestone"],
            set_=values,
            where=ShipmentMilestone.outcome == MilestoneOutcome.NO_USABLE_PHONE,
        )
        .returning(ShipmentMilestone.id)
    ).scalar_one_or_none()
    return row_id


def _tell(
    session: ShopSession, known: _Known, parcel: Fulfillment, news: News, *, row_id: uuid.UUID
) -> None:
    assert known.contact is not None
    # Before a conversation or message points at the contact: a lock taken later could deadlock.
    contact = lock_contact(session, known.contact.id)
    choice = known.choices.get(news.milestone)
    answer = queue_message(
        session,
        contact,
        purpose=Purpose.TRANSACTIONAL,
        body=compose(
            news.milestone,
            parcel_of(parcel, known.order, known.parcels, brand=known.shop.brand),
            template=choice.template if choice else None,
        ),
        dedupe_key=f"shipping:{parcel.shopify_id}:{news.milestone}",
        now=known.now,
        send_before=news.stale_at,
    )
    refused = isinstance(answer, Queued) and isinstance(answer.decision, Blocked)
    session.execute(
        update(ShipmentMilestone)
        .where(ShipmentMilestone.id == row_id)
        .values(
            message_id=answer.message_id,
            outcome=MilestoneOutcome.REFUSED if refused else MilestoneOutcome.TEXTED,
        )
    )
