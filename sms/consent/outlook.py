"""What the gate would say about someone now, for each kind of text, without one being sent (B6)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from models import Contact, Conversation, Message, ShopSession, new_id
from models.enums import Author, Direction, MessageStatus, Purpose
from sms.consent.facts import facts_about
from sms.consent.gate import Decision, decide
from sms.delivery.outbound import usual_sender

# What a shop may want to send. The others only answer what someone has just written.
ASKED = (Purpose.CONVERSATIONAL_REPLY, Purpose.TRANSACTIONAL, Purpose.MARKETING)


def outlook(session: ShopSession, contact: Contact, *, now: datetime) -> dict[Purpose, Decision]:
    """Ask the gate about texts that do not exist. Nothing is stored."""
    conversation = session.scalars(
        select(Conversation).where(Conversation.contact_id == contact.id)
    ).first() or Conversation(id=new_id())
    sender_id = usual_sender(session, conversation)
    imagined = [
        Message(
            id=new_id(),
            contact_id=contact.id,
            conversation_id=conversation.id,
            sender_id=sender_id,
            direction=Direction.OUTBOUND,
            author=Author.STAFF,
            purpose=purpose,
            status=MessageStatus.QUEUED,
            body="",
        )
        for purpose in ASKED
    ]
    facts = facts_about(session, imagined)
    return {purpose: decide(facts[m.id], now) for purpose, m in zip(ASKED, imagined, strict=True)}
