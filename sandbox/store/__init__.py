"""The store stand-in: a small Shopify that sends what Shopify would send."""

from sandbox.store.courier import Courier
from sandbox.store.database import Database
from sandbox.store.refusals import Refused
from sandbox.store.store import Happened, Store
from sandbox.store.webhooks import WebhookRequest

__all__ = ["Courier", "Database", "Happened", "Refused", "Store", "WebhookRequest"]
