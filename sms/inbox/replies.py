"""A person of the shop answers: once, knowingly, and never past the gate."""

from __future__ import annotations

import unicodedata
import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from models import Contact, Conversation, Media, Message, Sender, ShopSession, StaffMember
from models.enums import Author, ConversationStatus, Purpose
from sms.consent.gate import Blocked, Wait
from sms.consent.reasons import Reason, sentence_for
from sms.delivery.outbound import AlreadyQueued, Queued, queue_message, usual_sender
from sms.inbox.presence import stop_typing
from sms.inbox.status_words import what_undoes
from sms.media.uploads import NOT_THERE, Upload, can_go, read_uploads

# Carriers take no longer text (Twilio's error 21617).
LONGEST = 1600

EMPTY = "Write something first."
TOO_LONG = "This is {count:,} characters. A text can have at most 1,600: please shorten it."
OTHER_WORDS = (
    "An earlier version of this text has already been sent; you see it above. "
    "Send this one too if it is still needed."
)


@dataclass(frozen=True, slots=True)
class Sent:
    """The text is in the queue. `waits_until` and `why` are set where it cannot leave yet."""

    message_id: uuid.UUID
    waits_until: datetime | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class SentBefore:
    """This very form was taken already: a double click, or a retry after a lost answer."""

    message_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was sent or stored. `undone_by` says what would allow it, if anything would."""

    code: str
    sentence: str
    undone_by: str | None = None


@dataclass(frozen=True, slots=True)
class AnsweredMeanwhile:
    """A colleague has answered since this form was shown; `replies` is what to confirm with."""

    by: str | None
    body: str
    at: datetime
    replies: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What somebody wants to send. `nonce` names the form; `replies` is the count it showed."""

    body: str
    nonce: str
    replies: int
    files: tuple[bytes, ...] = ()


def send_reply(
    session: ShopSession,
    conversation_id: uuid.UUID,
    draft: Draft,
    *,
    staff_id: uuid.UUID,
    now: datetime,
) -> Sent | SentBefore | Refused | AnsweredMeanwhile:
    """Queue an answer, at most once a form, and never a second one that nobody meant.

    Raises:
        sqlalchemy.exc.NoResultFound: there is no such conversation in this shop.
    """
    content = _read(draft)
    if isinstance(content, Refused):
        return content
    body, pictures = content
    contact, conversation = _take(session, conversation_id)
    key = f"reply:{staff_id}:{draft.nonce}"
    before = session.scalars(select(Message).where(Message.dedupe_key == key)).first()
    if before is not None:
        return _sent_before(session, before, body, pictures)
    if conversation.replies != draft.replies:
        theirs = _latest_reply(session, conversation_id)
        if theirs is not None and theirs.staff_id != staff_id:
            return _ask_first(session, theirs, conversation)
    if pictures and not _can_go(session, contact, conversation):
        return Refused("no_pictures_there", NOT_THERE)
    return _queue(
        session,
        contact,
        conversation,
        body=body,
        pictures=pictures,
        key=key,
        staff_id=staff_id,
        now=now,
    )


def _sent_before(
    session: ShopSession, before: Message, body: str, pictures: tuple[Upload, ...]
) -> SentBefore | Refused:
    query = select(Media.sha256).where(Media.message_id == before.id).order_by(Media.position)
    same_pictures = list(session.scalars(query)) == [each.sha256 for each in pictures]
    if before.body != body or not same_pictures:
        return Refused("other_words", OTHER_WORDS)
    return SentBefore(before.id)


def _can_go(session: ShopSession, contact: Contact, conversation: Conversation) -> bool:
    sender_id = usual_sender(session, conversation)
    sender = None if sender_id is None else session.get(Sender, sender_id)
    return can_go(sender=None if sender is None else sender.number, to=contact.phone)


def clean(body: str) -> str:
    """Return the text as it would leave: line ends as phones have them, nothing unprintable."""
    lines = body.replace("\r\n", "\n").replace("\r", "\n").strip()
    return "".join(char for char in lines if char == "\n" or unicodedata.category(char) != "Cc")


def _read(draft: Draft) -> tuple[str, tuple[Upload, ...]] | Refused:
    body, pictures = clean(draft.body), read_uploads(draft.files)
    if isinstance(pictures, str):
        return Refused("pictures", pictures)
    return _problem(body, pictures) or (body, pictures)


def _problem(body: str, pictures: tuple[Upload, ...]) -> Refused | None:
    # Blanks, and marks that nobody sees, are no text however many there are.
    if not pictures and not any(unicodedata.category(char)[0] in "LNPS" for char in body):
        return Refused("empty", EMPTY)
    if len(body) > LONGEST:
        return Refused("too_long", TOO_LONG.format(count=len(body)))
    return None


def _take(session: ShopSession, conversation_id: uuid.UUID) -> tuple[Contact, Conversation]:
    """Keep the conversation to oneself: of several who answer at once, one goes first.

    The contact comes before it, as everywhere: an inbound text takes them in that order too.
    """
    contact = session.scalars(
        select(Contact)
        .join(Conversation, Conversation.contact_id == Contact.id)
        .where(Conversation.id == conversation_id)
        .with_for_update(read=True, key_share=True, of=Contact)
    ).one()
    conversation = session.scalars(
        select(Conversation)
        .where(Conversation.id == conversation_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()
    return contact, conversation


def _latest_reply(session: ShopSession, conversation_id: uuid.UUID) -> Message | None:
    return session.scalars(
        select(Message)
        .where(Message.conversation_id == conversation_id, Message.author == Author.STAFF)
        .order_by(Message.id.desc())
        .limit(1)
    ).first()


def _ask_first(
    session: ShopSession, theirs: Message, conversation: Conversation
) -> AnsweredMeanwhile:
    who = None if theirs.staff_id is None else session.get(StaffMember, theirs.staff_id)
    return AnsweredMeanwhile(
        None if who is None else who.name, theirs.body, theirs.queued_at, conversation.replies
    )


def _queue(
    session: ShopSession,
    contact: Contact,
    conversation: Conversation,
    *,
    body: str,
    pictures: tuple[Upload, ...],
    key: str,
    staff_id: uuid.UUID,
    now: datetime,
) -> Sent | SentBefore | Refused:
    attempt = session.begin_nested()
    result = queue_message(
        session,
        contact,
        purpose=Purpose.CONVERSATIONAL_REPLY,
        body=body,
        dedupe_key=key,
        now=now,
        author=Author.STAFF,
        pictures=pictures,
    )
    if isinstance(result, AlreadyQueued):
        attempt.rollback()
        return SentBefore(result.message_id)
    if isinstance(result.decision, Blocked):
        # Nothing of it stays: the draft is still in the box, and may be sent when things change.
        attempt.rollback()
        return _refused(result.decision.reason)
    session.get_one(Message, result.message_id).staff_id = staff_id
    attempt.commit()
    _is_answered(conversation, now)
    stop_typing(session, conversation.id, me=staff_id)
    return _sent(result)


def _refused(reason: Reason) -> Refused:
    return Refused(reason, sentence_for(reason), what_undoes(reason))


def _sent(result: Queued) -> Sent:
    if isinstance(result.decision, Wait):
        why = sentence_for(result.decision.reason)
        return Sent(result.message_id, result.decision.until, why)
    return Sent(result.message_id)


def _is_answered(conversation: Conversation, now: datetime) -> None:
    conversation.status = ConversationStatus.OPEN
    conversation.waiting_since = None
    conversation.unread = 0
    conversation.replies += 1
    conversation.first_replied_at = conversation.first_replied_at or now
    conversation.last_outbound_at = now
