"""People with a history, for pages to show."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

from models import Contact, Message, Order, ShopSession, new_id
from models.enums import (
    Author,
    ConversationStatus,
    Direction,
    MessageStatus,
    Purpose,
    ReceiptStatus,
    WebhookSource,
)
from models.work import WebhookReceipt
from sms.consent.revocation import Revocation, revoke
from sms.contacts import conversation_with
from tests.factories import make_contact, queue_text

_ids = itertools.count(5_000_000_000)

HOSTILE = (
    "<script>alert(1)</script> <b>bold</b> \u202eevil\u202c \u200bzero "
    "https://example.com/" + "verylong" * 30
)


def make_person(
    session: ShopSession,
    *,
    now: datetime,
    phone: str,
    first: str = "",
    last: str = "",
    **about: Any,
) -> Contact:
    contact = make_contact(session, now=now, phone=phone, **about)
    contact.first_name, contact.last_name = first or None, last or None
    return contact


def make_order(
    session: ShopSession, contact: Contact, *, now: datetime, name: str = "#1001", **about: Any
) -> Order:
    shopify_id = next(_ids)
    order = Order(
        id=new_id(),
        shopify_id=shopify_id,
        contact_id=contact.id,
        name=name,
        phone=contact.phone,
        first_name=contact.first_name,
        currency="USD",
        total_minor=4850,
        financial_status="paid",
        line_items=[
            {"id": 1, "title": "Amber maple syrup", "quantity": 2, "requires_shipping": True},
            {"id": 2, "title": "Seeded rye loaf", "quantity": 1, "requires_shipping": True},
        ],
        is_test=False,
        placed_at=now,
        shopify_updated_at=now,
        triggered_at=now,
    )
    for key, value in about.items():
        setattr(order, key, value)
    session.add(order)
    session.flush()
    return order


def make_inbound(
    session: ShopSession, contact: Contact, *, now: datetime, body: str, waiting: bool = True
) -> Message:
    conversation = conversation_with(session, contact, now=now)
    message = Message(
        id=new_id(),
        contact_id=contact.id,
        conversation_id=conversation.id,
        direction=Direction.INBOUND,
        author=Author.SHOPPER,
        status=MessageStatus.RECEIVED,
        body=body,
        dedupe_key=f"in-{next(_ids)}",
        carrier="twilio",
        queued_at=now,
        send_after=now,
    )
    session.add(message)
    conversation.status = ConversationStatus.OPEN
    conversation.last_inbound_at = now
    conversation.waiting_since = now if waiting else None
    session.flush()
    return message


def make_sent(
    session: ShopSession,
    contact: Contact,
    *,
    now: datetime,
    status: MessageStatus = MessageStatus.DELIVERED,
    reason: str | None = None,
    body: str = "Maple & Rye: your order #1001 is on its way.",
    purpose: Purpose = Purpose.TRANSACTIONAL,
) -> Message:
    queued = queue_text(session, contact, now=now, body=body, purpose=purpose)
    message = session.get_one(Message, queued.message_id)
    message.status, message.reason = status, reason
    if status not in {MessageStatus.QUEUED, MessageStatus.BLOCKED, MessageStatus.CANCELLED}:
        message.accepted_at = now
    session.flush()
    return message


def opt_out(session: ShopSession, contact: Contact, *, now: datetime) -> None:
    revocation = Revocation(
        source="inbound_text",
        external_id=f"stop-{next(_ids)}",
        method="inbound_text",
        actor="shopper",
        occurred_at=now,
        words="STOP",
    )
    revoke(session, contact, revocation, now=now)


def note_webhooks(session: ShopSession, *, now: datetime) -> None:
    for source in (WebhookSource.SHOPIFY, WebhookSource.CARRIER_INBOUND):
        session.add(
            WebhookReceipt(
                id=new_id(),
                source=source,
                external_id=f"webhook-{next(_ids)}",
                topic="orders/create",
                status=ReceiptStatus.PROCESSED,
                triggered_at=now,
                received_at=now,
                processed_at=now,
            )
        )


def make_busy(session: ShopSession, *, now: datetime) -> Contact:
    """Fill a shop with a day's work, and return the person with the longest story."""
    session.shop.iana_timezone = "America/New_York"
    note_webhooks(session, now=now)
    ada = make_person(
        session, now=now - timedelta(days=3), phone="+14155550101", first="Ada", last="Marsh",
        marketing=True,
    )  # fmt: skip
    make_order(session, ada, now=now - timedelta(days=3), fulfillment_status="fulfilled")
    make_sent(session, ada, now=now - timedelta(days=2, hours=3))
    make_order(session, ada, now=now - timedelta(hours=6), name="#1007", total_minor=1_204_50)
    make_inbound(session, ada, now=now - timedelta(minutes=42), body="Hi! Where is my order? 🍞")
    ben = make_person(session, now=now, phone="+12125550102", first="Ben", last="Okafor")
    make_inbound(session, ben, now=now - timedelta(hours=5), body="Can I change my address?")
    make_sent(session, ben, now=now - timedelta(hours=1), status=MessageStatus.SENT)
    chloe = make_person(session, now=now, phone="+15145550103", first="Chloé", last="Gagnon")
    make_sent(session, chloe, now=now, status=MessageStatus.UNDELIVERED, reason="carrier_30005")
    opt_out(session, chloe, now=now)
    long = make_person(
        session, now=now, phone="+13125550104", first="Donaudampfschifffahrts" * 4, last="محمد علي"
    )
    make_inbound(session, long, now=now - timedelta(minutes=3), body=HOSTILE)
    make_sent(session, long, now=now, status=MessageStatus.FAILED, reason="carrier_30007")
    make_person(
        session, now=now, phone="+13125550105", first="محمد", last="علي", transactional=False
    )
    return ada
