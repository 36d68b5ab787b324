"""Wanting to text someone: the only way for a text to come into being."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from models import Contact, Conversation, GateDecision, Message, Sender, ShopSession, new_id
from models.enums import Author, Direction, MessageStatus, Purpose, Registration
from sms.consent.facts import facts_about
from sms.consent.gate import Blocked, Decision, Facts, Wait, decide
from sms.consent.reasons import Reason
from sms.contacts import conversation_with
from sms.delivery.segments import count
from sms.media.store import PostgresStore
from sms.media.uploads import Upload, keep_uploads

DISPATCH = "dispatch"


@dataclass(frozen=True, slots=True)
class Queued:
    """The text is a row now. `decision` is the gate's early answer, for whoever asked."""

    message_id: uuid.UUID
    decision: Decision


@dataclass(frozen=True, slots=True)
class AlreadyQueued:
    """A text with this key exists; nothing was added."""

    message_id: uuid.UUID


def queue_message(  # noqa: PLR0913 - a text has this many sides; all are named
    session: ShopSession,
    contact: Contact,
    *,
    purpose: Purpose,
    body: str,
    dedupe_key: str,
    now: datetime,
    author: Author = Author.AUTOMATION,
    send_after: datetime | None = None,
    send_before: datetime | None = None,
    sender_id: uuid.UUID | None = None,
    pictures: Sequence[Upload] = (),
) -> Queued | AlreadyQueued:
    """Put a text in the queue, at most once per shop and `dedupe_key`.

    One that the gate refuses at once is kept all the same, as `blocked` with its reason: asking
    again with the same key changes nothing, and the screen can say why.
    """
    conversation = conversation_with(session, contact, now=now)
    size = count(body)
    message_id: uuid.UUID | None = session.execute(
        insert(Message)
        .values(
            id=new_id(),
            shop_id=session.shop_id,
            contact_id=contact.id,
            conversation_id=conversation.id,
            sender_id=sender_id or usual_sender(session, conversation),
            direction=Direction.OUTBOUND,
            author=author,
            purpose=purpose,
            lane=purpose.lane,
            status=MessageStatus.QUEUED,
            body=body,
            # A text with pictures is one, however long its words are.
            encoding="MMS" if pictures else size.encoding,
            segments=1 if pictures else size.parts,
            media_count=len(pictures),
            dedupe_key=dedupe_key,
            carrier="twilio",
            attempts=0,
            resends=0,
            queued_at=now,
            send_after=send_after or now,
            send_before=send_before,
        )
        .on_conflict_do_nothing(index_elements=["shop_id", "dedupe_key"])
        .returning(Message.id)
    ).scalar_one_or_none()
    if message_id is None:
        return AlreadyQueued(_id_of(session, dedupe_key))
    keep_uploads(session, PostgresStore(), message_id, pictures, now=now)
    message = session.get_one(Message, message_id)
    facts = facts_about(session, [message])[message_id]
    decision = decide(facts, now)
    keep_decision(session, message, facts, decision, stage="queue", now=now)
    # Counted by the database: two at once must move it twice, or a screen misses the second.
    conversation.version = Conversation.version + 1
    if message.status is MessageStatus.QUEUED:
        session.wake(DISPATCH, message.sender_id)
    return Queued(message_id, decision)


def _id_of(session: ShopSession, dedupe_key: str) -> uuid.UUID:
    return session.scalars(select(Message.id).where(Message.dedupe_key == dedupe_key)).one()


def usual_sender(session: ShopSession, conversation: Conversation) -> uuid.UUID | None:
    """Choose the number this thread has been using, else the shop's first approved one.

    Hopping between numbers is what filters call snowshoeing (R9.7), and a thread that changes its
    number falls apart on the shopper's phone.
    """
    last_used = session.scalars(
        select(Message.sender_id)
        .join(Sender, Sender.id == Message.sender_id)
        .where(Message.conversation_id == conversation.id, Sender.disconnected_at.is_(None))
        .order_by(Message.id.desc())
        .limit(1)
    ).first()
    if last_used is not None:
        return last_used
    approved_first = (Sender.registration != Registration.APPROVED, Sender.created_at, Sender.id)
    in_use = select(Sender.id).where(Sender.disconnected_at.is_(None))
    return session.scalars(in_use.order_by(*approved_first).limit(1)).first()


def keep_decision(
    session: ShopSession,
    message: Message,
    facts: Facts,
    decision: Decision,
    *,
    stage: str,
    now: datetime,
) -> None:
    """Write down what the gate said and knew, and do to the message what a refusal means."""
    reason = None if not isinstance(decision, Wait | Blocked) else decision.reason
    session.add(
        GateDecision(
            message_id=message.id,
            decided_at=now,
            stage=stage,
            verdict=type(decision).__name__.lower(),
            reason=reason,
            until=decision.until if isinstance(decision, Wait) else None,
            inputs=facts.as_inputs(),
        )
    )
    message.reason = reason
    if isinstance(decision, Blocked):
        late = reason in {Reason.TOO_LATE, Reason.CONFIRMATION_TOO_LATE}
        message.status = MessageStatus.EXPIRED if late else MessageStatus.BLOCKED
    elif isinstance(decision, Wait):
        message.send_after = decision.until
