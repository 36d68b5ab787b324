"""The API's entry points, and the table of every field the stand-in implements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.shopify_admin.api import order_fields as orders
from sandbox.shopify_admin.api import parcel_fields as others
from sandbox.shopify_admin.api import shop_fields as shops
from sandbox.shopify_admin.api.listing import bad_request, connection
from sandbox.shopify_admin.api.order_fields import Fields, always, of_doc
from sandbox.shopify_admin.api.search import Readers, search
from sandbox.shopify_admin.api.things import Arguments, Buyer, Parcel, Scene, number_of, when
from sandbox.store.memory import PlacedOrder
from sandbox.store.webhooks import Payload

_STATUS = {None: "unfulfilled", "partial": "partial", "fulfilled": "shipped"}
ORDER_READERS: Readers = {
    "id": lambda order: str(order.id),
    "name": lambda order: [order.doc["name"], order.doc["name"].lstrip("#")],
    "email": lambda order: order.doc["email"],
    "customer_id": lambda order: str(order.doc.get("customer", {}).get("id", "")),
    "created_at": lambda order: when(order.doc["created_at"]),
    "processed_at": lambda order: when(order.doc["processed_at"]),
    "updated_at": lambda order: when(order.doc["updated_at"]),
    "fulfillment_status": lambda order: [
        _STATUS[order.doc["fulfillment_status"]],
        order.doc["fulfillment_status"] or "unshipped",
    ],
    "financial_status": lambda order: order.doc["financial_status"],
    "status": lambda order: [
        "any",
        "cancelled" if order.doc["cancelled_at"] else "closed" if _done(order) else "open",
    ],
    "": lambda order: [
        *order.doc["billing_address"]["name"].split(),
        order.doc["email"],
        order.doc["name"],
        order.doc["name"].lstrip("#"),
    ],
}
CUSTOMER_READERS: Readers = {
    "id": lambda buyer: str(buyer.id),
    "email": lambda buyer: buyer.doc["email"],
    "phone": lambda buyer: buyer.doc["phone"],
    "first_name": lambda buyer: buyer.doc["first_name"],
    "last_name": lambda buyer: buyer.doc["last_name"],
    "updated_at": lambda buyer: when(buyer.doc["updated_at"]),
    "created_at": lambda buyer: when(buyer.orders[0].doc["customer"]["created_at"]),
    "": lambda buyer: [
        buyer.doc["first_name"], buyer.doc["last_name"], buyer.doc["email"], buyer.doc["phone"],
    ],
}  # fmt: skip


def _done(order: PlacedOrder) -> bool:
    return order.doc["closed_at"] is not None


_ORDER_KEYS = {
    "ID": lambda _order: 0,
    "CREATED_AT": lambda order: when(order.doc["created_at"]).isoformat(),
    "PROCESSED_AT": lambda order: when(order.doc["processed_at"]).isoformat(),
    "UPDATED_AT": lambda order: when(order.doc["updated_at"]).isoformat(),
    "ORDER_NUMBER": lambda order: order.doc["order_number"],
    "TOTAL_PRICE": lambda order: float(order.doc["total_price"]),
    "CUSTOMER_NAME": lambda order: order.doc["billing_address"]["name"],
}
_CUSTOMER_KEYS = {
    "ID": lambda _buyer: 0,
    "NAME": lambda buyer: f"{buyer.doc['last_name']}, {buyer.doc['first_name']}",
    "CREATED_AT": lambda buyer: when(buyer.orders[0].doc["customer"]["created_at"]).isoformat(),
    "UPDATED_AT": lambda buyer: when(buyer.doc["updated_at"]).isoformat(),
}


def _orders(_source: object, scene: Scene, arguments: Arguments) -> Payload:
    fits = search(arguments.get("query"), ORDER_READERS)
    value = _sorting(_ORDER_KEYS, arguments, "PROCESSED_AT")
    return connection(
        [order for order in scene.orders() if fits(order)],
        arguments,
        key=lambda order: (value(order), order.id),
    )


def _customers(_source: object, scene: Scene, arguments: Arguments) -> Payload:
    fits = search(arguments.get("query"), CUSTOMER_READERS)
    value = _sorting(_CUSTOMER_KEYS, arguments, "ID")
    return connection(
        [buyer for buyer in scene.buyers() if fits(buyer)],
        arguments,
        key=lambda buyer: (value(buyer), buyer.id),
    )


def _sorting(keys: Mapping[str, Any], arguments: Arguments, usual: str) -> Any:
    name = arguments.get("sortKey") or usual
    if name not in keys:
        raise bad_request(f"The sandbox cannot sort by {name}; it knows {', '.join(keys)}.")
    return keys[name]


def _orders_count(_source: object, scene: Scene, arguments: Arguments) -> Payload:
    fits = search(arguments.get("query"), ORDER_READERS)
    found = sum(1 for order in scene.orders() if fits(order))
    limit = arguments.get("limit")
    if limit is not None and found > limit:
        return {"count": limit, "precision": "AT_LEAST"}
    return {"count": found, "precision": "EXACT"}


def _identified(_source: object, scene: Scene, arguments: Arguments) -> Buyer | None:
    by = arguments["identifier"]
    wanted = next(((name, value) for name, value in by.items() if value is not None), ("", None))
    read = {
        "id": lambda buyer: buyer.id == number_of("Customer", wanted[1]),
        "emailAddress": lambda buyer: buyer.doc["email"] == wanted[1],
        "phoneNumber": lambda buyer: buyer.doc["phone"] == wanted[1],
    }
    if wanted[0] not in read:
        raise bad_request(f"The sandbox cannot find a customer by {wanted[0] or 'nothing'}.")
    return next((buyer for buyer in scene.buyers() if read[wanted[0]](buyer)), None)


def _node(scene: Scene, wanted: object) -> Any:
    order, parcel, buyer = (
        number_of(kind, wanted) for kind in ("Order", "Fulfillment", "Customer")
    )
    if order is not None:
        return scene.order(order)
    if parcel is not None:
        return scene.parcel(parcel)
    if buyer is not None:
        return scene.buyer(buyer)
    raise bad_request(f"Invalid global id '{wanted}'")


def _of_kind(kind: type) -> Any:
    """The thing an id names, if it is of that kind; Shopify answers null for a wrong kind."""

    def resolve(_source: object, scene: Scene, arguments: Arguments) -> Any:
        found = _node(scene, arguments["id"])
        return found if isinstance(found, kind) else None

    return resolve


QUERY: Fields = {
    "shop": always({}),
    "app": always({}),
    "currentAppInstallation": always({}),
    "orders": _orders,
    "ordersCount": _orders_count,
    "order": _of_kind(PlacedOrder),
    "customers": _customers,
    "customer": _of_kind(Buyer),
    "customerByIdentifier": _identified,
    "fulfillment": _of_kind(Parcel),
    "node": lambda _source, scene, arguments: _node(scene, arguments["id"]),
    "nodes": lambda _source, scene, arguments: [_node(scene, each) for each in arguments["ids"]],
}
_PAGE: Fields = {
    name: of_doc(name) for name in ("hasNextPage", "hasPreviousPage", "startCursor", "endCursor")
}
_CONNECTION: Fields = {name: of_doc(name) for name in ("edges", "nodes", "pageInfo")}
_EDGE: Fields = {name: of_doc(name) for name in ("node", "cursor")}

_FIELDS: Mapping[str, Fields] = {
    "QueryRoot": QUERY,
    "Order": orders.ORDER,
    "LineItem": orders.LINE,
    "MoneyBag": orders.MONEY_BAG,
    "MoneyV2": orders.MONEY,
    "Count": orders.COUNT,
    "ShippingLine": orders.SHIPPING_LINE,
    "MailingAddress": orders.ADDRESS,
    "ShopAddress": orders.ADDRESS,
    "Fulfillment": others.PARCEL,
    "FulfillmentTrackingInfo": others.TRACKING,
    "FulfillmentLineItem": others.PARCEL_LINE,
    "FulfillmentEvent": others.SCAN,
    "Customer": others.CUSTOMER,
    "CustomerPhoneNumber": others.CUSTOMER_PHONE,
    "CustomerSmsMarketingConsent": others.CUSTOMER_CONSENT,
    "CustomerEmailAddress": others.CUSTOMER_EMAIL,
    "Shop": shops.SHOP,
    "Domain": shops.DOMAIN,
    "ShopPlan": shops.PLAN,
    "AppInstallation": shops.INSTALLATION,
    "AccessScope": shops.SCOPE,
    "App": shops.APP,
    "PageInfo": _PAGE,
}
TYPE_NAMES: Mapping[type, str] = {
    PlacedOrder: "Order", Parcel: "Fulfillment", Buyer: "Customer",
}  # fmt: skip


def fields_of(type_name: str) -> Fields:
    """The fields of a type that the stand-in answers; none for types it does not know."""
    known = _FIELDS.get(type_name)
    if known is not None:
        return known
    if type_name.endswith("Connection"):
        return _CONNECTION
    return _EDGE if type_name.endswith("Edge") else {}
