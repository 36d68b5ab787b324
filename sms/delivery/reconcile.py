"""Settling texts that may or may not have left, by what the carrier has; never blindly."""

from __future__ import annotations

import unicodedata
import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import and_, exists, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from models import Contact, Database, Message, Sender, ShopSession
from models.enums import MessageStatus
from sms.carriers.accounts import credentials_of
from sms.carriers.protocol import Carrier, CarrierMessage, CarrierUnavailableError
from sms.consent.reasons import Reason
from sms.delivery.outbound import DISPATCH
from sms.delivery.status import CarrierNews, apply_news

log = structlog.get_logger(__name__)

BATCH = 100
# The carrier's clock and ours differ by seconds; what is older than this is another text.
CLOCK_DIFFERENCE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class _Question:
    """What to ask the carrier about one person."""

    contact_id: uuid.UUID
    phone: str
    since: datetime


class Reconciler:
    """Asks the carrier what it has, and settles what is in doubt by the answer."""

    def __init__(
        self,
        database: Database,
        carrier: Carrier,
        *,
        clock: Callable[[], datetime],
        stale_after: timedelta,
        absent_after: timedelta,
    ) -> None:
        self._database = database
        self._carrier = carrier
        self._clock = clock
        self._stale_after = stale_after
        self._absent_after = absent_after

    def stale_before(self) -> datetime:
        """Return the moment since when a `sending` text is certainly nobody's work any more."""
        return self._clock() - self._stale_after

    def settle(self, shop_id: uuid.UUID, sender_id: uuid.UUID) -> None:
        """Settle up to `BATCH` people's unsettled texts from one number."""
        with self._database.shop_session(shop_id) as session:
            sender = session.get_one(Sender, sender_id)
            account = credentials_of(session, sender.carrier_account_id)
            self._give_up_on_the_erased(session, sender_id)
            questions = self._questions(session, sender_id)
        for question in questions:
            try:
                listed = self._carrier.texts_to(account, question.phone, since=question.since)
            except CarrierUnavailableError as error:
                log.warning("reconcile_postponed", sender_id=str(sender_id), problem=str(error))
                return
            with self._database.shop_session(shop_id) as session:
                self._settle_person(session, sender_id, question, listed)

    def _unsettled(self, sender_id: uuid.UUID) -> ColumnElement[bool]:
        return and_(
            Message.sender_id == sender_id,
            or_(
                Message.status == MessageStatus.UNKNOWN,
                and_(
                    Message.status == MessageStatus.SENDING,
                    Message.attempted_at < self.stale_before(),
                ),
            ),
        )

    def _give_up_on_the_erased(self, session: ShopSession, sender_id: uuid.UUID) -> None:
        """Close what nobody can be asked about any more: the number and the words are gone."""
        session.execute(
            update(Message)
            .where(
                self._unsettled(sender_id),
                Message.contact_id.in_(select(Contact.id).where(Contact.phone.is_(None))),
            )
            .values(status=MessageStatus.FAILED, reason=Reason.CONTACT_ERASED)
        )

    def _questions(self, session: ShopSession, sender_id: uuid.UUID) -> list[_Question]:
        rows = session.execute(
            select(Message.contact_id, Contact.phone, Message.attempted_at)
            .join(Contact, Contact.id == Message.contact_id)
            .where(self._unsettled(sender_id), Contact.phone.is_not(None))
            .order_by(Message.attempted_at)
            .limit(BATCH)
        )
        questions: dict[uuid.UUID, _Question] = {}
        for contact_id, phone, attempted_at in rows:
            assert phone is not None
            assert attempted_at is not None
            since = attempted_at - CLOCK_DIFFERENCE
            questions.setdefault(contact_id, _Question(contact_id, phone, since))
        return list(questions.values())

    def _settle_person(
        self,
        session: ShopSession,
        sender_id: uuid.UUID,
        question: _Question,
        listed: Sequence[CarrierMessage],
    ) -> None:
        now = self._clock()
        in_doubt = session.scalars(
            select(Message)
            .where(self._unsettled(sender_id), Message.contact_id == question.contact_id)
            .order_by(Message.attempted_at, Message.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).all()
        if self._is_being_sent(session, sender_id, question.contact_id):
            # The list may hold a text whose answer is about to be recorded, and its words may be
            # the same as those of one in doubt.
            log.info("reconcile_waits", contact_id=str(question.contact_id))
            return
        found = match(in_doubt, _not_tied_yet(session, sender_id, listed))
        for message in in_doubt:
            record = found.get(message.id)
            if record is None:
                self._was_not_found(session, message, now)
            else:
                _was_found(session, message, record, now)

    def _is_being_sent(
        self, session: ShopSession, sender_id: uuid.UUID, contact_id: uuid.UUID
    ) -> bool:
        under_way = exists().where(
            Message.sender_id == sender_id,
            Message.contact_id == contact_id,
            Message.status == MessageStatus.SENDING,
            Message.attempted_at >= self.stale_before(),
        )
        return bool(session.scalar(select(under_way)))

    def _was_not_found(self, session: ShopSession, message: Message, now: datetime) -> None:
        """Send once more what stayed absent for long enough; the list is the proof (B1)."""
        message.status = MessageStatus.UNKNOWN
        message.missing_since = message.missing_since or now
        if now - message.missing_since < self._absent_after:
            return
        if message.resends >= 1:
            message.status = MessageStatus.FAILED
            message.reason = Reason.OUTCOME_NEVER_LEARNED
        else:
            message.status = MessageStatus.QUEUED
            message.resends += 1
            message.send_after = now
            session.wake(DISPATCH, message.sender_id)
        log.info("reconciled_absent", message_id=str(message.id), status=message.status)


def _was_found(
    session: ShopSession, message: Message, record: CarrierMessage, now: datetime
) -> None:
    news = CarrierNews(
        message_id=message.id,
        carrier_id=record.carrier_id,
        status=record.status,
        error_code=record.error_code,
    )
    message.status = MessageStatus.ACCEPTED
    message.accepted_at = now
    session.flush()
    apply_news(session, news, now=now)
    log.info("reconciled_found", message_id=str(message.id), carrier_id=record.carrier_id)


def match(
    in_doubt: Sequence[Message], candidates: Sequence[CarrierMessage]
) -> dict[uuid.UUID, CarrierMessage]:
    """Pair texts in doubt with the carrier's records, as multisets of what they say.

    Two texts with the same words to the same person are the same to the carrier; the older of
    ours gets the older of theirs, and no record settles two.
    """
    waiting: defaultdict[str, list[CarrierMessage]] = defaultdict(list)
    for record in sorted(candidates, key=lambda each: each.created_at):
        waiting[essence(record.body)].append(record)
    found = {}
    for message in in_doubt:
        alike = waiting[essence(message.body)]
        if alike:
            found[message.id] = alike.pop(0)
    return found


def essence(body: str) -> str:
    """Reduce a text to its letters and digits.

    Carriers rewrite quotes, dashes, spaces and other marks (smart encoding), never the words.
    """
    folded = unicodedata.normalize("NFKD", body).casefold()
    return "".join(char for char in folded if char.isalnum()) or body.strip()


def _not_tied_yet(
    session: ShopSession, sender_id: uuid.UUID, listed: Sequence[CarrierMessage]
) -> list[CarrierMessage]:
    number = session.get_one(Sender, sender_id).number
    outgoing = [
        record
        for record in listed
        if not record.inbound and (record.sender == number or number.startswith("MG"))
    ]
    tied = set(
        session.scalars(
            select(Message.carrier_id).where(
                Message.carrier_id.in_([record.carrier_id for record in outgoing])
            )
        )
    )
    return [record for record in outgoing if record.carrier_id not in tied]
