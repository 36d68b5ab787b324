"""Plain functions that put rows into a real database, and say what they made."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from models import Contact, Database, Shop, ShopSession, new_id
from models.enums import ConsentKind, Purpose, Registration, Scope, SenderType, ShopStatus
from models.shops import Sender
from sms.carriers.accounts import Connection, connect
from sms.consent.ledger import Entry, append
from sms.contacts import find_or_create_contact
from sms.delivery.outbound import AlreadyQueued, Queued, queue_message

ADA = "+14155550101"
BEN = "+12125550102"

# As many shops as the carrier's stand-in knows; tables are emptied between tests, so that their
# accounts may come round again.
SHOPS = 300
_shops = itertools.cycle(range(1, SHOPS + 1))
_numbers = itertools.count(1)


@dataclass(frozen=True)
class MadeShop:
    id: uuid.UUID
    domain: str
    account_sid: str
    account_key: str
    auth_token: str
    number: str
    sender_id: uuid.UUID


def carrier_account(order: int) -> dict[str, Any]:
    """Describe the carrier account of the shop that `make_shop` makes as its `order`-th."""
    return {
        "account_sid": f"AC{order:032x}",
        "auth_token": f"token-{order}",
        "number": f"+1206555{order:04}",
        "brand": "Maple & Rye",
        "answers_stop_itself": False,
    }


def make_shop(
    database: Database,
    *,
    now: datetime,
    domain: str | None = None,
    pace: Decimal = Decimal(200),
    kind: SenderType = SenderType.LONG_CODE,
    registration: Registration = Registration.APPROVED,
    answers_stop_itself: bool = False,
    own_shipping_texts_off: bool | None = True,
) -> MadeShop:
    """Make an installed shop with a connected number."""
    order = next(_shops)
    shop_id, domain = new_id(), domain or f"shop-{order}.myshopify.com"
    account_at_carrier = carrier_account(order)
    connection = Connection(
        account_sid=account_at_carrier["account_sid"],
        auth_token=account_at_carrier["auth_token"],
        number=account_at_carrier["number"],
        type=kind,
        registration=registration,
        answers_stop_itself=answers_stop_itself,
        segments_per_second=pace,
        account_key=f"key-{order}",
    )
    with database.shop_session(shop_id) as session:
        session.add(
            Shop(
                id=shop_id,
                domain=domain,
                status=ShopStatus.INSTALLED,
                name="Maple & Rye",
                support_contact="help@maple.example",
                country="US",
                currency="USD",
                transactional_sms_disabled=own_shipping_texts_off,
                first_seen_at=now - timedelta(days=30),
                installed_at=now - timedelta(days=30),
            )
        )
        session.flush()
        account = connect(session, connection, now=now)
        sender = session.query(Sender).filter_by(carrier_account_id=account.id).one()
    return MadeShop(
        shop_id,
        domain,
        connection.account_sid,
        account.account_key,
        connection.auth_token,
        connection.number,
        sender.id,
    )


def make_contact(
    session: ShopSession,
    *,
    now: datetime,
    phone: str = ADA,
    marketing: bool = False,
    transactional: bool = True,
) -> Contact:
    """Make a contact, with the consents that are asked for in the ledger."""
    contact = find_or_create_contact(session, phone, now=now)
    for scope, wanted in ((Scope.MARKETING, marketing), (Scope.TRANSACTIONAL, transactional)):
        if wanted:
            grant(session, contact, scope, now=now)
    return contact


def grant(
    session: ShopSession,
    contact: Contact,
    scope: Scope,
    *,
    now: datetime,
    method: str = "checkout",
    external_id: str | None = None,
) -> uuid.UUID | None:
    entry = Entry(
        kind=ConsentKind.GRANTED,
        scope=scope,
        source="shopify_order",
        external_id=external_id or f"order-{next(_numbers)}",
        method=method,
        actor="shopper",
        occurred_at=now,
        evidence={"order": "#1001"},
    )
    return append(session, contact, entry, now=now)


def queue_text(
    session: ShopSession,
    contact: Contact,
    *,
    now: datetime,
    purpose: Purpose = Purpose.TRANSACTIONAL,
    body: str = "Maple & Rye: your order #1001 has shipped.",
    key: str | None = None,
    send_before: datetime | None = None,
) -> Queued | AlreadyQueued:
    return queue_message(
        session,
        contact,
        purpose=purpose,
        body=body,
        dedupe_key=key or f"text-{next(_numbers)}",
        now=now,
        send_before=send_before,
    )
