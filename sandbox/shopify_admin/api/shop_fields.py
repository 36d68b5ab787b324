"""Fields of the shop, and of the app that is installed in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sandbox.shopify_admin.api.order_fields import NO, YES, Fields, Resolver, always, of_doc
from sandbox.shopify_admin.api.things import Address, Arguments, Scene, moment
from sandbox.shopify_admin.app_config import SCOPES_IN_WORDS
from sandbox.store import notices
from sandbox.store.shapes import gid
from sandbox.store.webhooks import Payload


def _shop(name: str) -> Resolver:
    def resolve(_source: object, scene: Scene, _arguments: Arguments) -> object:
        state = scene.admin.store.memory.shop(scene.shop.domain)
        payload = notices.shop_payload(
            scene.shop, shopify_texts=state.shopify_texts, at=state.updated_at
        )
        return moment(payload[name]) if name.endswith("_at") else payload[name]

    return resolve


def _now(scene: Scene) -> datetime:
    return datetime.now(UTC).astimezone(ZoneInfo(scene.shop.iana_timezone))


def _offset(scene: Scene) -> int:
    return int((_now(scene).utcoffset() or timedelta()).total_seconds()) // 60


SHOP: Fields = {
    "id": lambda _source, scene, _a: gid("Shop", scene.shop.id),
    **{
        name: _shop(payload)
        for name, payload in {
            "name": "name", "email": "email", "contactEmail": "customer_email",
            "myshopifyDomain": "myshopify_domain", "ianaTimezone": "iana_timezone",
            "currencyCode": "currency", "shopOwnerName": "shop_owner", "createdAt": "created_at",
            "updatedAt": "updated_at", "enabledPresentmentCurrencies":
            "enabled_presentment_currencies", "taxesIncluded": "taxes_included",
            "setupRequired": "setup_required", "transactionalSmsDisabled":
            "transactional_sms_disabled", "marketingSmsConsentEnabledAtCheckout":
            "marketing_sms_consent_enabled_at_checkout",
        }.items()
    },
    "timezoneAbbreviation": lambda _source, scene, _a: _now(scene).strftime("%Z"),
    "timezoneOffset": lambda _source, scene, _a: _now(scene).strftime("%z"),
    "timezoneOffsetMinutes": lambda _source, scene, _a: _offset(scene),
    "unitSystem": always("IMPERIAL_SYSTEM"),
    "weightUnit": always("POUNDS"),
    "url": lambda _source, scene, _a: f"https://{scene.shop.domain}",
    "primaryDomain": lambda _source, scene, _a: scene.shop,
    "plan": always({}),
    "billingAddress": lambda _source, scene, _a: _place(scene),
    "shopAddress": lambda _source, scene, _a: _place(scene),
}  # fmt: skip


def _place(scene: Scene) -> Address:
    here = scene.shop.address
    doc = {
        "first_name": None, "last_name": None, "name": None, "company": scene.shop.name,
        "address1": here.address1, "address2": here.address2, "city": here.city, "zip": here.zip,
        "province": here.province, "province_code": here.province_code, "country": here.country,
        "country_code": here.country_code, "phone": scene.shop.phone,
    }  # fmt: skip
    return Address(doc, scene.shop.id)


DOMAIN: Fields = {
    "id": lambda shop, _s, _a: gid("Domain", shop.id),
    "host": lambda shop, _s, _a: shop.domain,
    "url": lambda shop, _s, _a: f"https://{shop.domain}",
    "sslEnabled": YES,
}
PLAN: Fields = {
    "displayName": always("Development"),
    "publicDisplayName": always("Development"),
    "partnerDevelopment": YES,
    "shopifyPlus": NO,
}


def _scope(handle: str) -> Payload:
    return {"handle": handle, "description": SCOPES_IN_WORDS.get(handle, handle)}


INSTALLATION: Fields = {
    "id": lambda _source, scene, _a: gid("AppInstallation", scene.shop.id),
    "accessScopes": lambda _source, scene, _a: [_scope(each) for each in sorted(scene.granted)],
    "launchUrl": lambda _source, scene, _a: (
        f"https://admin.shopify.com/store/{scene.shop.handle}/apps/{scene.admin.app.handle}"
    ),
    "app": always({}),
    "activeSubscriptions": always([]),
}
SCOPE: Fields = {"handle": of_doc("handle"), "description": of_doc("description")}
APP: Fields = {
    "id": always(gid("App", 1)),
    "apiKey": lambda _source, scene, _a: scene.admin.app.client_id,
    "title": lambda _source, scene, _a: scene.admin.app.title,
    "handle": lambda _source, scene, _a: scene.admin.app.handle,
    "embedded": YES,
    "installation": always({}),
    "requestedAccessScopes": lambda _source, scene, _a: [
        _scope(each) for each in scene.admin.app.scopes
    ],
    "optionalAccessScopes": lambda _source, scene, _a: [
        _scope(each) for each in scene.admin.app.optional
    ],
}
