"""A text from a shopper: what must happen before its webhook is answered, and what after."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from models import ConsentEvent, Contact, Conversation, Message, ShopSession, new_id
from models.enums import (
    Author,
    ConsentState,
    ConversationStatus,
    Direction,
    MessageStatus,
    Scope,
    SenderType,
)
from models.shops import CarrierAccount, Sender
from sms.consent.ledger import suppressed_scopes
from sms.consent.revocation import Revocation, resubscribe, revoke
from sms.contacts import conversation_with, lock_person
from sms.delivery.segments import count
from sms.inbox import answers
from sms.inbox.understanding import Context, Intent, LastText, understand
from sms.media.fetch import InboundMedia, note_media, read_media
from sms.work import UnusablePayloadError

log = structlog.get_logger(__name__)

_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
# Twilio's have 34 characters; a column of ours holds 64.
_SID = re.compile("[!-~]{1,64}")
_QUESTION = re.compile("[?？¿]")
# What Twilio and the toll-free network answer by themselves, as a whole message in any case.
HEARD_BY_CARRIERS = frozenset({
    "STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT",
    "START", "YES", "UNSTOP",
})  # fmt: skip
# Who has not said yes within a week has not said yes (R9.2).
DOUBLE_OPT_IN_EXPIRES = timedelta(days=7)
# Those that may have reached a phone: what a "no" can be an answer to.
_MAY_HAVE_LEFT = (
    MessageStatus.SENDING,
    MessageStatus.UNKNOWN,
    MessageStatus.ACCEPTED,
    MessageStatus.SENT,
    MessageStatus.DELIVERED,
    MessageStatus.READ,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundText:
    """A text as the carrier brought it. `opt_out_type` is its own reading, where it has one."""

    carrier_id: str
    sender: str
    to: str
    body: str
    opt_out_type: str | None
    received_at: datetime
    media_count: int = 0
    media: tuple[InboundMedia, ...] = ()


@dataclass(frozen=True, slots=True)
class AtTheDoor:
    """What was understood and done before the webhook was answered."""

    intent: Intent
    decided_by: str
    newly_revoked: bool


def read_inbound(form: Mapping[str, str], *, received_at: datetime) -> InboundText:
    """Read a carrier's form fields.

    Raises:
        UnusablePayloadError: there is no id, or no phone to answer to.
    """
    carrier_id, sender = form.get("MessageSid", ""), form.get("From", "")
    if not _SID.fullmatch(carrier_id):
        raise UnusablePayloadError("The inbound text has no usable MessageSid.")
    if not _PHONE.fullmatch(sender):
        raise UnusablePayloadError("The inbound text's From is not a phone number.")
    media_count, media = read_media(form)
    return InboundText(
        carrier_id=carrier_id,
        sender=sender,
        to=form.get("To", ""),
        # PostgreSQL has no NUL in text; nobody typed one.
        body=form.get("Body", "").replace("\0", ""),
        opt_out_type=form.get("OptOutType") or None,
        received_at=received_at,
        media_count=media_count,
        media=media,
    )


def answer_at_the_door(session: ShopSession, text: InboundText, *, now: datetime) -> AtTheDoor:
    """Understand the text, and if it is an opt-out, let it take effect in this transaction.

    The one thing done before the webhook is answered: suppression is committed first (R4.5).
    """
    contact = lock_person(session, text.sender, now=now)
    understood = understand(text.body, context=_context(session, contact, text))
    intent = Intent.STOP if text.opt_out_type == "STOP" else understood.intent
    if intent is not Intent.STOP:
        return AtTheDoor(intent, understood.decided_by, newly_revoked=False)
    revocation = Revocation(
        source="inbound_text",
        external_id=text.carrier_id,
        method="inbound_text",
        actor="shopper",
        occurred_at=text.received_at,
        words=text.body,
    )
    newly = revoke(session, contact, revocation, now=now)
    decided_by = understood.decided_by if understood.intent is Intent.STOP else "carrier"
    return AtTheDoor(Intent.STOP, decided_by, newly_revoked=newly)


def _context(session: ShopSession, contact: Contact, text: InboundText) -> Context:
    assert contact.phone is not None
    sender = _sender_texted(session, text)
    return Context(
        last_text=_who_texted_last(session, contact),
        opted_out=Scope.TRANSACTIONAL in suppressed_scopes(session, contact.phone),
        double_opt_in_pending=_double_opt_in_pends(session, contact, text.received_at),
        toll_free=sender is not None and sender.type is SenderType.TOLL_FREE,
    )


def _who_texted_last(session: ShopSession, contact: Contact) -> LastText:
    """Say whose text this one may answer: a "no" answers only a person's question (P33)."""
    last = session.execute(
        select(Message.author, Message.body, Conversation.status)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Message.contact_id == contact.id,
            Message.direction == Direction.OUTBOUND,
            Message.status.in_(_MAY_HAVE_LEFT),
        )
        .order_by(Message.attempted_at.desc())
        .limit(1)
    ).first()
    if last is None:
        return LastText.NONE
    asked = last.author is Author.STAFF and _QUESTION.search(last.body)
    in_conversation = last.status is ConversationStatus.OPEN
    return LastText.AGENT if asked and in_conversation else LastText.AUTOMATED


def _double_opt_in_pends(session: ShopSession, contact: Contact, at: datetime) -> bool:
    if contact.marketing is not ConsentState.PENDING or contact.marketing_event_id is None:
        return False
    asked = session.get_one(ConsentEvent, contact.marketing_event_id)
    return at - asked.occurred_at <= DOUBLE_OPT_IN_EXPIRES


def _sender_texted(session: ShopSession, text: InboundText) -> Sender | None:
    return session.scalars(select(Sender).where(Sender.number == text.to)).first()


def take_in(
    session: ShopSession, text: InboundText, door: AtTheDoor, *, now: datetime
) -> uuid.UUID:
    """Put the text into its conversation and answer what can be answered. Runs once a text.

    Returns:
        The id of the contact who wrote it.
    """
    # Before anything that refers to the contact: a text's row takes a shared lock on it, and two
    # that hold one and then both want the contact for a START would wait for each other for ever.
    contact = lock_person(session, text.sender, now=now)
    conversation = conversation_with(session, contact, now=now)
    sender = _sender_texted(session, text)
    message_id = _insert(session, text, contact, conversation, sender=sender)
    if message_id is None:
        log.info("inbound_again", carrier_id=text.carrier_id)
        return contact.id
    note_media(session, message_id, text.media, now=now)
    # Whoever can text us can be texted, whatever a carrier once said.
    contact.unreachable_reason = None
    _move_conversation(conversation, text, door.intent)
    session.flush()
    if door.intent is not Intent.NONE:
        _answer(session, contact, text, door, sender=sender, now=now)
    return contact.id


def _insert(
    session: ShopSession,
    text: InboundText,
    contact: Contact,
    conversation: Conversation,
    *,
    sender: Sender | None,
) -> uuid.UUID | None:
    size = count(text.body)
    return session.execute(
        insert(Message)
        .values(
            id=new_id(),
            shop_id=session.shop_id,
            contact_id=contact.id,
            conversation_id=conversation.id,
            sender_id=None if sender is None else sender.id,
            direction=Direction.INBOUND,
            author=Author.SHOPPER,
            lane=0,
            status=MessageStatus.RECEIVED,
            body=text.body,
            encoding=size.encoding,
            segments=size.parts,
            media_count=text.media_count,
            dedupe_key=f"in:{text.carrier_id}",
            carrier="twilio",
            carrier_id=text.carrier_id,
            attempts=0,
            resends=0,
            queued_at=text.received_at,
            send_after=text.received_at,
        )
        .on_conflict_do_nothing()
        .returning(Message.id)
    ).scalar_one_or_none()


def _move_conversation(conversation: Conversation, text: InboundText, intent: Intent) -> None:
    conversation.version = Conversation.version + 1
    conversation.last_inbound_at = max(
        text.received_at, conversation.last_inbound_at or text.received_at
    )
    # STOP, START and HELP are answered by themselves: nobody waits for a person.
    if intent is Intent.NONE:
        conversation.status = ConversationStatus.OPEN
        conversation.unread = Conversation.unread + 1
        conversation.waiting_since = conversation.waiting_since or text.received_at
    elif intent is Intent.STOP:
        # Whatever they had asked, nobody may answer it any more.
        conversation.waiting_since = None


def _answer(
    session: ShopSession,
    contact: Contact,
    text: InboundText,
    door: AtTheDoor,
    *,
    sender: Sender | None,
    now: datetime,
) -> None:
    by_carrier = _answered_by_carrier(session, text, sender)
    reply = answers.Reply(
        contact=contact,
        sender_id=None if sender is None else sender.id,
        key=text.carrier_id,
        received_at=text.received_at,
    )
    if door.intent is Intent.STOP and door.newly_revoked and not by_carrier:
        answers.confirm_opt_out(session, reply, now=now)
    elif door.intent is Intent.START:
        restored = resubscribe(
            session,
            contact,
            external_id=text.carrier_id,
            words=text.body,
            occurred_at=text.received_at,
            now=now,
        )
        if restored and not by_carrier:
            answers.confirm_opt_in(session, reply, restored, now=now)
    elif door.intent is Intent.HELP and text.opt_out_type is None:
        answers.explain(session, reply, now=now)


def _answered_by_carrier(session: ShopSession, text: InboundText, sender: Sender | None) -> bool:
    """Say whether the carrier has answered this very text; ours would be one too many (R4.13).

    It hears single words only. Whoever writes "stop please" gets their confirmation from us.
    """
    if text.opt_out_type is not None:
        return True
    if sender is None or text.body.strip().upper() not in HEARD_BY_CARRIERS:
        return False
    return session.get_one(CarrierAccount, sender.carrier_account_id).answers_stop_itself
