"""The fixed answers to STOP, START and HELP. Their words come from law and carrier rules."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from models import Contact, ShopSession
from models.enums import Purpose, Scope
from sms.delivery.outbound import queue_message

# One confirmation, within five minutes, or none (R4.12; 47 CFR 64.1200(a)(12)).
OPT_OUT_CONFIRMATION_WITHIN = timedelta(minutes=5)
# A late "you are in" or a late HELP still helps; a day later it only puzzles.
OTHER_ANSWERS_WITHIN = timedelta(hours=12)

OPTED_OUT = (
    "{brand}: You're unsubscribed and won't get more texts from us. "
    "Reply START to rejoin, HELP for help."
)
OPTED_IN_TO_MARKETING = (
    "{brand}: Thanks for joining! Recurring msgs, frequency varies. "
    "Msg&data rates may apply. Reply HELP for help, STOP to cancel."
)
OPTED_IN_TO_ORDERS = (
    "{brand}: You'll get texts about your orders again. Msg frequency varies. "
    "Msg&data rates may apply. Reply HELP for help, STOP to cancel."
)
HELP = (
    "{brand}: Texts about your orders and our answers to you. Contact: {contact}. "
    "Msg frequency varies. Msg&data rates may apply. Reply STOP to opt out."
)


@dataclass(frozen=True, slots=True)
class Reply:
    """To whom, from which number, and to which inbound text an answer goes."""

    contact: Contact
    sender_id: uuid.UUID | None
    key: str
    received_at: datetime


def confirm_opt_out(session: ShopSession, reply: Reply, *, now: datetime) -> None:
    _queue(
        session,
        reply,
        Purpose.OPTOUT_CONFIRM,
        OPTED_OUT.format(brand=session.shop.brand),
        within=OPT_OUT_CONFIRMATION_WITHIN,
        now=now,
    )


def confirm_opt_in(
    session: ShopSession, reply: Reply, scopes: frozenset[Scope], *, now: datetime
) -> None:
    words = OPTED_IN_TO_MARKETING if Scope.MARKETING in scopes else OPTED_IN_TO_ORDERS
    _queue(
        session,
        reply,
        Purpose.OPTIN_CONFIRM,
        words.format(brand=session.shop.brand),
        within=OTHER_ANSWERS_WITHIN,
        now=now,
    )


def explain(session: ShopSession, reply: Reply, *, now: datetime) -> None:
    """Answer HELP: who this is, what it is, whom to turn to (R6.1)."""
    shop = session.shop
    words = HELP.format(brand=shop.brand, contact=shop.support_contact or f"https://{shop.domain}")
    _queue(session, reply, Purpose.HELP_REPLY, words, within=OTHER_ANSWERS_WITHIN, now=now)


def _queue(
    session: ShopSession,
    reply: Reply,
    purpose: Purpose,
    body: str,
    *,
    within: timedelta,
    now: datetime,
) -> None:
    queue_message(
        session,
        reply.contact,
        purpose=purpose,
        body=body,
        dedupe_key=f"{purpose}:{reply.key}",
        now=now,
        send_before=reply.received_at + within,
        sender_id=reply.sender_id,
    )
