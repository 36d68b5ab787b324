"""A shop with people on both sides of the inbox."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from models import Conversation, Database, Message, Presence, StaffMember
from models.enums import Direction
from sms.contacts import conversation_with, find_or_create_contact
from sms.inbox.inbound import InboundText, answer_at_the_door, take_in
from sms.inbox.replies import AnsweredMeanwhile, Draft, Refused, Sent, SentBefore, send_reply
from tests.factories import ADA, MadeShop

_numbers = itertools.count(1)


@dataclass
class Inbox:
    """One shop's inbox: people write in, and its staff answer."""

    database: Database
    shop: MadeShop
    now: datetime

    def staff(self, name: str | None) -> uuid.UUID:
        with self.database.shop_session(self.shop.id) as session:
            member = StaffMember(
                staff_id=str(7000 + next(_numbers)),
                name=name,
                first_seen_at=self.now,
                last_seen_at=self.now,
            )
            session.add(member)
            session.flush()
            return member.id

    def writes(
        self,
        body: str = "Where is my parcel?",
        *,
        phone: str = ADA,
        name: tuple[str | None, str | None] | None = None,
        at: datetime | None = None,
    ) -> uuid.UUID:
        """A shopper's text arrives; returns the conversation."""
        at = at or self.now
        inbound = InboundText(
            carrier_id=f"SM{next(_numbers):032}",
            sender=phone,
            to=self.shop.number,
            body=body,
            opt_out_type=None,
            received_at=at,
        )
        with self.database.shop_session(self.shop.id) as session:
            door = answer_at_the_door(session, inbound, now=at)
            take_in(session, inbound, door, now=at)
            contact = find_or_create_contact(session, phone, now=at)
            if name is not None:
                contact.first_name, contact.last_name = name
            return conversation_with(session, contact, now=at).id

    def reply(
        self,
        conversation_id: uuid.UUID,
        body: str = "It left this morning.",
        *,
        staff_id: uuid.UUID,
        nonce: str = "one",
        replies: int = 0,
        now: datetime | None = None,
    ) -> Sent | SentBefore | Refused | AnsweredMeanwhile:
        with self.database.shop_session(self.shop.id) as session:
            return send_reply(
                session,
                conversation_id,
                Draft(body=body, nonce=nonce, replies=replies),
                staff_id=staff_id,
                now=now or self.now,
            )

    def conversation(self, conversation_id: uuid.UUID) -> Conversation:
        with self.database.shop_session(self.shop.id) as session:
            return session.get_one(Conversation, conversation_id)

    def sent(self) -> list[Message]:
        with self.database.shop_session(self.shop.id) as session:
            return list(
                session.scalars(
                    select(Message)
                    .where(Message.direction == Direction.OUTBOUND)
                    .order_by(Message.id)
                )
            )

    def presences(self) -> list[Presence]:
        with self.database.shop_session(self.shop.id) as session:
            return list(session.scalars(select(Presence)))
