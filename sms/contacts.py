"""Finding the person behind a number, once per shop, whoever asks first."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from models import Contact, Conversation, ShopSession, new_id
from models.enums import ConsentState, ConversationStatus
from sms.numbers import region_of


def find_or_create_contact(session: ShopSession, phone: str, *, now: datetime) -> Contact:
    """Return the shop's contact with this E.164 phone; two callers at once get the same one."""
    found = _contact_with(session, phone)
    if found is not None:
        return found
    session.execute(
        insert(Contact)
        .values(
            id=new_id(),
            shop_id=session.shop_id,
            phone=phone,
            phone_hash=session.vault.hash_phone(session.shop.domain, phone).digest,
            country=region_of(phone),
            marketing=ConsentState.NONE,
            transactional=ConsentState.NONE,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["shop_id", "phone"])
    )
    created = _contact_with(session, phone)
    assert created is not None
    return created


def _contact_with(session: ShopSession, phone: str) -> Contact | None:
    return session.scalars(select(Contact).where(Contact.phone == phone)).first()


def lock_contact(session: ShopSession, contact_id: uuid.UUID) -> Contact:
    """Take the contact for oneself until the transaction ends, and read it afresh.

    A dispatcher holds a KEY SHARE on everyone it is about to text until the requests have begun.
    Whoever changes what a person allows takes this lock first, and thereby commits either before
    the dispatcher's last look or after its requests began: never in between.
    """
    return session.scalars(
        select(Contact)
        .where(Contact.id == contact_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def lock_person(session: ShopSession, phone: str, *, now: datetime) -> Contact:
    """Find or create the contact with this phone, and take it (see `lock_contact`).

    Should the person be erased while we wait, whoever writes now starts afresh (R14.4).
    """
    while True:
        contact = lock_contact(session, find_or_create_contact(session, phone, now=now).id)
        if contact.phone == phone:
            return contact


def conversation_with(session: ShopSession, contact: Contact, *, now: datetime) -> Conversation:
    """Return the one thread with this person, opening it if there is none."""
    query = select(Conversation).where(Conversation.contact_id == contact.id)
    found = session.scalars(query).first()
    if found is not None:
        return found
    session.execute(
        insert(Conversation)
        .values(
            id=new_id(),
            shop_id=session.shop_id,
            contact_id=contact.id,
            status=ConversationStatus.CLOSED,
            unread=0,
            version=0,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["shop_id", "contact_id"])
    )
    return session.scalars(query).one()
