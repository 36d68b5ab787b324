"""The few questions that must be asked across all shops.

Each is a SECURITY DEFINER function of the database (migrations/versions/0007_across_shops.py) with
an explicit predicate, which answers with ids only. Nothing else reaches over the wall.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, text

from models.session import ShopSession


@dataclass(frozen=True, slots=True)
class InShop:
    """The id of a row, and of the shop in whose session it can be opened."""

    shop_id: uuid.UUID
    id: uuid.UUID


def _in_shop(row: Row[uuid.UUID, uuid.UUID]) -> InShop:
    return InShop(row[0], row[1])


def shop_id_of_domain(session: ShopSession, domain: str) -> uuid.UUID | None:
    found: uuid.UUID | None = session.scalar(text("SELECT find_shop(:domain)"), {"domain": domain})
    return found


def shop_of_sender(session: ShopSession, sender_id: uuid.UUID) -> uuid.UUID | None:
    found: uuid.UUID | None = session.scalar(
        text("SELECT find_shop_of_sender(:id)"), {"id": sender_id}
    )
    return found


def carrier_account_of_key(session: ShopSession, account_key: str) -> InShop | None:
    row = session.execute(
        text("SELECT shop_id, id FROM find_carrier_account(:key)"), {"key": account_key}
    ).first()
    return _in_shop(row) if row else None


def all_shop_ids(session: ShopSession) -> list[uuid.UUID]:
    return list(session.scalars(text("SELECT id FROM all_shop_ids()")))


def shops_with_idle_tokens(session: ShopSession, *, before: datetime) -> list[uuid.UUID]:
    """Find installed shops whose refresh token was last renewed before `before`."""
    query = text("SELECT id FROM shops_with_idle_tokens(:before)")
    return list(session.scalars(query, {"before": before}))


def claim_outbox(
    session: ShopSession,
    *,
    kind: str,
    limit: int,
    lease_seconds: float,
    token: uuid.UUID,
    now: datetime,
) -> list[InShop]:
    """Take up to `limit` due entries for `lease_seconds`; two callers never get the same one."""
    rows = session.execute(
        text("SELECT shop_id, id FROM claim_outbox(:kind, :limit, :lease, :token, :now)"),
        {"kind": kind, "limit": limit, "lease": lease_seconds, "token": token, "now": now},
    )
    return [_in_shop(row) for row in rows]


def kinds_of_due_work(session: ShopSession, *, now: datetime) -> list[str]:
    return list(session.scalars(text("SELECT kind FROM due_outbox_kinds(:now)"), {"now": now}))


def senders_with_due_texts(session: ShopSession, *, now: datetime) -> list[InShop]:
    rows = session.execute(
        text("SELECT shop_id, id FROM senders_with_due_texts(:now)"), {"now": now}
    )
    return [_in_shop(row) for row in rows]


def senders_with_unsettled_texts(session: ShopSession, *, stale: datetime) -> list[InShop]:
    """Find senders with texts that may have left: unknown, or `sending` since before `stale`."""
    rows = session.execute(
        text("SELECT shop_id, id FROM senders_with_unsettled_texts(:stale)"), {"stale": stale}
    )
    return [_in_shop(row) for row in rows]


def delete_old_webhook_bodies(session: ShopSession, *, before: datetime) -> int:
    """Empty the bodies of webhooks that were processed before `before`; count them."""
    return int(
        session.scalar(text("SELECT delete_old_webhook_bodies(:before)"), {"before": before}) or 0
    )
