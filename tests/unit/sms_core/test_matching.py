"""Pairing texts in doubt with what the carrier lists."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import Message
from sms.carriers.protocol import CarrierMessage
from sms.delivery.reconcile import essence, match

START = datetime(2026, 1, 1, tzinfo=UTC)
bodies = st.lists(st.sampled_from(["shipped", "delivered", "🎉", "🎈", ""]), max_size=8)


def ours(texts: list[str]) -> list[Message]:
    return [Message(id=uuid.UUID(int=place + 1), body=body) for place, body in enumerate(texts)]


def theirs(texts: list[str]) -> list[CarrierMessage]:
    return [
        CarrierMessage(
            carrier_id=f"SM{place}",
            to="+14155550101",
            sender="+12065550155",
            body=body,
            status="sent",
            error_code=None,
            created_at=START + timedelta(seconds=place),
            inbound=False,
        )
        for place, body in enumerate(texts)
    ]


@given(bodies, bodies)
def test_should_pair_as_multisets(in_doubt: list[str], listed: list[str]) -> None:
    found = match(ours(in_doubt), theirs(listed))
    words = {message.id: message.body for message in ours(in_doubt)}
    assert all(words[message_id] == record.body for message_id, record in found.items())
    assert len({record.carrier_id for record in found.values()}) == len(found)
    assert len(found) == (Counter(in_doubt) & Counter(listed)).total()


@given(bodies)
def test_should_pair_older_with_older(texts: list[str]) -> None:
    found = match(ours(texts), theirs(texts)[::-1])
    for place in range(len(texts)):
        assert found[uuid.UUID(int=place + 1)].carrier_id == f"SM{place}"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("It’s “here” – 50 % off…", 'It\'s "here" - 50 % off...'),
        ("non\u00a0breaking\u2003spaces", "non breaking spaces"),
        ("Café ½ ﬁne", "Cafe\u0301 1/2 fine"),
        ("  trimmed \r\n", "trimmed"),
    ],
)
def test_should_know_a_text_again_that_the_carrier_rewrote(sent: str, kept: str) -> None:
    assert essence(sent) == essence(kept)


def test_should_tell_texts_of_signs_alone_apart() -> None:
    assert essence("🎉") != essence("🎈")
    assert essence("?") != essence("!")
