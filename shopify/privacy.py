"""Shopify's compliance topics: what is held about a customer, and forgetting customers and shops.

Each request leaves a row in `privacy_requests` as proof that it was answered; thirty days is how
long Shopify gives (R14.1).
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from sqlalchemy.dialects.postgresql import insert

from models import PrivacyRequest, ShopSession, WebhookReceipt, new_id
from models.enums import PrivacyRequestKind, ShopStatus
from shopify.erasure import erase_people, erase_shop
from shopify.export import export_of
from shopify.held import held_about
from shopify.locks import lock_order
from shopify.notices import read_customer_request
from shopify.payloads import Arrival
from shopify.reading import as_object
from shopify.shops import locked_shop

_DUE_AFTER = timedelta(days=30)


def answer_data_request(
    session: ShopSession, receipt: WebhookReceipt, payload: object, arrival: Arrival
) -> None:
    """Gather everything held about a customer, encrypted, for the merchant to hand over.

    The request counts as done only when it was handed over, so `done_at` stays empty here.
    """
    request = read_customer_request(payload)
    # Shopify numbers these requests: the same one under a new delivery's id is the same one.
    external_id = f"data_request:{request.request_id}" if request.request_id else None
    row_id = _note(
        session, receipt, PrivacyRequestKind.DATA_REQUEST, arrival, external_id=external_id
    )
    if row_id is None:
        return
    held = held_about(session, request)
    row = session.get_one(PrivacyRequest, row_id)
    row.export_encrypted = session.vault.encrypt_json(
        export_of(session, held, request, now=arrival.now)
    )
    row.counts = {"contacts": len(held.contacts), "orders": len(held.orders)}


def redact_customer(
    session: ShopSession, receipt: WebhookReceipt, payload: object, arrival: Arrival
) -> None:
    """Forget a customer, but for what keeps them from being texted again (R14.2)."""
    request = read_customer_request(payload)
    row_id = _note(session, receipt, PrivacyRequestKind.REDACT_CUSTOMER, arrival)
    # Also when it was done before: what arrived since is to go too.
    for order in sorted(held_about(session, request).order_ids):
        lock_order(session, order)
    held = held_about(session, request)
    counts = erase_people(session, held, request, external_id=receipt.external_id, now=arrival.now)
    # The request names whom it is about.
    receipt.body_encrypted = None
    if row_id is not None:
        row = session.get_one(PrivacyRequest, row_id)
        row.counts, row.done_at = counts, arrival.now


def redact_shop(
    session: ShopSession, receipt: WebhookReceipt, payload: object, arrival: Arrival
) -> None:
    """Forget a shop, 48 hours after it removed the app, unless it has come back since.

    Suppressions stay, and hold again if it does (R14.5).
    """
    as_object(payload, "request")
    shop = locked_shop(session)
    came_back = shop.status in {ShopStatus.INSTALLED, ShopStatus.PENDING}
    if came_back and shop.installed_at >= arrival.triggered_at:
        return
    if shop.status is ShopStatus.ERASED:
        return
    row_id = _note(session, receipt, PrivacyRequestKind.REDACT_SHOP, arrival)
    counts = erase_shop(session, shop, receipt, now=arrival.now)
    if row_id is not None:
        row = session.get_one(PrivacyRequest, row_id)
        row.counts, row.done_at = counts, arrival.now


def _note(
    session: ShopSession,
    receipt: WebhookReceipt,
    kind: PrivacyRequestKind,
    arrival: Arrival,
    *,
    external_id: str | None = None,
) -> uuid.UUID | None:
    """Write the request down; None if it was before."""
    row_id: uuid.UUID | None = session.execute(
        insert(PrivacyRequest)
        .values(
            id=new_id(),
            shop_id=session.shop_id,
            external_id=external_id or receipt.external_id,
            kind=kind,
            requested_at=arrival.triggered_at,
            due_at=arrival.triggered_at + _DUE_AFTER,
        )
        .on_conflict_do_nothing(index_elements=["shop_id", "external_id"])
        .returning(PrivacyRequest.id)
    ).scalar_one_or_none()
    return row_id
