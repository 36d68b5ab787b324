"""Sharing the work: who has a conversation, whether it is done, and whether it was read."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, select, update

from models import Conversation, Message, ShopSession, StaffMember
from models.enums import ConversationStatus, Direction


@dataclass(frozen=True, slots=True)
class Done:
    """It is as was asked for, by this call or by an earlier one."""


@dataclass(frozen=True, slots=True)
class TakenBy:
    """Somebody else was quicker. `user_id` is None where they gave it back."""

    user_id: uuid.UUID | None
    name: str | None


@dataclass(frozen=True, slots=True)
class NewTextArrived:
    """There is a text that the screen it was asked from has not shown."""


def assign(
    session: ShopSession,
    conversation_id: uuid.UUID,
    *,
    to: uuid.UUID | None,
    expected: uuid.UUID | None,
) -> Done | TakenBy:
    """Give a conversation to somebody, or to nobody, if it still is whose the screen said.

    Args:
        session: of the shop.
        conversation_id: which one.
        to: a staff member's row, or None.
        expected: whose it was on the screen. Of two who take it at once, the second is told.

    Raises:
        sqlalchemy.exc.IntegrityError: `to` is nobody of this shop.
    """
    moved = session.execute(
        update(Conversation)
        .where(
            Conversation.id == conversation_id,
            Conversation.assignee_id.is_not_distinct_from(expected),
        )
        .values(assignee_id=to, version=Conversation.version + 1)
        .returning(Conversation.id)
    ).first()
    if moved is not None:
        return Done()
    has_it = session.execute(
        select(Conversation.assignee_id, StaffMember.name)
        .outerjoin(StaffMember, StaffMember.id == Conversation.assignee_id)
        .where(Conversation.id == conversation_id)
    ).one()
    return Done() if has_it[0] == to else TakenBy(has_it[0], has_it[1])


def close(
    session: ShopSession, conversation_id: uuid.UUID, *, seen: uuid.UUID | None, now: datetime
) -> Done | NewTextArrived:
    """Put a conversation away until they write again.

    `seen` is the newest text that the screen showed: what came after it must not be put away
    unread.
    """
    closed = session.execute(
        update(Conversation)
        .where(Conversation.id == conversation_id, ~_wrote_after(conversation_id, seen))
        .values(
            status=ConversationStatus.CLOSED,
            closed_at=now,
            unread=0,
            waiting_since=None,
            version=Conversation.version + 1,
        )
        .returning(Conversation.id)
    ).first()
    return NewTextArrived() if closed is None else Done()


def reopen(session: ShopSession, conversation_id: uuid.UUID) -> Done:
    """Take a conversation out again. A new text from them does so by itself."""
    session.execute(
        update(Conversation)
        .where(Conversation.id == conversation_id, Conversation.status != ConversationStatus.OPEN)
        .values(status=ConversationStatus.OPEN, version=Conversation.version + 1)
    )
    return Done()


def mark_read(session: ShopSession, conversation_id: uuid.UUID, *, seen: uuid.UUID) -> None:
    """Note that everything up to the text `seen` was on a screen; what is newer stays unread."""
    session.execute(
        update(Conversation)
        .where(
            Conversation.id == conversation_id,
            Conversation.unread > 0,
            ~_wrote_after(conversation_id, seen),
        )
        .values(unread=0, version=Conversation.version + 1)
    )


def _wrote_after(conversation_id: uuid.UUID, seen: uuid.UUID | None) -> ColumnElement[bool]:
    theirs = exists().where(
        Message.conversation_id == conversation_id, Message.direction == Direction.INBOUND
    )
    return theirs if seen is None else theirs.where(Message.id > seen)
