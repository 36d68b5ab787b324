"""The ledger of consent: appended to, never changed; the state on a contact is its sum."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from models import ConsentEvent, ConsentEvidence, Contact, ShopSession, Suppression, new_id
from models.enums import ConsentKind, ConsentState, Scope
from sms.contacts import lock_contact

# Only what a shopper does herself undoes her own STOP (R5.1). An order, an import or a merchant's
# edit never does.
SHOPPERS_OWN_METHODS = frozenset({"inbound_text", "opt_in_form"})

_ENDS = frozenset({ConsentKind.REVOKED, ConsentKind.REASSIGNED, ConsentKind.REDACTED})
_GRANTS = frozenset({ConsentKind.GRANTED, ConsentKind.CONFIRMED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is to be written down: an event, and the personal evidence that proves it (R3.1)."""

    kind: ConsentKind
    scope: Scope
    source: str
    external_id: str
    method: str
    actor: str
    occurred_at: datetime
    wording_id: uuid.UUID | None = None
    evidence: Mapping[str, str | int | None] = field(default_factory=dict)


def append(
    session: ShopSession, contact: Contact, entry: Entry, *, now: datetime
) -> uuid.UUID | None:
    """Write an entry, and bring the contact's state and suppressions up to date with it.

    Returns:
        The event's id, or None when the same event was written before, for sources repeat
        themselves, or when the person was erased meanwhile.
    """
    locked = lock_contact(session, contact.id)
    if locked.phone is None:
        return None
    salt = os.urandom(32)
    evidence = {**entry.evidence, "phone": locked.phone}
    event_id: uuid.UUID | None = session.execute(
        insert(ConsentEvent)
        .values(
            id=new_id(),
            shop_id=session.shop_id,
            contact_id=locked.id,
            phone_hash=locked.phone_hash,
            scope=entry.scope,
            kind=entry.kind,
            source=entry.source,
            external_id=entry.external_id,
            method=entry.method,
            actor=entry.actor,
            wording_id=entry.wording_id,
            occurred_at=entry.occurred_at,
            recorded_at=now,
            commitment=commitment(salt, evidence),
        )
        .on_conflict_do_nothing(index_elements=["shop_id", "source", "external_id", "scope"])
        .returning(ConsentEvent.id)
    ).scalar_one_or_none()
    if event_id is None:
        return None
    session.add(
        ConsentEvidence(
            event_id=event_id, salt=salt, evidence_encrypted=session.vault.encrypt_json(evidence)
        )
    )
    state = refresh_state(session, locked, entry.scope)
    _match_suppression(session, locked, entry, state=state, event_id=event_id)
    return event_id


def commitment(salt: bytes, evidence: Mapping[str, str | int | None]) -> bytes:
    """Seal evidence so that it can be shown later, or erased without a trace in the ledger."""
    canonical = json.dumps(evidence, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(salt + canonical.encode()).digest()


def refresh_state(session: ShopSession, contact: Contact, scope: Scope) -> ConsentState:
    """Rebuild the cached state of one scope from the ledger, and return it."""
    events = session.scalars(
        select(ConsentEvent)
        .where(ConsentEvent.contact_id == contact.id, ConsentEvent.scope == scope)
        .order_by(ConsentEvent.occurred_at, ConsentEvent.id)
    ).all()
    state, event_id = sum_up(events)
    if scope is Scope.MARKETING:
        contact.marketing, contact.marketing_event_id = state, event_id
    else:
        contact.transactional, contact.transactional_event_id = state, event_id
    return state


def sum_up(events: Iterable[ConsentEvent]) -> tuple[ConsentState, uuid.UUID | None]:
    """Say where someone stands after these events, oldest first, and which one decided it."""
    state, decided_by = ConsentState.NONE, None
    # Until she grants it herself: her half of a double opt-in opens the door to no import.
    ended = False
    for event in events:
        after = None
        if event.kind in _ENDS:
            after, ended = ConsentState.REVOKED, True
        elif not ended or event.method in SHOPPERS_OWN_METHODS:
            after = _state_after(state, event.kind)
            ended = ended and after is not ConsentState.GRANTED
        if after is not None:
            state, decided_by = after, event.id
    return state, decided_by


def _state_after(state: ConsentState, kind: ConsentKind) -> ConsentState | None:
    if kind in _GRANTS:
        return ConsentState.GRANTED
    if kind is ConsentKind.PENDING and state is not ConsentState.GRANTED:
        return ConsentState.PENDING
    return None


def _match_suppression(
    session: ShopSession,
    contact: Contact,
    entry: Entry,
    *,
    state: ConsentState,
    event_id: uuid.UUID,
) -> None:
    """A revocation suppresses; only a grant by the shopper herself lifts the suppression."""
    assert contact.phone is not None
    hashes = session.vault.hashes_of_phone(session.shop.domain, contact.phone)
    if state is ConsentState.REVOKED and entry.kind in _ENDS:
        session.execute(
            insert(Suppression)
            .values(
                id=new_id(),
                shop_id=session.shop_id,
                phone_hash=hashes[0].digest,
                hash_key_id=hashes[0].key_id,
                scope=entry.scope,
                reason=entry.method,
                event_id=event_id,
                since=entry.occurred_at,
            )
            .on_conflict_do_nothing(index_elements=["shop_id", "phone_hash", "scope"])
        )
    elif state is ConsentState.GRANTED and entry.method in SHOPPERS_OWN_METHODS:
        session.execute(
            delete(Suppression).where(
                Suppression.phone_hash.in_([known.digest for known in hashes]),
                Suppression.scope == entry.scope,
            )
        )


def suppressed_scopes(session: ShopSession, phone: str) -> frozenset[Scope]:
    """Return what this E.164 phone is suppressed for, under any key that was ever in use."""
    hashes = session.vault.hashes_of_phone(session.shop.domain, phone)
    return frozenset(
        session.scalars(
            select(Suppression.scope).where(
                Suppression.phone_hash.in_([known.digest for known in hashes])
            )
        )
    )
