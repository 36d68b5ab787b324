"""Everything held about a customer, readable: what R14.6 asks an access request to contain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from cryptography.fernet import InvalidToken
from sqlalchemy import LargeBinary, inspect, select

from models import (
    Base,
    ConsentEvent,
    ConsentEvidence,
    Contact,
    Conversation,
    Fulfillment,
    FulfillmentEvent,
    GateDecision,
    Message,
    Order,
    ShopSession,
)
from shopify.held import Held
from shopify.notices import CustomerRequest
from sms.consent.ledger import suppressed_scopes

Json = dict[str, Any]


def export_of(session: ShopSession, held: Held, request: CustomerRequest, *, now: datetime) -> Json:
    return {
        "shop": session.shop.domain,
        "made_at": now.isoformat(),
        "customer": {"id": request.customer_id, "phone": request.phone},
        "contacts": [_contact(session, contact) for contact in held.contacts],
        "orders": [_order(session, order) for order in held.orders],
    }


def _contact(session: ShopSession, contact: Contact) -> Json:
    suppressed = suppressed_scopes(session, contact.phone) if contact.phone else frozenset()
    return _shown(contact) | {
        "never_texted_again_for": sorted(suppressed),
        "consent": _consent(session, contact),
        "conversations": _all_shown(
            session.scalars(select(Conversation).where(Conversation.contact_id == contact.id))
        ),
        "messages": _messages(session, contact),
    }


def _consent(session: ShopSession, contact: Contact) -> list[Json]:
    rows = session.execute(
        select(ConsentEvent, ConsentEvidence)
        .outerjoin(ConsentEvidence, ConsentEvidence.event_id == ConsentEvent.id)
        .where(ConsentEvent.contact_id == contact.id)
        .order_by(ConsentEvent.occurred_at, ConsentEvent.id)
    ).all()
    return [_shown(event) | {"evidence": _evidence(session, proof)} for event, proof in rows]


def _evidence(session: ShopSession, proof: ConsentEvidence | None) -> Json | None:
    if proof is None:
        return None
    try:
        return session.vault.decrypt_json(proof.evidence_encrypted)
    except InvalidToken:
        return {"problem": "The key to this evidence is gone."}


def _messages(session: ShopSession, contact: Contact) -> list[Json]:
    messages = session.scalars(
        select(Message).where(Message.contact_id == contact.id).order_by(Message.id)
    ).all()
    decisions: dict[Any, list[Json]] = {message.id: [] for message in messages}
    for decision in session.scalars(
        select(GateDecision)
        .where(GateDecision.message_id.in_(list(decisions)))
        .order_by(GateDecision.id)
    ):
        decisions[decision.message_id].append(_shown(decision))
    return [_shown(message) | {"decisions": decisions[message.id]} for message in messages]


def _order(session: ShopSession, order: Order) -> Json:
    parcels = session.scalars(
        select(Fulfillment).where(Fulfillment.shopify_order_id == order.shopify_id)
    ).all()
    return _shown(order) | {
        "shipments": [_shown(parcel) | {"scans": _scans(session, parcel)} for parcel in parcels]
    }


def _scans(session: ShopSession, parcel: Fulfillment) -> list[Json]:
    return _all_shown(
        session.scalars(
            select(FulfillmentEvent)
            .where(FulfillmentEvent.shopify_fulfillment_id == parcel.shopify_id)
            .order_by(FulfillmentEvent.happened_at)
        )
    )


def _all_shown(rows: Iterable[Base]) -> list[Json]:
    return [_shown(row) for row in rows]


def _shown(row: Base) -> Json:
    """Show every column, so that one added later is not forgotten here; but keys and hashes."""
    return {
        column.key: _plain(getattr(row, column.key))
        for column in inspect(type(row)).column_attrs
        if not isinstance(column.columns[0].type, LargeBinary) and column.key != "shop_id"
    }


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, Sequence):
        return [_plain(inner) for inner in value]
    return str(value)
