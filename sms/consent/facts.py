"""Reading what the gate needs to know, for a whole batch at once."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import select

from models import (
    CarrierAccount,
    Contact,
    Conversation,
    Media,
    Message,
    Sender,
    ShopSession,
    Suppression,
)
from models.enums import MediaState, Purpose, Scope
from sms.consent.gate import Facts, OutgoingText

Row = TypeVar("Row", Contact, Conversation, Sender, CarrierAccount)


def facts_about(
    session: ShopSession,
    messages: Sequence[Message],
    *,
    media_address: Callable[[uuid.UUID, uuid.UUID], str] | None = None,
) -> dict[uuid.UUID, Facts]:
    """Read the facts for these outgoing messages afresh: five queries, however many there are.

    A sixth reads the pictures of those that have some, where they are about to be sent:
    `media_address` then makes the address of a shop's file for the carrier.
    """
    contacts = _by_id(session, Contact, {message.contact_id for message in messages})
    conversations = _by_id(session, Conversation, {message.conversation_id for message in messages})
    senders = _by_id(session, Sender, {m.sender_id for m in messages if m.sender_id})
    accounts = _by_id(
        session, CarrierAccount, {sender.carrier_account_id for sender in senders.values()}
    )
    suppressed = _suppressed(session, list(contacts.values()))
    shop = session.shop
    media = {} if media_address is None else _media(session, messages, media_address)
    facts = {}
    for message in messages:
        contact = contacts[message.contact_id]
        sender = senders.get(message.sender_id) if message.sender_id else None
        if sender is not None and sender.disconnected_at is not None:
            sender = None
        account = accounts[sender.carrier_account_id] if sender else None
        facts[message.id] = Facts(
            text=_text(message, contact, sender, media.get(message.id, ())),
            purpose=Purpose(message.purpose or ""),
            shop_status=shop.status,
            suppressed=suppressed[contact.id],
            marketing=contact.marketing,
            transactional=contact.transactional,
            they_wrote_at=_last_wrote(conversations.get(message.conversation_id)),
            erased=contact.redacted_at is not None or contact.phone is None,
            unreachable=contact.unreachable_reason is not None,
            registration=sender.registration if sender else None,
            sender_paused_until=sender.paused_until if sender else None,
            account_paused_until=account.paused_until if account else None,
            send_before=message.send_before,
        )
    return facts


def _last_wrote(conversation: Conversation | None) -> datetime | None:
    return None if conversation is None else conversation.last_inbound_at


def _text(
    message: Message, contact: Contact, sender: Sender | None, media: tuple[str, ...]
) -> OutgoingText | None:
    if sender is None or contact.phone is None:
        return None
    return OutgoingText(message.id, contact.phone, sender.number, message.body, media)


def _media(
    session: ShopSession,
    messages: Sequence[Message],
    address: Callable[[uuid.UUID, uuid.UUID], str],
) -> dict[uuid.UUID, tuple[str, ...]]:
    with_media = [message.id for message in messages if message.media_count]
    if not with_media:
        return {}
    rows = session.execute(
        select(Media.message_id, Media.id, Media.shop_id)
        .where(Media.message_id.in_(with_media), Media.state == MediaState.STORED)
        .order_by(Media.message_id, Media.position)
    )
    found: defaultdict[uuid.UUID, tuple[str, ...]] = defaultdict(tuple)
    for message_id, media_id, shop_id in rows:
        found[message_id] += (address(shop_id, media_id),)
    return found


def _by_id(session: ShopSession, table: type[Row], ids: set[uuid.UUID]) -> dict[uuid.UUID, Row]:
    # Whatever this session read before may have changed since; the decision rests on now.
    rows = session.scalars(
        select(table).where(table.id.in_(ids)).execution_options(populate_existing=True)
    )
    return {row.id: row for row in rows}


def _suppressed(
    session: ShopSession, contacts: list[Contact]
) -> defaultdict[uuid.UUID, frozenset[Scope]]:
    owners: dict[bytes, uuid.UUID] = {}
    for contact in contacts:
        owners[contact.phone_hash] = contact.id
        if contact.phone is not None:
            for known in session.vault.hashes_of_phone(session.shop.domain, contact.phone):
                owners[known.digest] = contact.id
    rows = session.execute(
        select(Suppression.phone_hash, Suppression.scope).where(
            Suppression.phone_hash.in_(list(owners))
        )
    )
    scopes: defaultdict[uuid.UUID, frozenset[Scope]] = defaultdict(frozenset)
    for phone_hash, scope in rows:
        scopes[owners[phone_hash]] |= {scope}
    return scopes
