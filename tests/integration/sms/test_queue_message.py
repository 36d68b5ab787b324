"""Wanting to text: at most one row per key, with the gate's answer beside it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from sqlalchemy.exc import StatementError

from models import GateDecision, Wake
from models.enums import MessageStatus, Purpose
from sms.delivery.outbound import AlreadyQueued, Queued
from tests.factories import ADA, BEN
from tests.integration.sms.making import Desk


def test_should_queue_one_text_per_key_from_two_threads_at_once(desk: Desk) -> None:
    desk.contact()
    together = threading.Barrier(4)

    def wants(_: int) -> Queued | AlreadyQueued:
        together.wait(5)
        return desk.queue(key="shipment-1")

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(wants, range(4)))
    assert sum(isinstance(answer, Queued) for answer in answers) == 1
    assert len({answer.message_id for answer in answers}) == 1
    assert len(desk.outbound()) == 1


def test_should_move_the_conversation_once_for_each_of_many_at_once(desk: Desk) -> None:
    desk.contact()
    desk.queue()
    before = desk.conversation().version
    together = threading.Barrier(4)

    def wants(_: int) -> None:
        together.wait(5)
        desk.queue()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(wants, range(4)))
    assert desk.conversation().version == before + 4


def test_should_keep_a_refused_text_with_its_reason_and_not_ask_again(desk: Desk) -> None:
    refused = desk.queue(BEN, purpose=Purpose.MARKETING, key="campaign-1")
    message = desk.message(refused.message_id)
    assert (message.status, message.reason) == (MessageStatus.BLOCKED, "no_marketing_consent")
    desk.contact(BEN, marketing=True)
    assert isinstance(desk.queue(BEN, purpose=Purpose.MARKETING, key="campaign-1"), AlreadyQueued)
    assert desk.message(refused.message_id).status is MessageStatus.BLOCKED


def test_should_keep_the_decision_with_its_inputs_and_without_phone_or_words(desk: Desk) -> None:
    desk.contact()
    message_id = desk.queued(body="A secret word")
    with desk.database.shop_session(desk.shop.id) as session:
        decision = session.scalars(select(GateDecision)).one()
    assert (decision.message_id, decision.stage, decision.verdict) == (
        message_id,
        "queue",
        "cleared",
    )
    assert decision.inputs["transactional"] == "granted"
    assert ADA not in str(decision.inputs)
    assert "secret" not in str(decision.inputs)


def test_should_call_for_a_worker_after_the_commit_and_only_for_what_can_leave(
    desk: Desk, wakes: list[Wake]
) -> None:
    desk.contact()
    wakes.clear()
    desk.queue(BEN)
    assert wakes == []
    desk.queue()
    assert wakes == [Wake("dispatch", str(desk.shop.sender_id))]
    with pytest.raises(StatementError, match="naive"):
        desk.queue(key="k", send_after=desk.clock().replace(tzinfo=None))
    assert len(wakes) == 1
    desk.queue(key="again")
    desk.queue(key="again")
    assert len(wakes) == 2


def test_should_keep_to_the_number_that_a_thread_has_been_using(desk: Desk) -> None:
    desk.contact()
    first = desk.message(desk.queued())
    assert first.sender_id == desk.shop.sender_id
    assert (first.encoding, first.segments) == ("GSM-7", 1)
    assert desk.message(desk.queued()).sender_id == first.sender_id
