"""The ledger of consent in a real database, and what it does to contacts and suppressions."""

from __future__ import annotations

import random
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from models import ConsentEvent, ConsentEvidence, Database, Suppression, Vault
from models.enums import ConsentKind, ConsentState, Purpose, Scope
from sms.consent.ledger import Entry, append, commitment, refresh_state, sum_up, suppressed_scopes
from sms.contacts import find_or_create_contact
from tests.conftest import ENCRYPTION_KEY, PHONE_HASH_KEY
from tests.factories import ADA, grant
from tests.integration.sms.making import Clock, Desk


def write(
    desk: Desk,
    kind: ConsentKind,
    *,
    scope: Scope = Scope.TRANSACTIONAL,
    method: str = "checkout",
    minutes: int = 0,
    external_id: str | None = None,
) -> uuid.UUID | None:
    with desk.database.shop_session(desk.shop.id) as session:
        now = desk.clock()
        contact = find_or_create_contact(session, ADA, now=now)
        entry = Entry(
            kind=kind,
            scope=scope,
            source="test",
            external_id=external_id or str(uuid.uuid4()),
            method=method,
            actor="shopper",
            occurred_at=now + timedelta(minutes=minutes),
            evidence={"words": "Ja, gerne ☎️", "order": 5_000_000_000_001},
        )
        return append(session, contact, entry, now=now)


def test_should_write_the_same_event_once_per_source_id_and_scope(desk: Desk) -> None:
    assert write(desk, ConsentKind.GRANTED, external_id="1")
    assert write(desk, ConsentKind.GRANTED, external_id="1") is None
    assert write(desk, ConsentKind.REVOKED, external_id="1") is None
    assert write(desk, ConsentKind.GRANTED, external_id="1", scope=Scope.MARKETING)
    assert desk.person().transactional is ConsentState.GRANTED
    assert desk.suppressed() == set()


def test_should_prove_its_evidence_and_stay_whole_when_it_is_erased(desk: Desk) -> None:
    write(desk, ConsentKind.GRANTED)
    with desk.database.shop_session(desk.shop.id) as session:
        event = session.scalars(select(ConsentEvent)).one()
        proof = session.scalars(select(ConsentEvidence)).one()
        evidence = session.vault.decrypt_json(proof.evidence_encrypted)
        assert evidence["phone"] == ADA
        assert commitment(proof.salt, evidence) == event.commitment
        assert commitment(proof.salt, evidence | {"phone": "+14155550199"}) != event.commitment
        assert ADA.encode() not in proof.evidence_encrypted
        session.execute(delete(ConsentEvidence))
    with desk.database.shop_session(desk.shop.id) as session:
        contact = find_or_create_contact(session, ADA, now=desk.clock())
        assert refresh_state(session, contact, Scope.TRANSACTIONAL) is ConsentState.GRANTED
        assert session.scalars(select(ConsentEvent)).one().commitment == event.commitment


@pytest.mark.parametrize("seed", range(6))
def test_should_end_in_the_same_state_in_whatever_order_events_arrive(
    seed: int, desk: Desk
) -> None:
    kinds, methods = list(ConsentKind), ["checkout", "import", "inbound_text", "opt_in_form"]
    dice = random.Random(seed)
    history = [(minute, dice.choice(kinds), dice.choice(methods)) for minute in range(7)]
    in_order = [
        ConsentEvent(id=uuid.UUID(int=minute), kind=kind, method=method)
        for minute, kind, method in history
    ]
    for scope in Scope:
        for minute, kind, method in dice.sample(history, len(history)):
            write(desk, kind, scope=scope, method=method, minutes=minute)
    contact = desk.person()
    expected, _ = sum_up(in_order)
    assert (contact.marketing, contact.transactional) == (expected, expected)
    for scope in Scope:
        with desk.database.shop_session(desk.shop.id) as session:
            kept = (contact.marketing_event_id, contact.transactional_event_id)
            again = find_or_create_contact(session, ADA, now=desk.clock())
            assert refresh_state(session, again, scope) is expected
            assert (again.marketing_event_id, again.transactional_event_id) == kept


def test_should_not_let_an_order_or_an_import_undo_a_stop(desk: Desk) -> None:
    desk.contact(marketing=True)
    desk.opts_out()
    for scope in Scope:
        for method in ("checkout", "import", "shopify_edit", "staff"):
            write(desk, ConsentKind.GRANTED, scope=scope, method=method, minutes=5)
    person = desk.person()
    assert (person.marketing, person.transactional) == (ConsentState.REVOKED,) * 2
    assert desk.suppressed() == set(Scope)
    assert desk.message(desk.queued()).reason == "opted_out"


def test_should_not_suppress_again_when_an_older_revocation_arrives_late(desk: Desk) -> None:
    desk.contact(marketing=True)
    desk.opts_out()
    desk.clock.advance(minutes=1)
    desk.texts("START")
    desk.works()
    write(desk, ConsentKind.REVOKED, scope=Scope.MARKETING, method="shopify_edit", minutes=-30)
    assert desk.person().marketing is ConsentState.GRANTED
    assert desk.suppressed() == set()


@pytest.mark.parametrize("agreed", ["to marketing too", "to texts about orders alone"])
def test_should_give_back_on_start_only_what_was_theirs(agreed: str, desk: Desk) -> None:
    to_marketing = agreed == "to marketing too"
    desk.contact(marketing=to_marketing)
    desk.opts_out()
    desk.clock.advance(minutes=1)
    desk.texts("Start")
    desk.works()
    person = desk.person()
    assert person.transactional is ConsentState.GRANTED
    assert (person.marketing is ConsentState.GRANTED) == to_marketing
    assert desk.suppressed() == (set() if to_marketing else {Scope.MARKETING})
    words = [text.body for text in desk.outbound()]
    assert len(words) == 1
    assert ("Thanks for joining" in words[0]) == to_marketing
    blocked = desk.message(desk.queued(purpose=Purpose.MARKETING)).reason
    assert blocked == (None if to_marketing else "opted_out")


def test_should_let_start_lift_a_suppression_that_is_older_than_the_contact(desk: Desk) -> None:
    """As after an erasure, or when the shop left and came back: the ledger's person is another."""
    desk.contact(marketing=True)
    desk.opts_out()
    desk.change(desk.person(), phone=None)
    with desk.database.shop_session(desk.shop.id) as session:
        fresh = find_or_create_contact(session, ADA, now=desk.clock())
        grant(session, fresh, Scope.TRANSACTIONAL, now=desk.clock())
        assert fresh.transactional is ConsentState.GRANTED
    assert desk.message(desk.queued()).reason == "opted_out"
    desk.texts("START")
    desk.works()
    assert desk.suppressed() == {Scope.MARKETING}
    assert desk.message(desk.queued()).reason is None


def test_should_not_welcome_back_one_whose_stop_was_quicker_than_their_start(desk: Desk) -> None:
    """START waits for a job, STOP does not: the later word holds."""
    desk.contact()
    desk.opts_out()
    desk.clock.advance(minutes=1)
    desk.texts("START")
    desk.clock.advance(minutes=1)
    desk.texts("STOP")
    desk.works()
    assert desk.person().transactional is ConsentState.REVOKED
    assert desk.suppressed() == set(Scope)
    assert [text.purpose for text in desk.outbound()] == []


def test_should_find_a_suppression_under_an_older_key_and_lift_it(
    desk: Desk, empty_database: str, clock: Clock
) -> None:
    desk.contact()
    desk.opts_out()
    keys = ["a newer key", PHONE_HASH_KEY]
    vault = Vault(encryption_keys=[ENCRYPTION_KEY], phone_hash_keys=keys)
    rotated = Database(empty_database, vault=vault)
    later = Desk(rotated, desk.shop, clock)
    desk.change(desk.person(), phone=None)
    assert later.message(later.queued()).reason == "opted_out"
    with rotated.shop_session(desk.shop.id) as session:
        assert suppressed_scopes(session, ADA) == set(Scope)
    clock.advance(minutes=1)
    later.texts("START")
    later.works()
    assert later.suppressed() == {Scope.MARKETING}
    later.opts_out()
    with rotated.shop_session(desk.shop.id) as session:
        key_ids = set(session.scalars(select(Suppression.hash_key_id)))
    assert len(key_ids) == 2
    clock.advance(minutes=1)
    later.texts("START")
    later.works()
    assert later.message(later.queued()).reason is None
    rotated.dispose()
