"""What became of requests to the carrier, written down batch by batch."""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select

from models import CarrierAccount, Contact, Conversation, Message, Sender, ShopSession
from models.enums import MessageStatus
from sms.carriers.errors import Action, explain
from sms.carriers.protocol import Accepted, Ambiguous, NothingSent, Refused, SendOutcome
from sms.consent.reasons import Reason
from sms.consent.revocation import Revocation, revoke
from sms.delivery.marking import Request

log = structlog.get_logger(__name__)

LONGEST_BACKOFF = timedelta(minutes=10)
# Texts with a latest moment are given up then; those without one after this many tries, which is
# about two hours.
MOST_TRIES = 20
PAUSE_AFTER_TROUBLE = timedelta(minutes=15)

_IN_DOUBT = frozenset({MessageStatus.SENDING, MessageStatus.UNKNOWN})


@dataclass(frozen=True, slots=True)
class NotBegun:
    """The request was never started, so the text goes back as if nothing had happened."""


def record_outcomes(
    session: ShopSession,
    outcomes: Sequence[tuple[Request, SendOutcome | NotBegun]],
    *,
    now: datetime,
) -> None:
    """Write the outcomes of one batch. Whatever a callback has told meanwhile stays."""
    messages = _locked(session, [request.message_id for request, _ in outcomes])
    for request, outcome in _without_taken_ids(session, outcomes):
        message = messages[request.message_id]
        if isinstance(outcome, Accepted):
            _accepted(message, outcome, now)
        elif message.status in _IN_DOUBT and message.attempts == request.attempt:
            _not_accepted(session, message, outcome, now=now)
    _touch_conversations(session, list(messages.values()), now)


def _locked(session: ShopSession, ids: list[uuid.UUID]) -> dict[uuid.UUID, Message]:
    rows = session.scalars(
        select(Message)
        .where(Message.id.in_(ids))
        .order_by(Message.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in rows}


def _without_taken_ids(
    session: ShopSession, outcomes: Sequence[tuple[Request, SendOutcome | NotBegun]]
) -> list[tuple[Request, SendOutcome | NotBegun]]:
    """Doubt a yes whose carrier id was given to another text with the same words meanwhile.

    Of the two it is that one which never left, and this one's absence will be noticed.
    """
    ids = [outcome.carrier_id for _, outcome in outcomes if isinstance(outcome, Accepted)]
    rows = session.execute(
        select(Message.carrier_id, Message.id).where(Message.carrier_id.in_(ids))
    )
    owners = {row[0]: row[1] for row in rows}
    believed: list[tuple[Request, SendOutcome | NotBegun]] = []
    for request, outcome in outcomes:
        mine = request.message_id
        if isinstance(outcome, Accepted) and owners.get(outcome.carrier_id, mine) != mine:
            log.error("carrier_id_taken", message_id=str(mine), carrier_id=outcome.carrier_id)
            believed.append((request, Ambiguous("carrier id taken")))
        else:
            believed.append((request, outcome))
    return believed


def _accepted(message: Message, outcome: Accepted, now: datetime) -> None:
    if message.carrier_id is None:
        message.carrier_id = outcome.carrier_id
    elif message.carrier_id != outcome.carrier_id:
        log.error("accepted_twice", message_id=str(message.id), carrier_id=outcome.carrier_id)
    if message.accepted_at is None:
        # Also where we believed meanwhile that it had stayed here: the carrier knows better.
        message.status = MessageStatus.ACCEPTED
        message.reason = message.error_code = None
        message.accepted_at = now


def _not_accepted(
    session: ShopSession,
    message: Message,
    outcome: Refused | NothingSent | Ambiguous | NotBegun,
    *,
    now: datetime,
) -> None:
    match outcome:
        case NotBegun():
            message.status = MessageStatus.QUEUED
            message.send_after = now
        case NothingSent():
            try_again_later(message, now)
        case Ambiguous():
            message.status = MessageStatus.UNKNOWN
        case Refused(code=code):
            _refused(session, message, code, now=now)


def _refused(session: ShopSession, message: Message, code: int, *, now: datetime) -> None:
    message.error_code = code
    paused_until = learn_from_error(session, message, code, now=now)
    match explain(code).action:
        case Action.RETRY:
            try_again_later(message, now)
        case Action.UNKNOWN:
            message.status = MessageStatus.UNKNOWN
        case Action.HOLD_UNTIL_TOMORROW:
            _wait(message, now + timedelta(days=1))
        case Action.SENDER_TROUBLE | Action.PAUSE_SHOP:
            # Nothing left, and nothing is wrong with the text: it waits with all the others.
            _wait(message, paused_until or now)
        case _:
            message.status = MessageStatus.FAILED
            message.reason = f"carrier_{code}"


def learn_from_error(
    session: ShopSession, message: Message, code: int, *, now: datetime
) -> datetime | None:
    """Remember what an error says beyond its text: about the person, the number or the account.

    Returns:
        Until when sending is paused by it, if it is.
    """
    action, sentence = explain(code).action, explain(code).sentence
    if action is Action.OPTED_OUT:
        _opted_out_at_the_carrier(session, message, now=now)
    elif action in {Action.INVALID_NUMBER, Action.LANDLINE}:
        session.get_one(Contact, message.contact_id).unreachable_reason = action.value
    elif action in {Action.SENDER_TROUBLE, Action.PAUSE_SHOP} and message.sender_id is not None:
        sender = session.get_one(Sender, message.sender_id)
        troubled: Sender | CarrierAccount = sender
        if action is Action.PAUSE_SHOP:
            troubled = session.get_one(CarrierAccount, sender.carrier_account_id)
        troubled.paused_until, troubled.paused_reason = now + PAUSE_AFTER_TROUBLE, sentence
        return troubled.paused_until
    return None


def _opted_out_at_the_carrier(session: ShopSession, message: Message, *, now: datetime) -> None:
    """The carrier holds a STOP that we never saw: make it ours (R4.6)."""
    contact = session.get_one(Contact, message.contact_id)
    if contact.phone is None:
        return
    revocation = Revocation(
        source="carrier_refusal",
        external_id=str(message.id),
        method="carrier_block",
        actor="carrier",
        occurred_at=now,
    )
    revoke(session, contact, revocation, now=now)


def try_again_later(message: Message, now: datetime) -> None:
    """Put a text back that certainly did not leave, with a growing pause."""
    if message.send_before is None and message.attempts >= MOST_TRIES:
        message.status = MessageStatus.FAILED
        message.reason = Reason.TOO_MANY_TRIES
        return
    backoff = min(LONGEST_BACKOFF, timedelta(seconds=2 ** min(message.attempts, 12)))
    # Spread out, or all that failed together come back together.
    _wait(message, now + backoff * random.uniform(0.5, 1.0))  # noqa: S311 - no secret


def _wait(message: Message, until: datetime) -> None:
    message.status = MessageStatus.QUEUED
    message.send_after = until


def _touch_conversations(session: ShopSession, messages: list[Message], now: datetime) -> None:
    left = {
        message.conversation_id
        for message in messages
        if message.status not in {*_IN_DOUBT, MessageStatus.QUEUED}
    }
    for conversation in session.scalars(
        select(Conversation).where(Conversation.id.in_(left)).order_by(Conversation.id)
    ):
        conversation.version = Conversation.version + 1
        conversation.last_outbound_at = now
