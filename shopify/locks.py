"""One order at a time. Its webhooks come in any order and at once, through several workers."""

from __future__ import annotations

from sqlalchemy import text

from models import ShopSession

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


def lock_order(session: ShopSession, shopify_order_id: int) -> None:
    """Wait for whoever is working on this order, and keep others out until the transaction ends.

    Without it, a worker that stores the order and one that stores its parcel would each miss what
    the other has not committed yet, and nobody would tell the shopper. The order may have no row
    to lock, hence a lock by name.
    """
    session.execute(_LOCK, {"name": f"order:{session.shop_id}:{shopify_order_id}"})
