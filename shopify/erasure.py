"""Forgetting people, and whole shops, without forgetting that someone said STOP.

What stays names nobody: keyed hashes of phones in the suppressions, and the ledger, whose evidence
and salts go. Bodies of webhooks that concern a person go at once where the receipt or the text
says whom it is about; all others are emptied 14 days after they were processed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cryptography.fernet import InvalidToken
from sqlalchemy import ColumnElement, delete, select, true, update

from models import (
    CarrierAccount,
    ConsentEvent,
    ConsentEvidence,
    Contact,
    Conversation,
    Fulfillment,
    FulfillmentEvent,
    Message,
    Order,
    OutboxEntry,
    PrivacyRequest,
    Sender,
    ShippingText,
    Shop,
    ShopSession,
    ShopToken,
    StaffMember,
    WebhookReceipt,
)
from models.enums import (
    ConsentKind,
    ConversationStatus,
    Direction,
    MessageStatus,
    ReceiptStatus,
    Scope,
    ShopStatus,
)
from shopify.held import Held
from shopify.notices import CustomerRequest
from sms.consent.ledger import Entry, append
from sms.consent.reasons import Reason
from sms.contacts import lock_contact
from sms.media.store import forget_media

Counts = dict[str, Any]

_NO_SYNC = {"synchronize_session": False}
_FORGOTTEN_PERSON = {
    "phone": None,
    "customer_id": None,
    "first_name": None,
    "last_name": None,
    "country": None,
}
_FORGOTTEN_ORDER = {
    "contact_id": None,
    "customer_id": None,
    "phone": None,
    "first_name": None,
    "locale": None,
    "checkout_token": None,
    "cart_token": None,
    "order_status_url": None,
}
# A tracking number leads to an address.
_FORGOTTEN_PARCEL: Counts = {"tracking_numbers": [], "tracking_urls": []}


def erase_people(
    session: ShopSession,
    held: Held,
    request: CustomerRequest,
    *,
    external_id: str,
    now: datetime,
) -> Counts:
    """Erase these contacts and orders, and count what was erased. The orders' locks are held."""
    phones = [contact.phone for contact in held.contacts if contact.phone is not None]
    for contact in sorted(held.contacts, key=lambda contact: contact.id):
        _stop_marketing(session, contact, external_id=external_id, now=now)
    contact_ids = [contact.id for contact in held.contacts]
    order_ids = held.order_ids
    _forget_contacts(session, Contact.id.in_(contact_ids), now=now)
    messages = _forget_messages(session, Message.contact_id.in_(contact_ids))
    _forget_orders(session, Order.shopify_id.in_(order_ids), now=now)
    _forget_parcels(
        session,
        Fulfillment.shopify_order_id.in_(order_ids),
        FulfillmentEvent.shopify_fulfillment_id.in_(
            select(Fulfillment.shopify_id).where(Fulfillment.shopify_order_id.in_(order_ids))
        ),
    )
    subjects = [f"order:{order_id}" for order_id in order_ids | request.order_ids]
    subjects += [f"contact:{contact_id}" for contact_id in contact_ids]
    session.execute(
        update(WebhookReceipt)
        .where(WebhookReceipt.subject.in_(subjects))
        .values(body_encrypted=None)
    )
    _forget_what_names(session, request, phones)
    session.expire_all()
    return {"contacts": len(contact_ids), "orders": len(order_ids), "messages": messages}


def erase_shop(
    session: ShopSession, shop: Shop, receipt: WebhookReceipt, *, now: datetime
) -> Counts:
    """Erase everything personal of a shop, its secrets, and what it still had to do."""
    contacts = _forget_contacts(session, true(), now=now)
    messages = _forget_messages(session, true())
    orders = _forget_orders(session, true(), now=now)
    _forget_parcels(session, true(), true())
    # The number and the carrier's token were lent to us; both are free for another shop now.
    session.execute(update(Message).values(sender_id=None), execution_options=_NO_SYNC)
    for table in (Sender, CarrierAccount, ShippingText, ShopToken):
        session.execute(delete(table), execution_options=_NO_SYNC)
    session.execute(
        update(PrivacyRequest).values(export_encrypted=None), execution_options=_NO_SYNC
    )
    session.execute(update(StaffMember).values(name=None, locale=None), execution_options=_NO_SYNC)
    _drop_unfinished_work(session, receipt, now=now)
    session.expire_all()
    shop.status = ShopStatus.ERASED
    shop.uninstalled_at = shop.uninstalled_at or now
    shop.name = shop.support_contact = shop.scopes = None
    shop.iana_timezone = shop.currency = shop.country = None
    shop.transactional_sms_disabled = None
    shop.shopify_updated_at = shop.triggered_at = shop.scopes_updated_at = None
    return {"contacts": contacts, "orders": orders, "messages": messages}


def _stop_marketing(
    session: ShopSession, contact: Contact, *, external_id: str, now: datetime
) -> None:
    """Suppress marketing to the number, whoever imports it again (R14.4).

    Texts about a later order stay possible, unless the person had stopped those too: an erasure is
    no wish to shop without being told where the parcel is.
    """
    if lock_contact(session, contact.id).phone is None:
        return
    entry = Entry(
        kind=ConsentKind.REDACTED,
        scope=Scope.MARKETING,
        source="shopify_redact",
        external_id=f"{external_id}:{contact.id}",
        method="redaction",
        actor="shopify",
        occurred_at=now,
    )
    append(session, contact, entry, now=now)
    session.flush()


def _forget_contacts(session: ShopSession, which: ColumnElement[bool], *, now: datetime) -> int:
    evidence_of = select(ConsentEvent.id).where(
        ConsentEvent.contact_id.in_(select(Contact.id).where(which))
    )
    session.execute(
        delete(ConsentEvidence).where(ConsentEvidence.event_id.in_(evidence_of)),
        execution_options=_NO_SYNC,
    )
    conversations = Conversation.contact_id.in_(select(Contact.id).where(which))
    session.execute(
        update(Conversation)
        .where(conversations)
        .values(
            status=ConversationStatus.CLOSED,
            unread=0,
            waiting_since=None,
            version=Conversation.version + 1,
        ),
        execution_options=_NO_SYNC,
    )
    erased = session.execute(
        update(Contact)
        .where(which, Contact.redacted_at.is_(None))
        .values(**_FORGOTTEN_PERSON, redacted_at=now)
        .returning(Contact.id),
        execution_options=_NO_SYNC,
    )
    return len(erased.all())


def _forget_messages(session: ShopSession, which: ColumnElement[bool]) -> int:
    session.execute(
        update(Message)
        .where(
            which,
            Message.direction == Direction.OUTBOUND,
            Message.status == MessageStatus.QUEUED,
        )
        .values(status=MessageStatus.CANCELLED, reason=Reason.CONTACT_ERASED),
        execution_options=_NO_SYNC,
    )
    forget_media(session, select(Message.id).where(which))
    emptied = session.execute(
        update(Message).where(which, Message.body != "").values(body="").returning(Message.id),
        execution_options=_NO_SYNC,
    )
    return len(emptied.all())


def _forget_orders(session: ShopSession, which: ColumnElement[bool], *, now: datetime) -> int:
    erased = session.execute(
        update(Order)
        .where(which, Order.redacted_at.is_(None))
        .values(**_FORGOTTEN_ORDER, redacted_at=now)
        .returning(Order.id),
        execution_options=_NO_SYNC,
    )
    return len(erased.all())


def _forget_parcels(
    session: ShopSession, parcels: ColumnElement[bool], scans: ColumnElement[bool]
) -> None:
    """Forget where parcels went. What was in them stays for the books; it names nobody."""
    session.execute(
        update(FulfillmentEvent).where(scans).values(message=None), execution_options=_NO_SYNC
    )
    session.execute(
        update(Fulfillment).where(parcels).values(**_FORGOTTEN_PARCEL), execution_options=_NO_SYNC
    )


def _forget_what_names(session: ShopSession, request: CustomerRequest, phones: list[str]) -> None:
    """Empty what can only be told by reading it: unusable webhooks, and earlier exports.

    Both are few, and neither goes by itself after two weeks.
    """
    ids = (request.customer_id, *request.order_ids)
    marks = [str(mark).encode() for mark in (*ids, request.phone, *phones) if mark is not None]
    unusable = session.scalars(
        select(WebhookReceipt).where(
            WebhookReceipt.status == ReceiptStatus.UNUSABLE,
            WebhookReceipt.body_encrypted.is_not(None),
        )
    )
    for receipt in unusable:
        if _mentions(session, receipt.body_encrypted, marks):
            receipt.body_encrypted = None
    exports = session.scalars(
        select(PrivacyRequest).where(PrivacyRequest.export_encrypted.is_not(None))
    )
    for export in exports:
        if _mentions(session, export.export_encrypted, marks):
            export.export_encrypted = None
    session.flush()


def _mentions(session: ShopSession, encrypted: bytes | None, marks: list[bytes]) -> bool:
    if encrypted is None:
        return False
    try:
        body = session.vault.decrypt(encrypted)
    except InvalidToken:
        # Nobody can read it any more, which is what was asked for.
        return False
    return any(mark in body for mark in marks)


def _drop_unfinished_work(session: ShopSession, receipt: WebhookReceipt, *, now: datetime) -> None:
    session.execute(
        update(OutboxEntry)
        .where(OutboxEntry.done_at.is_(None), OutboxEntry.receipt_id.is_distinct_from(receipt.id))
        .values(done_at=now),
        execution_options=_NO_SYNC,
    )
    session.execute(
        update(WebhookReceipt)
        .where(WebhookReceipt.id != receipt.id, WebhookReceipt.status != ReceiptStatus.PROCESSED)
        .values(
            status=ReceiptStatus.PROCESSED,
            processed_at=now,
            problem="The shop's data was erased before this was read.",
        ),
        execution_options=_NO_SYNC,
    )
    session.execute(update(WebhookReceipt).values(body_encrypted=None), execution_options=_NO_SYNC)
