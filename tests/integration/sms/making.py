"""What the tests of texting share: a clock that can be moved, and one shop's comings and goings."""

from __future__ import annotations

import itertools
import secrets
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from twilio.request_validator import RequestValidator

from jobs.drain import Drainer
from models import Contact, Conversation, Database, Message, OutboxEntry, Suppression
from models.enums import Author, Direction, Purpose, Scope
from sms.carriers.intake import Answer, Call, CarrierIntake
from sms.carriers.protocol import Carrier
from sms.carriers.twilio import Twilio
from sms.consent.revocation import Revocation, revoke
from sms.contacts import find_or_create_contact
from sms.delivery.dispatch import Dispatcher
from sms.delivery.outbound import AlreadyQueued, Queued, queue_message
from sms.delivery.reconcile import Reconciler
from tests.factories import ADA, MadeShop, make_contact
from tests.integration.sandbox_carrier.running import Running

# Nobody listens there, so status callbacks go nowhere; tests bring their own.
PUBLIC_URL = "http://127.0.0.1:9"
SHORT_TIMEOUT = 1.0
ABSENT_AFTER = timedelta(minutes=5)
STALE_AFTER = timedelta(seconds=60)

_keys = itertools.count(1)


@dataclass
class Clock:
    """The time, moved by as much as a test likes."""

    offset: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def later(self, **by: float) -> datetime:
        return self() + timedelta(**by)

    def advance(self, **by: float) -> None:
        self.offset += timedelta(**by)


def phone_of(number: int) -> str:
    """The phone of one of many; +1 212 555 0200 and up."""
    return f"+1212555{200 + number:04}"


def through_twilio(stand_in: Running, *, timeout: float = SHORT_TIMEOUT) -> Twilio:
    return Twilio(timeout=timeout, pool_size=16, base_url=stand_in.url)


def dispatcher_for(
    database: Database, carrier: Carrier, clock: Callable[[], datetime], *, concurrency: int = 16
) -> Dispatcher:
    return Dispatcher(
        database,
        carrier,
        clock=clock,
        public_url=PUBLIC_URL,
        media_address=lambda _, media_id: f"{PUBLIC_URL}/media/{media_id}",
        concurrency=concurrency,
        carrier_timeout=SHORT_TIMEOUT,
    )


def reconciler_for(
    database: Database, carrier: Carrier, clock: Callable[[], datetime]
) -> Reconciler:
    return Reconciler(
        database, carrier, clock=clock, stale_after=STALE_AFTER, absent_after=ABSENT_AFTER
    )


@dataclass
class Desk:
    """One shop: texts go out, texts and news come in, and rows can be looked at."""

    database: Database
    shop: MadeShop
    clock: Clock

    def contact(self, phone: str = ADA, *, marketing: bool = False) -> uuid.UUID:
        with self.database.shop_session(self.shop.id) as session:
            return make_contact(session, now=self.clock(), phone=phone, marketing=marketing).id

    def queue(
        self,
        phone: str = ADA,
        *,
        body: str = "Maple & Rye: your order #1001 has shipped.",
        purpose: Purpose = Purpose.TRANSACTIONAL,
        key: str | None = None,
        **more: Any,
    ) -> Queued | AlreadyQueued:
        with self.database.shop_session(self.shop.id) as session:
            now = self.clock()
            contact = find_or_create_contact(session, phone, now=now)
            return queue_message(
                session,
                contact,
                purpose=purpose,
                body=body,
                dedupe_key=key or f"key-{next(_keys)}",
                now=now,
                **more,
            )

    def queued(self, phone: str = ADA, **more: Any) -> uuid.UUID:
        return self.queue(phone, **more).message_id

    def campaign(
        self,
        count: int,
        *,
        purpose: Purpose = Purpose.TRANSACTIONAL,
        body: str = "News.",
        each: int = 1,
    ) -> list[str]:
        """Queue `each` texts to each of `count` people at once; return their phones."""
        phones = [phone_of(number) for number in range(count)]
        now = self.clock()
        with self.database.shop_session(self.shop.id) as session:
            for phone in phones:
                marketing = purpose is Purpose.MARKETING
                contact = make_contact(session, now=now, phone=phone, marketing=marketing)
                for _ in range(each):
                    queue_message(
                        session,
                        contact,
                        purpose=purpose,
                        body=body,
                        dedupe_key=f"key-{next(_keys)}",
                        now=now,
                    )
        return phones

    def message(self, message_id: uuid.UUID) -> Message:
        with self.database.shop_session(self.shop.id) as session:
            return session.get_one(Message, message_id)

    def messages(self, *where: Any) -> Sequence[Message]:
        with self.database.shop_session(self.shop.id) as session:
            return session.scalars(select(Message).where(*where).order_by(Message.id)).all()

    def outbound(self) -> Sequence[Message]:
        return self.messages(Message.direction == Direction.OUTBOUND)

    def change(self, row: Any, **values: Any) -> None:
        """Put a row into a state that would take long to reach."""
        with self.database.shop_session(self.shop.id) as session:
            for name, value in values.items():
                setattr(session.get_one(type(row), row.id), name, value)

    def person(self, phone: str = ADA) -> Contact:
        with self.database.shop_session(self.shop.id) as session:
            return session.scalars(select(Contact).where(Contact.phone == phone)).one()

    def conversation(self, phone: str = ADA) -> Conversation:
        contact_id = self.person(phone).id
        with self.database.shop_session(self.shop.id) as session:
            return session.scalars(
                select(Conversation).where(Conversation.contact_id == contact_id)
            ).one()

    def suppressed(self) -> set[Scope]:
        with self.database.shop_session(self.shop.id) as session:
            return set(session.scalars(select(Suppression.scope)))

    def opts_out(self, phone: str = ADA) -> None:
        """Opt a person out in a transaction of our own, past the webhook."""
        with self.database.shop_session(self.shop.id) as session:
            now = self.clock()
            contact = find_or_create_contact(session, phone, now=now)
            wish = Revocation(
                source="inbound_text",
                external_id=f"SM{secrets.token_hex(16)}",
                method="inbound_text",
                actor="shopper",
                occurred_at=now,
                words="STOP",
            )
            revoke(session, contact, wish, now=now)

    # -- what comes from the carrier ---------------------------------------------------------

    def texts(
        self, body: str, *, phone: str = ADA, sid: str | None = None, **fields: str
    ) -> Answer:
        """A shopper texts: the webhook, signed, up to its answer. No job has run then."""
        form = {
            "MessageSid": sid or f"SM{secrets.token_hex(16)}",
            "AccountSid": self.shop.account_sid,
            "From": phone,
            "To": self.shop.number,
            "Body": body,
            "NumMedia": "0",
            **fields,
        }
        intake = CarrierIntake(self.database, clock=self.clock)
        return intake.receive_inbound(self.shop.account_key, self._signed("inbound", form))

    def hears(
        self, status: str, *, sid: str, message_id: uuid.UUID | None = None, code: int | None = None
    ) -> Answer:
        """The carrier calls back about one of our texts."""
        form = {
            "MessageSid": sid,
            "AccountSid": self.shop.account_sid,
            "From": self.shop.number,
            "To": ADA,
            "MessageStatus": status,
        }
        if code is not None:
            form["ErrorCode"] = str(code)
        call = self._signed("status", form, message_id=message_id)
        return CarrierIntake(self.database, clock=self.clock).receive_status(
            self.shop.account_key, call
        )

    def _signed(
        self, kind: str, form: dict[str, str], *, message_id: uuid.UUID | None = None
    ) -> Call:
        url = f"{PUBLIC_URL}/webhooks/twilio/{self.shop.account_key}/{kind}"
        url += f"?m={message_id}" if message_id else ""
        signature = RequestValidator(self.shop.auth_token).compute_signature(url, form)
        return Call(
            url=url,
            form=form,
            signature=signature,
            signature_settings="",
            message_id=str(message_id) if message_id else None,
        )

    def works(self) -> None:
        """Do what the webhooks left to do."""
        drainer = Drainer(self.database, clock=self.clock)
        for kind in ("carrier_inbound", "carrier_status"):
            while drainer.drain(kind):
                """There was more than one run's worth."""

    def entries(self) -> Sequence[OutboxEntry]:
        with self.database.shop_session(self.shop.id) as session:
            return session.scalars(select(OutboxEntry).order_by(OutboxEntry.id)).all()

    def asks(self, question: str, phone: str = ADA) -> uuid.UUID:
        """A person of the shop writes in the conversation."""
        return self.queued(
            phone, body=question, purpose=Purpose.CONVERSATIONAL_REPLY, author=Author.STAFF
        )
