"""Fields of parcels and customers."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from sandbox.shopify_admin.api.listing import connection
from sandbox.shopify_admin.api.order_fields import (
    YES,
    Fields,
    Resolver,
    always,
    moment_of,
    of_doc,
    told,
)
from sandbox.shopify_admin.api.things import (
    Address,
    Arguments,
    Buyer,
    Parcel,
    Scan,
    Scene,
    address,
    first_of,
    moment,
    when,
)
from sandbox.store.parcels import SCANS
from sandbox.store.shapes import gid
from sandbox.store.webhooks import Payload

_DISPLAY = {None: "FULFILLED"} | {status: status.upper() for status in SCANS}


def _tracking(parcel: Parcel, _scene: Scene, arguments: Arguments) -> list[Payload]:
    doc = parcel.doc
    pairs = zip(doc["tracking_numbers"], doc["tracking_urls"], strict=True)
    all_of_it = [{"company": doc["tracking_company"], "number": n, "url": url} for n, url in pairs]
    return first_of(all_of_it, arguments)


def _events(parcel: Parcel, scene: Scene, arguments: Arguments) -> Payload:
    by_time = arguments.get("sortKey") == "HAPPENED_AT"
    return connection(
        scene.scans(parcel), arguments, key=lambda scan: (scan.at if by_time else 0, scan.id)
    )


def _packed(parcel: Parcel, _scene: Scene, arguments: Arguments) -> Payload:
    return connection(parcel.doc["line_items"], arguments, key=lambda line: (0, line["id"]))


def _last_scan(parcel: Parcel, scene: Scene, status: str) -> Scan | None:
    scans = [scan for scan in scene.scans(parcel) if scan.status == status]
    return scans[-1] if scans else None


def _scanned_at(status: str) -> Resolver:
    def resolve(parcel: Parcel, scene: Scene, _arguments: Arguments) -> str | None:
        scan = _last_scan(parcel, scene, status)
        return moment(scan.at) if scan else None

    return resolve


def _estimate(scan: Scan) -> str | None:
    if scan.status != "delayed":
        return None
    later = when(scan.at) + timedelta(days=2)
    return moment(later.isoformat())


def _parcel_estimate(parcel: Parcel, scene: Scene, _arguments: Arguments) -> str | None:
    scan = _last_scan(parcel, scene, "delayed")
    return _estimate(scan) if scan else None


PARCEL: Fields = {
    "id": lambda parcel, _s, _a: gid("Fulfillment", parcel.doc["id"]),
    "legacyResourceId": lambda parcel, _s, _a: str(parcel.doc["id"]),
    "name": told("name"),
    "createdAt": moment_of("created_at"),
    "updatedAt": moment_of("updated_at"),
    "status": lambda parcel, _s, _a: parcel.doc["status"].upper(),
    "displayStatus": lambda parcel, _s, _a: _DISPLAY[parcel.doc["shipment_status"]],
    "trackingInfo": _tracking,
    "events": _events,
    "estimatedDeliveryAt": _parcel_estimate,
    "inTransitAt": _scanned_at("in_transit"),
    "deliveredAt": _scanned_at("delivered"),
    "totalQuantity": lambda parcel, _s, _a: sum(
        line["quantity"] for line in parcel.doc["line_items"]
    ),
    "requiresShipping": lambda parcel, _s, _a: any(
        line["requires_shipping"] for line in parcel.doc["line_items"]
    ),
    "fulfillmentLineItems": _packed,
    "order": lambda parcel, _s, _a: parcel.order,
}
TRACKING: Fields = {name: of_doc(name) for name in ("company", "number", "url")}
PARCEL_LINE: Fields = {
    "id": lambda line, _s, _a: gid("FulfillmentLineItem", line["id"]),
    "quantity": of_doc("quantity"),
    "lineItem": lambda line, _s, _a: line,
}


def _where(name: str) -> Resolver:
    return lambda scan, _scene, _arguments: (scan.order.doc["shipping_address"] or {}).get(name)


SCAN: Fields = {
    "id": lambda scan, _s, _a: gid("FulfillmentEvent", scan.id),
    "status": lambda scan, _s, _a: scan.status.upper(),
    "message": lambda scan, _s, _a: SCANS[scan.status],
    "happenedAt": lambda scan, _s, _a: moment(scan.at),
    "createdAt": lambda scan, _s, _a: moment(scan.at),
    "estimatedDeliveryAt": lambda scan, _s, _a: _estimate(scan),
    "city": _where("city"),
    "province": _where("province_code"),
    "country": _where("country_code"),
    "zip": _where("zip"),
    "address1": always(None),
    "latitude": always(None),
    "longitude": always(None),
}


def _phone(buyer: Buyer, _scene: Scene, _arguments: Arguments) -> Payload | None:
    return {"phoneNumber": buyer.doc["phone"]} if buyer.doc["phone"] else None


def _email(buyer: Buyer, _scene: Scene, _arguments: Arguments) -> Payload | None:
    return {"emailAddress": buyer.doc["email"]} if buyer.doc["email"] else None


def _spent(buyer: Buyer, scene: Scene, _arguments: Arguments) -> Payload:
    amounts = (
        Decimal(each.doc["total_price"]) for each in buyer.orders if not each.doc["cancelled_at"]
    )
    return {"amount": f"{sum(amounts, Decimal(0)):.2f}", "currency_code": scene.shop.currency}


def _home(buyer: Buyer, _scene: Scene, _arguments: Arguments) -> Address | None:
    return address(buyer.doc["default_address"], buyer.id, "default_address")


def _their_orders(buyer: Buyer, _scene: Scene, arguments: Arguments) -> Payload:
    return connection(buyer.orders, arguments, key=lambda order: (0, order.id))


CUSTOMER: Fields = {
    "id": lambda buyer, _s, _a: gid("Customer", buyer.id),
    "legacyResourceId": lambda buyer, _s, _a: str(buyer.id),
    "firstName": told("first_name"),
    "lastName": told("last_name"),
    "displayName": lambda buyer, _s, _a: " ".join(
        filter(None, (buyer.doc["first_name"], buyer.doc["last_name"]))
    ),
    "email": told("email"),
    "phone": told("phone"),
    "defaultEmailAddress": _email,
    "defaultPhoneNumber": _phone,
    "locale": lambda buyer, _s, _a: buyer.locale,
    "note": told("note"),
    "tags": always([]),
    "state": lambda buyer, _s, _a: buyer.doc["state"].upper(),
    "verifiedEmail": told("verified_email"),
    "createdAt": lambda buyer, _s, _a: moment(buyer.orders[0].doc["customer"]["created_at"]),
    "updatedAt": moment_of("updated_at"),
    "numberOfOrders": lambda buyer, _s, _a: str(len(buyer.orders)),
    "amountSpent": _spent,
    "lastOrder": lambda buyer, _s, _a: buyer.orders[-1],
    "orders": _their_orders,
    "defaultAddress": _home,
    "addresses": lambda buyer, scene, arguments: first_of(
        [_home(buyer, scene, arguments)], arguments
    ),
}
CUSTOMER_PHONE: Fields = {
    "phoneNumber": of_doc("phoneNumber"),
    # Nobody in the sandbox ever ticked the box at Shopify's checkout.
    "marketingState": always("NOT_SUBSCRIBED"),
    "marketingOptInLevel": always(None),
    "marketingUpdatedAt": always(None),
    "smsMarketingConsent": always({"state": "NEVER_SUBSCRIBED"}),
}
CUSTOMER_CONSENT: Fields = {
    "state": of_doc("state"),
    "optInLevel": always(None),
    "updatedAt": always(None),
    "collectedFrom": always(None),
}
CUSTOMER_EMAIL: Fields = {
    "emailAddress": of_doc("emailAddress"),
    "marketingState": always("NOT_SUBSCRIBED"),
    "validFormat": YES,
}
