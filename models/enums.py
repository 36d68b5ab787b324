"""The closed vocabularies of the tables. Each is stored as text and held by a CHECK."""

from __future__ import annotations

from enum import StrEnum


class ShopStatus(StrEnum):
    """`pending`: Shopify told us of the shop before anyone opened the app in it."""

    PENDING = "pending"
    INSTALLED = "installed"
    UNINSTALLED = "uninstalled"
    ERASED = "erased"


class SenderType(StrEnum):
    TOLL_FREE = "toll_free"
    LONG_CODE = "long_code"
    SHORT_CODE = "short_code"
    MESSAGING_SERVICE = "messaging_service"


class Registration(StrEnum):
    """What the carriers say of a sender. Only an approved one may text (R9.8)."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


class Scope(StrEnum):
    """What a consent is for. A number on an order is never a marketing consent (R1.4)."""

    MARKETING = "marketing"
    TRANSACTIONAL = "transactional"


class ConsentKind(StrEnum):
    """The kinds of event that the ledger knows (R3.1)."""

    GRANTED = "granted"
    PENDING = "pending"
    CONFIRMED = "confirmed"
    REVOKED = "revoked"
    SCOPE_CHANGE = "scope_change"
    IMPORTED = "imported"
    REASSIGNED = "reassigned"
    REDACTED = "redacted"


class ConsentState(StrEnum):
    """Where a person stands in one scope: the ledger's events, summed up."""

    NONE = "none"
    PENDING = "pending"
    GRANTED = "granted"
    REVOKED = "revoked"


class Purpose(StrEnum):
    """Every outgoing text has exactly one class; without one it is refused (R1.1)."""

    MARKETING = "marketing"
    TRANSACTIONAL = "transactional"
    CONVERSATIONAL_REPLY = "conversational_reply"
    OPTIN_CONFIRM = "optin_confirm"
    OPTOUT_CONFIRM = "optout_confirm"
    HELP_REPLY = "help_reply"
    CRISIS_REPLY = "crisis_reply"

    @property
    def lane(self) -> int:
        """Replies leave first, then news about orders, then promotions: 0, 1, 2."""
        return _LANES.get(self, 0)


_LANES = {Purpose.TRANSACTIONAL: 1, Purpose.MARKETING: 2}


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


class MessageStatus(StrEnum):
    """The life of a text.

    `sending` is committed just before its request begins; `unknown` means that the request may
    have reached the carrier; `accepted` that the carrier has it; `sent` that it left the carrier.
    `cancelled`, `blocked` and `expired` never left, and their reason says why.
    """

    QUEUED = "queued"
    SENDING = "sending"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    READ = "read"
    CANCELLED = "cancelled"
    BLOCKED = "blocked"
    EXPIRED = "expired"
    RECEIVED = "received"


class MediaState(StrEnum):
    """`refused`: what came is not shown; `failed`: nothing came. The problem says why."""

    WAITING = "waiting"
    STORED = "stored"
    REFUSED = "refused"
    FAILED = "failed"
    DELETED = "deleted"


class Author(StrEnum):
    """Who wrote a text. What a bare "no" means depends on it (P33)."""

    SHOPPER = "shopper"
    AUTOMATION = "automation"
    STAFF = "staff"


class ConversationStatus(StrEnum):
    OPEN = "open"
    SNOOZED = "snoozed"
    CLOSED = "closed"


class Milestone(StrEnum):
    """News about one shipment that a shopper may get a text about."""

    SHIPPED = "shipped"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERED = "delivered"
    ATTEMPTED_DELIVERY = "attempted_delivery"
    DELAYED = "delayed"
    FAILED = "failed"


class MilestoneOutcome(StrEnum):
    """What became of a piece of shipment news. Anything but `texted` says why there is no text.

    `refused`: the gate said no, and the message that it points to says why.
    """

    TEXTED = "texted"
    SWITCHED_OFF = "switched_off"
    NO_USABLE_PHONE = "no_usable_phone"
    NO_SENDER = "no_sender"
    STALE = "stale"
    BEFORE_INSTALL = "before_install"
    OVERTAKEN = "overtaken"
    ORDER_CANCELLED = "order_cancelled"
    REFUSED = "refused"


class ReceiptStatus(StrEnum):
    """`unusable` payloads are kept and can be retried; nothing that arrived is thrown away."""

    RECEIVED = "received"
    PROCESSED = "processed"
    UNUSABLE = "unusable"


class WebhookSource(StrEnum):
    SHOPIFY = "shopify"
    CARRIER_INBOUND = "carrier_inbound"
    CARRIER_STATUS = "carrier_status"


class PrivacyRequestKind(StrEnum):
    DATA_REQUEST = "data_request"
    REDACT_CUSTOMER = "redact_customer"
    REDACT_SHOP = "redact_shop"


class TokenGrant(StrEnum):
    """How a shop's token is come by, and come by again."""

    EXCHANGE = "token_exchange"
    AUTHORIZATION_CODE = "authorization_code"
    CLIENT_CREDENTIALS = "client_credentials"


class TokenState(StrEnum):
    """`needs_reauth` heals when somebody opens the app; `refused` when the secret is right again.

    `none`: there was never one, or the app was uninstalled.
    """

    NONE = "none"
    FRESH = "fresh"
    NEEDS_REAUTH = "needs_reauth"
    REFUSED = "refused"


class AuditAction(StrEnum):
    """What staff do that the access log keeps."""

    SAW_PROFILE = "saw_profile"
    EXPORTED_PROFILE = "exported_profile"
    CONNECTED_NUMBER = "connected_number"
    DISCONNECTED_NUMBER = "disconnected_number"
    CHANGED_SHIPPING_TEXT = "changed_shipping_text"
    NAMED_STAFF = "named_staff"
