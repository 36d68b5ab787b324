"""The ledger's sum, against a model of what the law says of each entry."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from models import ConsentEvent
from models.enums import ConsentKind, ConsentState
from sms.consent.ledger import SHOPPERS_OWN_METHODS, sum_up

METHODS = ("checkout", "import", "shopify_edit", "inbound_text", "opt_in_form", "carrier_block")
ENDS = {ConsentKind.REVOKED, ConsentKind.REASSIGNED, ConsentKind.REDACTED}
GRANTS = {ConsentKind.GRANTED, ConsentKind.CONFIRMED}
START = datetime(2026, 1, 1, tzinfo=UTC)

entries = st.lists(st.tuples(st.sampled_from(list(ConsentKind)), st.sampled_from(METHODS)))


def ledger(pairs: list[tuple[ConsentKind, str]]) -> list[ConsentEvent]:
    return [
        ConsentEvent(
            id=uuid.UUID(int=place + 1),
            kind=kind,
            method=method,
            occurred_at=START + timedelta(minutes=place),
        )
        for place, (kind, method) in enumerate(pairs)
    ]


@given(entries)
def test_should_never_be_granted_after_an_end_without_a_word_of_the_shoppers_own(
    pairs: list[tuple[ConsentKind, str]],
) -> None:
    state, _ = sum_up(ledger(pairs))
    ends = [place for place, (kind, _) in enumerate(pairs) if kind in ENDS]
    since = pairs[ends[-1] + 1 :] if ends else pairs
    granted = any(
        kind in GRANTS and (not ends or method in SHOPPERS_OWN_METHODS) for kind, method in since
    )
    assert (state is ConsentState.GRANTED) == granted


@given(entries)
def test_should_name_the_entry_that_decided(pairs: list[tuple[ConsentKind, str]]) -> None:
    events = ledger(pairs)
    state, decided_by = sum_up(events)
    kinds = {event.id: event.kind for event in events}
    expected = {
        ConsentState.GRANTED: GRANTS,
        ConsentState.REVOKED: ENDS,
        ConsentState.PENDING: {ConsentKind.PENDING},
    }
    if decided_by is None:
        assert state is ConsentState.NONE
    else:
        assert kinds[decided_by] in expected[state]


@given(entries, entries)
def test_should_be_a_fold_that_can_be_cut_anywhere_after_an_end(
    before: list[tuple[ConsentKind, str]], after: list[tuple[ConsentKind, str]]
) -> None:
    """What came before an end changes nothing of what comes after it."""
    end = (ConsentKind.REVOKED, "inbound_text")
    assert sum_up(ledger([*before, end, *after]))[0] is sum_up(ledger([end, *after]))[0]
