"""The last look before texts leave: choose what is due, ask the gate again, mark it `sending`."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from sqlalchemy import select

from models import Contact, Message, Sender, ShopSession
from models.enums import MessageStatus
from sms.carriers.accounts import credentials_of
from sms.carriers.protocol import Account
from sms.consent.facts import facts_about
from sms.consent.gate import Cleared, decide
from sms.delivery.lease import Lease, renew_lease, segments_allowed_at_once, spend
from sms.delivery.outbound import keep_decision


@dataclass(frozen=True, slots=True)
class Request:
    """One request to a carrier that is about to begin. Its message is `sending` by now."""

    message_id: uuid.UUID
    attempt: int
    cleared: Cleared
    account: Account
    status_url: str
    valid_seconds: int | None


@dataclass(frozen=True, slots=True)
class Due:
    message_id: uuid.UUID
    contact_id: uuid.UUID


def what_is_due(
    session: ShopSession, sender_id: uuid.UUID, *, limit: int, now: datetime
) -> list[Due]:
    """List due texts of one sender: replies first, then news about orders, then promotions."""
    rows = session.execute(
        select(Message.id, Message.contact_id, Message.segments)
        .where(
            Message.sender_id == sender_id,
            Message.status == MessageStatus.QUEUED,
            Message.send_after <= now,
        )
        .order_by(Message.lane, Message.send_after, Message.id)
        .limit(limit)
    ).all()
    sender = session.get_one(Sender, sender_id)
    return _that_fit([(Due(row[0], row[1]), row[2] or 1) for row in rows], sender)


def _that_fit(rows: Sequence[tuple[Due, int]], sender: Sender) -> list[Due]:
    """Keep to the pace; a text longer than a whole step still leaves, alone."""
    fitting: list[Due] = []
    room = segments_allowed_at_once(sender)
    for due, segments in rows:
        if fitting and segments > room:
            break
        fitting.append(due)
        room -= segments
    return fitting


def hold_contacts(session: ShopSession, due: Sequence[Due]) -> None:
    """Keep everyone's consent as it is until this transaction ends (see `lock_contact`)."""
    session.execute(
        select(Contact.id)
        .where(Contact.id.in_({each.contact_id for each in due}))
        .order_by(Contact.id)
        .with_for_update(read=True, key_share=True)
    )


def mark_sending(
    session: ShopSession,
    lease: Lease,
    due: Sequence[Due],
    *,
    status_address: Callable[[str], str],
    media_address: Callable[[uuid.UUID, uuid.UUID], str],
    now: datetime,
) -> list[Request] | None:
    """Ask the gate about each, and mark those it clears. None when the lease was lost."""
    sender = renew_lease(session, lease)
    if sender is None:
        return None
    messages = session.scalars(
        select(Message)
        .where(
            Message.id.in_([each.message_id for each in due]),
            Message.status == MessageStatus.QUEUED,
        )
        .order_by(Message.lane, Message.send_after, Message.id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    # Links to pictures begin to run out now, so they are made no sooner.
    facts = facts_about(session, messages, media_address=media_address)
    account = credentials_of(session, sender.carrier_account_id)
    requests = []
    for message in messages:
        decision = decide(facts[message.id], now)
        keep_decision(session, message, facts[message.id], decision, stage="dispatch", now=now)
        if isinstance(decision, Cleared):
            address = status_address(account.key)
            requests.append(_begin(message, decision, account, address=address, now=now))
            spend(sender, message.segments or 1, now)
    return requests


def _begin(
    message: Message, cleared: Cleared, account: Account, *, address: str, now: datetime
) -> Request:
    message.status = MessageStatus.SENDING
    message.attempted_at = now
    message.attempts += 1
    message.missing_since = None
    left = None if message.send_before is None else (message.send_before - now).total_seconds()
    # Our own id comes back with every status, so a text is found even if the answer to its
    # request was lost.
    return Request(
        message_id=message.id,
        attempt=message.attempts,
        cleared=cleared,
        account=account,
        status_url=f"{address}?{urlencode({'m': str(message.id)})}",
        valid_seconds=None if left is None else int(left),
    )
