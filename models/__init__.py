"""The tables, and the only way to open a session on them."""

from __future__ import annotations

from models.audit import AuditEntry
from models.base import Base, new_id
from models.commerce import Fulfillment, FulfillmentEvent, Order, ShipmentMilestone
from models.media import Media
from models.messages import GateDecision, Message
from models.people import (
    ConsentEvent,
    ConsentEvidence,
    Contact,
    Conversation,
    Presence,
    Suppression,
    Wording,
)
from models.session import Database, ShopSession, TenancyError, Wake
from models.shops import CarrierAccount, PrivacyRequest, Sender, ShippingText, Shop
from models.tokens import ShopToken, StaffMember
from models.vault import PhoneHash, Vault
from models.work import Heartbeat, OutboxEntry, WebhookReceipt

__all__ = [
    "AuditEntry",
    "Base",
    "CarrierAccount",
    "ConsentEvent",
    "ConsentEvidence",
    "Contact",
    "Conversation",
    "Database",
    "Fulfillment",
    "FulfillmentEvent",
    "GateDecision",
    "Heartbeat",
    "Media",
    "Message",
    "Order",
    "OutboxEntry",
    "PhoneHash",
    "Presence",
    "PrivacyRequest",
    "Sender",
    "ShipmentMilestone",
    "ShippingText",
    "Shop",
    "ShopSession",
    "ShopToken",
    "StaffMember",
    "Suppression",
    "TenancyError",
    "Vault",
    "Wake",
    "WebhookReceipt",
    "Wording",
    "new_id",
]
