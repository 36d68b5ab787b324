"""The webhook topics that Parley asks for, as in shopify.app.toml."""

from __future__ import annotations

ORDER_TOPICS = frozenset(
    {"orders/create", "orders/updated", "orders/cancelled", "orders/fulfilled"}
)
FULFILLMENT_TOPICS = frozenset({"fulfillments/create", "fulfillments/update"})
SCAN_TOPICS = frozenset({"fulfillment_events/create"})
SHOP_TOPICS = frozenset({"app/uninstalled", "app/scopes_update", "shop/update"})
# Declared as `compliance_topics`: every app in Shopify's store must serve them (R14.1).
COMPLIANCE_TOPICS = frozenset({"customers/data_request", "customers/redact", "shop/redact"})

TOPICS = ORDER_TOPICS | FULFILLMENT_TOPICS | SCAN_TOPICS | SHOP_TOPICS | COMPLIANCE_TOPICS
