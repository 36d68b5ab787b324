"""Whether the texts about a milestone are on: the merchant's word, else what Shopify does."""

from __future__ import annotations

from models import ShippingText, Shop


def is_on(shop: Shop, choice: ShippingText | None) -> bool:
    """A merchant's word counts; without one, ours are on only if Shopify's own are surely off.

    Two texts with the same news are one too many (facts on `transactional_sms_disabled`).
    """
    if choice is not None and choice.enabled is not None:
        return choice.enabled
    return shop.transactional_sms_disabled is True
