"""The work behind the carrier's webhooks, done from the receipt, once."""

from __future__ import annotations

import uuid
from datetime import datetime

import structlog

from models import OutboxEntry, ShopSession, WebhookReceipt
from sms.delivery.status import CarrierNews, apply_news
from sms.inbox.inbound import AtTheDoor, read_inbound, take_in
from sms.inbox.understanding import Intent
from sms.work import UnusablePayloadError

log = structlog.get_logger(__name__)


def process_inbound(
    session: ShopSession, receipt: WebhookReceipt, entry: OutboxEntry, *, now: datetime
) -> None:
    """Put a shopper's text into the conversation, as it was understood at the door.

    Raises:
        UnusablePayloadError: the webhook lacks an id or a phone.
    """
    form = _form_of(session, receipt)
    text = read_inbound(form, received_at=receipt.received_at)
    door = AtTheDoor(
        intent=Intent(entry.args.get("intent", Intent.NONE)),
        decided_by=str(entry.args.get("decided_by", "")),
        newly_revoked=bool(entry.args.get("newly_revoked")),
    )
    contact_id = take_in(session, text, door, now=now)
    # So that erasing the person finds what they wrote here, too.
    receipt.subject = f"contact:{contact_id}"


def process_status(
    session: ShopSession, receipt: WebhookReceipt, entry: OutboxEntry, *, now: datetime
) -> None:
    """Move one of our texts on. News about texts that others sent is nobody's loss.

    Raises:
        UnusablePayloadError: the webhook lacks an id or a status.
    """
    form = _form_of(session, receipt)
    carrier_id, status = form.get("MessageSid"), form.get("MessageStatus")
    if not carrier_id or not status:
        raise UnusablePayloadError("The status has no MessageSid or no MessageStatus.")
    news = CarrierNews(
        message_id=_uuid(entry.args.get("m")),
        carrier_id=carrier_id,
        status=status,
        error_code=_number(form.get("ErrorCode")),
    )
    if not apply_news(session, news, now=now):
        log.info("status_of_unknown_text", carrier_id=carrier_id)


def _form_of(session: ShopSession, receipt: WebhookReceipt) -> dict[str, str]:
    if receipt.body_encrypted is None:
        raise UnusablePayloadError("The webhook's body has been deleted.")
    return session.vault.decrypt_json(receipt.body_encrypted)


def _uuid(value: object) -> uuid.UUID | None:
    try:
        return uuid.UUID(str(value)) if value else None
    except ValueError:
        return None


def _number(value: str | None) -> int | None:
    # Twilio's codes have five digits; anything else is not one.
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 9 else None
