"""One sender, one dispatcher: a lease in the sender's row, fenced, and the sender's pace in it.

Leases run on the database's clock, which every worker shares.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update

from models import Sender, ShopSession


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to send from one number. It is lost once somebody holds a later `fence`."""

    sender_id: uuid.UUID
    fence: int
    seconds: float


def take_lease(session: ShopSession, sender_id: uuid.UUID, *, seconds: float) -> Lease | None:
    """Take the sender for `seconds`, or return None while another dispatcher has it."""
    now = func.clock_timestamp()
    fence = session.execute(
        update(Sender)
        .where(Sender.id == sender_id, or_(Sender.lease_until.is_(None), Sender.lease_until < now))
        .values(lease_fence=Sender.lease_fence + 1, lease_until=now + timedelta(seconds=seconds))
        .returning(Sender.lease_fence)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    return None if fence is None else Lease(sender_id, fence, seconds)


def renew_lease(session: ShopSession, lease: Lease) -> Sender | None:
    """Keep the sender for as long again and lock its row, or return None if it was lost."""
    renewed = session.execute(
        update(Sender)
        .where(Sender.id == lease.sender_id, Sender.lease_fence == lease.fence)
        .values(lease_until=func.clock_timestamp() + timedelta(seconds=lease.seconds))
        .returning(Sender.id)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if renewed is None:
        return None
    return session.scalars(
        select(Sender).where(Sender.id == lease.sender_id).execution_options(populate_existing=True)
    ).one()


def release_lease(session: ShopSession, lease: Lease) -> None:
    session.execute(
        update(Sender)
        .where(Sender.id == lease.sender_id, Sender.lease_fence == lease.fence)
        .values(lease_until=None)
        .execution_options(synchronize_session=False)
    )


def segments_allowed_at_once(sender: Sender) -> float:
    """Return how many segments may leave in one go: a quarter of a second's worth.

    Even steps keep every second's sum close to the rate; a whole second at once would let two
    seconds' worth into one second of the carrier's.
    """
    return max(1.0, float(sender.segments_per_second) / 4)


def seconds_until_next(sender: Sender, now: datetime) -> float:
    """Return how long the pace asks to wait, 0 when the next segment may leave now."""
    if sender.next_segment_at is None:
        return 0.0
    return max(0.0, (sender.next_segment_at - now).total_seconds())


def spend(sender: Sender, segments: int, now: datetime) -> None:
    """Move the sender's pace on by what is about to leave."""
    start = max(now, sender.next_segment_at or now)
    sender.next_segment_at = start + timedelta(seconds=segments / float(sender.segments_per_second))
