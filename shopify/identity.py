"""Does a payload speak of the shop whose webhook it claims to be?

The signature covers the body alone: whoever holds one signed body could send it under any shop's
name. Wherever a body says whose it is, the two must agree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from shopify.reading import Fields, as_id, id_in, parsed_json, text_in
from shopify.shops import normalised_domain
from shopify.topics import COMPLIANCE_TOPICS, ORDER_TOPICS
from sms.work import UnusablePayloadError

_TEXT = 2_000


@dataclass(frozen=True, slots=True)
class Named:
    """What a body says of its shop; None where it says nothing that can be read."""

    shopify_id: int | None = None
    domain: str | None = None

    def contradicts(self, *, domain: str, shopify_id: int | None = None) -> bool:
        """True if this is not the shop with this domain and, where both are known, number."""
        if self.domain is not None and normalised_domain(self.domain) != domain:
            return True
        return None not in {self.shopify_id, shopify_id} and self.shopify_id != shopify_id


def shop_named_in(topic: str, body: bytes) -> Named:
    """Read what a webhook's body says of its shop. Never raises."""
    read = _READERS.get(topic)
    if read is None:
        return Named()
    try:
        payload = parsed_json(body)
    except UnusablePayloadError:
        return Named()
    return read(payload) if isinstance(payload, dict) else Named()


def _of_shop(payload: Fields) -> Named:
    return Named(id_in(payload, "id"), text_in(payload, "myshopify_domain", length=_TEXT))


def _of_request(payload: Fields) -> Named:
    return Named(id_in(payload, "shop_id"), text_in(payload, "shop_domain", length=_TEXT))


def _of_part(payload: Fields) -> Named:
    return Named(id_in(payload, "shop_id"))


def _of_order(payload: Fields) -> Named:
    """An order names its shop only in its status page's path: /<shop id>/orders/<token>/..."""
    url = text_in(payload, "order_status_url", length=_TEXT)
    try:
        path = urlsplit(url or "").path.split("/")
    except ValueError:
        return Named()
    return Named(as_id(path[1])) if len(path) > 3 and path[2] == "orders" else Named()


_READERS: dict[str, Callable[[Fields], Named]] = {
    "shop/update": _of_shop,
    "app/uninstalled": _of_shop,
    "app/scopes_update": _of_part,
    "fulfillment_events/create": _of_part,
    **dict.fromkeys(COMPLIANCE_TOPICS, _of_request),
    **dict.fromkeys(ORDER_TOPICS, _of_order),
}
