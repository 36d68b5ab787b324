"""What Shopify tells an app about a shop itself: settings, leaving, privacy requests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sandbox.store.shapes import Ids, gid, stamp
from sandbox.store.webhooks import Payload
from sandbox.world import Phone, Shop


def shop_payload(shop: Shop, *, shopify_texts: bool, at: datetime) -> Payload:
    """The shop, as in shop/update and app/uninstalled.

    `transactional_sms_disabled` is true while Shopify itself sends no shipping texts.
    """
    here = shop.address
    money = "${{amount}}"
    return {
        "id": shop.id, "name": shop.name, "email": shop.email, "domain": shop.domain,
        "province": here.province, "country": here.country_code, "address1": here.address1,
        "zip": here.zip, "city": here.city, "source": None, "phone": shop.phone,
        "latitude": None, "longitude": None, "primary_locale": "en", "address2": here.address2,
        "created_at": "2024-03-05T09:30:00-05:00", "updated_at": stamp(at, shop),
        "country_code": here.country_code, "country_name": here.country,
        "currency": shop.currency, "customer_email": shop.email, "timezone": shop.timezone,
        "iana_timezone": shop.iana_timezone, "shop_owner": shop.owner, "money_format": money,
        "money_with_currency_format": f"{money} {shop.currency}", "weight_unit": "lb",
        "province_code": here.province_code, "taxes_included": False,
        "auto_configure_tax_inclusivity": None, "tax_shipping": None, "county_taxes": True,
        "plan_display_name": "Development", "plan_name": "partner_test", "has_discounts": False,
        "has_gift_cards": True, "myshopify_domain": shop.domain, "google_apps_domain": None,
        "google_apps_login_enabled": None, "money_in_emails_format": money,
        "money_with_currency_in_emails_format": f"{money} {shop.currency}",
        "eligible_for_payments": True, "requires_extra_payments_agreement": False,
        "password_enabled": False, "has_storefront": True, "finances": True,
        "primary_location_id": shop.location_id, "checkout_api_supported": True,
        "multi_location_enabled": False, "setup_required": False, "pre_launch_enabled": False,
        "enabled_presentment_currencies": [shop.currency],
        "marketing_sms_consent_enabled_at_checkout": False,
        "transactional_sms_disabled": not shopify_texts,
    }  # fmt: skip


def scopes_payload(
    shop: Shop, *, previous: Sequence[str], current: Sequence[str], at: datetime
) -> Payload:
    """app/scopes_update: the shop granted other scopes."""
    return {
        "id": shop.id, "previous": list(previous), "current": list(current),
        "shop_id": gid("Shop", shop.id), "updated_at": stamp(at, shop),
    }  # fmt: skip


def data_request(shop: Shop, person: Phone, orders: Sequence[int], *, ids: Ids) -> Payload:
    """customers/data_request: a customer asks what is known about them."""
    return _about_customer(shop, person) | {
        "orders_requested": list(orders),
        "data_request": {"id": ids.next()},
    }


def customer_redact(shop: Shop, person: Phone, orders: Sequence[int]) -> Payload:
    """customers/redact: a customer is to be forgotten."""
    return _about_customer(shop, person) | {"orders_to_redact": list(orders)}


def shop_redact(shop: Shop) -> Payload:
    """shop/redact: 48 hours after an uninstall, everything of the shop is to be forgotten."""
    return {"shop_id": shop.id, "shop_domain": shop.domain}


def _about_customer(shop: Shop, person: Phone) -> Payload:
    customer = {"id": person.customer_id, "email": person.email, "phone": person.number}
    return shop_redact(shop) | {"customer": customer}
