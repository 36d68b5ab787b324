"""What a webhook changes. Each may come twice, late, or before the one it follows from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from models import ShopSession, WebhookReceipt
from models.enums import ShopStatus
from shopify.locks import lock_order
from shopify.notices import read_scopes, read_shop
from shopify.orders import order_with, store_order
from shopify.parcels import order_id_of_parcel, store_fulfillment, store_scan
from shopify.payloads import (
    Arrival,
    read_fulfillment,
    read_fulfillment_event,
    read_order,
)
from shopify.privacy import answer_data_request, redact_customer, redact_shop
from shopify.shops import apply_scopes, apply_shop, mark_uninstalled
from shopify.topics import FULFILLMENT_TOPICS, ORDER_TOPICS, SCAN_TOPICS
from sms.shipping.announce import announce
from sms.work import UnusablePayloadError

Handler = Callable[[ShopSession, WebhookReceipt, object, Arrival], None]


def process_webhook(
    session: ShopSession, receipt: WebhookReceipt, payload: object, *, now: datetime
) -> None:
    """Apply one webhook of this session's shop. Applying it again changes nothing.

    Args:
        session: of the shop that the webhook is about; the caller commits.
        receipt: what was taken in; its subject is noted on it.
        payload: the parsed body (`shopify.reading.parsed_json`).
        now: aware UTC.

    Raises:
        UnusablePayloadError: the payload makes no sense; nothing was written.
    """
    handler = _HANDLERS.get(receipt.topic)
    if handler is None:
        raise UnusablePayloadError(f"Nothing is known about the topic {receipt.topic}.")
    arrival = Arrival(triggered_at=min(receipt.triggered_at, now), now=now)
    handler(session, receipt, payload, arrival)


def _order(
    session: ShopSession, receipt: WebhookReceipt, payload: object, arrival: Arrival
) -> None:
    order = read_order(payload, arrival)
    if not _take_up(session, receipt, order.shopify_id):
        return
    for parcel in order.fulfillments:
        store_fulfillment(session, parcel, triggered_at=arrival.triggered_at)
    stored = store_order(session, order, triggered_at=arrival.triggered_at, now=arrival.now)
    announce(session, stored, now=arrival.now)


def _fulfillment(
    session: ShopSession, receipt: WebhookReceipt, payload: object, arrival: Arrival
) -> None:
    parcel = read_fulfillment(payload, arrival)
    if not _take_up(session, receipt, parcel.order_id):
        return
    store_fulfillment(session, parcel, triggered_at=arrival.triggered_at)
    _announce_if_known(session, parcel.order_id, now=arrival.now)


def _scan(session: ShopSession, receipt: WebhookReceipt, payload: object, arrival: Arrival) -> None:
    scan = read_fulfillment_event(payload, arrival)
    order_id = scan.order_id or order_id_of_parcel(session, scan.fulfillment_id)
    if order_id is None:
        # Kept; it is news as soon as its parcel is known.
        receipt.subject = f"parcel:{scan.fulfillment_id}"
        if session.shop.status is not ShopStatus.ERASED:
            store_scan(session, scan)
    elif _take_up(session, receipt, order_id):
        store_scan(session, scan)
        _announce_if_known(session, order_id, now=arrival.now)


def _take_up(session: ShopSession, receipt: WebhookReceipt, order_id: int) -> bool:
    """Lock an order and note it on the receipt; False if nothing may be known of it any more."""
    receipt.subject = f"order:{order_id}"
    lock_order(session, order_id)
    known = order_with(session, order_id)
    erased = known is not None and known.redacted_at is not None
    return not erased and session.shop.status is not ShopStatus.ERASED


def _announce_if_known(session: ShopSession, order_id: int, *, now: datetime) -> None:
    order = order_with(session, order_id)
    if order is not None:
        announce(session, order, now=now)


def _shop(
    session: ShopSession, _receipt: WebhookReceipt, payload: object, arrival: Arrival
) -> None:
    apply_shop(session, read_shop(payload, arrival), triggered_at=arrival.triggered_at)


def _scopes(
    session: ShopSession, _receipt: WebhookReceipt, payload: object, arrival: Arrival
) -> None:
    apply_scopes(session, read_scopes(payload, arrival))


def _uninstalled(
    session: ShopSession, _receipt: WebhookReceipt, _payload: object, arrival: Arrival
) -> None:
    # The topic says it all: what the body holds of the shop no longer matters.
    mark_uninstalled(session, triggered_at=arrival.triggered_at)


_HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(ORDER_TOPICS, _order),
    **dict.fromkeys(FULFILLMENT_TOPICS, _fulfillment),
    **dict.fromkeys(SCAN_TOPICS, _scan),
    "shop/update": _shop,
    "app/scopes_update": _scopes,
    "app/uninstalled": _uninstalled,
    "customers/data_request": answer_data_request,
    "customers/redact": redact_customer,
    "shop/redact": redact_shop,
}
