"""STOP, and the way back. Every kind of revocation ends here, whoever brought it (R4.7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select, update

from models import ConsentEvent, Contact, Message, ShopSession
from models.enums import (
    ConsentKind,
    ConsentState,
    Direction,
    MessageStatus,
    Purpose,
    Scope,
)
from sms.consent.gate import ALLOWED_AFTER_STOP
from sms.consent.ledger import Entry, append, suppressed_scopes
from sms.consent.reasons import Reason
from sms.contacts import lock_contact

_SILENCED = frozenset(Purpose) - ALLOWED_AFTER_STOP


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """A wish to get no more texts, and how it reached us. `occurred_at` is aware UTC."""

    source: str
    external_id: str
    method: str
    actor: str
    occurred_at: datetime
    words: str | None = None
    # A bare STOP ends everything that rests on consent (R4.8).
    scopes: tuple[Scope, ...] = (Scope.MARKETING, Scope.TRANSACTIONAL)


def revoke(
    session: ShopSession, contact: Contact, revocation: Revocation, *, now: datetime
) -> bool:
    """Write the revocation, suppress the phone and withdraw what is queued, in this transaction.

    Returns:
        Whether this changed anything: False for one who had opted out before, who then gets no
        second confirmation (R4.12).
    """
    locked = lock_contact(session, contact.id)
    if locked.phone is None:
        # Erased while we waited: nobody is left who could be texted.
        return False
    before = suppressed_scopes(session, locked.phone)
    for scope in revocation.scopes:
        append(
            session,
            contact,
            Entry(
                kind=ConsentKind.REVOKED,
                scope=scope,
                source=revocation.source,
                external_id=revocation.external_id,
                method=revocation.method,
                actor=revocation.actor,
                occurred_at=revocation.occurred_at,
                evidence={"words": revocation.words},
            ),
            now=now,
        )
    _withdraw_what_is_queued(session, contact, revocation.scopes)
    return not before.issuperset(revocation.scopes)


def _withdraw_what_is_queued(
    session: ShopSession, contact: Contact, scopes: tuple[Scope, ...]
) -> None:
    purposes = _SILENCED if Scope.TRANSACTIONAL in scopes else {Purpose.MARKETING}
    session.execute(
        update(Message)
        .where(
            Message.contact_id == contact.id,
            Message.direction == Direction.OUTBOUND,
            Message.status == MessageStatus.QUEUED,
            Message.purpose.in_(purposes),
        )
        .values(status=MessageStatus.CANCELLED, reason=Reason.OPTED_OUT)
    )


def resubscribe(
    session: ShopSession,
    contact: Contact,
    *,
    external_id: str,
    words: str,
    occurred_at: datetime,
    now: datetime,
) -> frozenset[Scope]:
    """Give back what their own STOP ended, on their own START (R5.1).

    Texts about orders are theirs to ask for in so many words. Marketing comes back only to those
    who had agreed to it once: START is no written consent to what they never saw (R1.3).

    Returns:
        The scopes that are theirs again.
    """
    restored: set[Scope] = set()
    locked = lock_contact(session, contact.id)
    if locked.phone is None:
        return frozenset()
    states = {Scope.MARKETING: locked.marketing, Scope.TRANSACTIONAL: locked.transactional}
    # May be older than this contact: from before an erasure, or before the shop came back.
    suppressed = suppressed_scopes(session, locked.phone)
    for scope, state in states.items():
        if state is not ConsentState.REVOKED and scope not in suppressed:
            continue
        if scope is Scope.MARKETING and not _had_agreed_to_marketing(session, locked):
            continue
        entry = Entry(
            kind=ConsentKind.GRANTED,
            scope=scope,
            source="inbound_text",
            external_id=external_id,
            method="inbound_text",
            actor="shopper",
            occurred_at=occurred_at,
            evidence={"words": words},
        )
        # A STOP that came after this START, and was quicker, still holds.
        if append(session, contact, entry, now=now) is not None and _is_granted(locked, scope):
            restored.add(scope)
    return frozenset(restored)


def _is_granted(contact: Contact, scope: Scope) -> bool:
    state = contact.marketing if scope is Scope.MARKETING else contact.transactional
    return state is ConsentState.GRANTED


def _had_agreed_to_marketing(session: ShopSession, contact: Contact) -> bool:
    agreed = exists().where(
        ConsentEvent.contact_id == contact.id,
        ConsentEvent.scope == Scope.MARKETING,
        ConsentEvent.kind.in_([ConsentKind.GRANTED, ConsentKind.CONFIRMED]),
    )
    return bool(session.scalar(select(agreed)))
