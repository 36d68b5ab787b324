"""Fields of orders, their lines, addresses and money."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.shopify_admin.api.listing import connection
from sandbox.shopify_admin.api.things import (
    Address,
    Arguments,
    Parcel,
    Scene,
    address,
    decimal,
    first_of,
    moment,
)
from sandbox.store.shapes import gid
from sandbox.store.webhooks import Payload

Resolver = Callable[[Any, Scene, Arguments], Any]
Fields = Mapping[str, Resolver]

_FULFILMENT = {
    None: "UNFULFILLED", "partial": "PARTIALLY_FULFILLED", "fulfilled": "FULFILLED",
}  # fmt: skip


def told(name: str) -> Resolver:
    """A field that the order's webhook tells under another name."""
    return lambda order, _scene, _arguments: order.doc[name]


def moment_of(name: str) -> Resolver:
    return lambda order, _scene, _arguments: moment(order.doc[name])


def of_doc(name: str) -> Resolver:
    """A field of something that is its own payload, such as a line."""
    return lambda doc, _scene, _arguments: doc[name]


def always(value: object) -> Resolver:
    """A field that is the same for everything here."""
    return lambda _source, _scene, _arguments: value


YES: Resolver = always(value=True)
NO: Resolver = always(value=False)


def _lines(order: Any, _scene: Scene, arguments: Arguments) -> Payload:
    return connection(order.doc["line_items"], arguments, key=lambda line: (0, line["id"]))


def _parcels(order: Any, _scene: Scene, arguments: Arguments) -> list[Parcel]:
    parcels = [Parcel(doc, order) for doc in order.doc["fulfillments"]]
    return first_of(parcels, arguments)


def _customer(order: Any, scene: Scene, _arguments: Arguments) -> Any:
    customer = order.doc.get("customer")
    return scene.buyer(customer["id"]) if customer else None


def _address(name: str, otherwise: str | None = None) -> Resolver:
    def resolve(order: Any, _scene: Scene, _arguments: Arguments) -> Address | None:
        doc = order.doc[name] or (order.doc[otherwise] if otherwise else None)
        return address(doc, order.id, name)

    return resolve


def _travels(order: Any, _scene: Scene, _arguments: Arguments) -> bool:
    return any(line["requires_shipping"] for line in order.doc["line_items"])


def _pieces(order: Any, _scene: Scene, _arguments: Arguments) -> int:
    return sum(line["quantity"] for line in order.doc["line_items"])


def _shipping_line(order: Any, _scene: Scene, _arguments: Arguments) -> Any:
    return next(iter(order.doc["shipping_lines"]), None)


def _cancel_reason(order: Any, _scene: Scene, _arguments: Arguments) -> str | None:
    reason = order.doc["cancel_reason"]
    return reason.upper() if reason else None


ORDER: Fields = {
    "id": lambda order, _scene, _arguments: gid("Order", order.id),
    "legacyResourceId": lambda order, _scene, _arguments: str(order.id),
    "name": told("name"),
    "number": told("order_number"),
    "confirmationNumber": told("confirmation_number"),
    "confirmed": told("confirmed"),
    "test": told("test"),
    "note": told("note"),
    "tags": always([]),
    "customAttributes": always([]),
    "createdAt": moment_of("created_at"),
    "processedAt": moment_of("processed_at"),
    "updatedAt": moment_of("updated_at"),
    "cancelledAt": moment_of("cancelled_at"),
    "closedAt": moment_of("closed_at"),
    "closed": lambda order, _scene, _arguments: order.doc["closed_at"] is not None,
    "cancelReason": _cancel_reason,
    "email": told("email"),
    "phone": told("phone"),
    "customerLocale": told("customer_locale"),
    "sourceName": told("source_name"),
    "cartToken": told("cart_token"),
    "checkoutToken": told("checkout_token"),
    "statusPageUrl": told("order_status_url"),
    "paymentGatewayNames": told("payment_gateway_names"),
    "currencyCode": told("currency"),
    "presentmentCurrencyCode": told("presentment_currency"),
    "displayFinancialStatus": lambda order, _s, _a: order.doc["financial_status"].upper(),
    "displayFulfillmentStatus": lambda order, _s, _a: _FULFILMENT[order.doc["fulfillment_status"]],
    "fullyPaid": lambda order, _s, _a: order.doc["financial_status"] == "paid",
    "unpaid": NO,
    "returnStatus": always("NO_RETURN"),
    "discountCode": always(None),
    "discountCodes": always([]),
    "requiresShipping": _travels,
    "subtotalLineItemsQuantity": _pieces,
    "currentSubtotalLineItemsQuantity": _pieces,
    "totalPriceSet": told("total_price_set"),
    "currentTotalPriceSet": told("current_total_price_set"),
    "subtotalPriceSet": told("subtotal_price_set"),
    "currentSubtotalPriceSet": told("current_subtotal_price_set"),
    "totalShippingPriceSet": told("total_shipping_price_set"),
    "totalTaxSet": told("total_tax_set"),
    "totalDiscountsSet": told("total_discounts_set"),
    "customer": _customer,
    "billingAddress": _address("billing_address"),
    "shippingAddress": _address("shipping_address"),
    "displayAddress": _address("shipping_address", "billing_address"),
    "lineItems": _lines,
    "shippingLine": _shipping_line,
    "fulfillments": _parcels,
    "fulfillmentsCount": lambda order, _s, _a: _count(len(order.doc["fulfillments"])),
}


def _count(number: int) -> Payload:
    return {"count": number, "precision": "EXACT"}


def _priced(name: str) -> Resolver:
    """Price of a whole line: Shopify tells it per piece in webhooks, per line in GraphQL."""

    def resolve(line: Payload, _scene: Scene, _arguments: Arguments) -> Payload:
        return {
            kind: {
                "amount": f"{float(money['amount']) * line['quantity']:.2f}",
                "currency_code": money["currency_code"],
            }
            for kind, money in line[name].items()
        }

    return resolve


LINE: Fields = {
    "id": lambda line, _s, _a: gid("LineItem", line["id"]),
    "title": of_doc("title"),
    "name": of_doc("name"),
    "sku": of_doc("sku"),
    "vendor": of_doc("vendor"),
    "variantTitle": of_doc("variant_title"),
    "quantity": of_doc("quantity"),
    "currentQuantity": of_doc("current_quantity"),
    "fulfillableQuantity": of_doc("fulfillable_quantity"),
    "unfulfilledQuantity": of_doc("fulfillable_quantity"),
    "requiresShipping": of_doc("requires_shipping"),
    "isGiftCard": of_doc("gift_card"),
    "taxable": of_doc("taxable"),
    "customAttributes": always([]),
    "image": always(None),
    "originalUnitPriceSet": of_doc("price_set"),
    "discountedUnitPriceSet": of_doc("price_set"),
    "originalTotalSet": _priced("price_set"),
    "discountedTotalSet": _priced("price_set"),
}

MONEY_BAG: Fields = {
    "shopMoney": of_doc("shop_money"),
    "presentmentMoney": of_doc("presentment_money"),
}
MONEY: Fields = {
    "amount": lambda money, _s, _a: decimal(money["amount"]),
    "currencyCode": of_doc("currency_code"),
}
COUNT: Fields = {"count": of_doc("count"), "precision": of_doc("precision")}
SHIPPING_LINE: Fields = {
    "id": lambda line, _s, _a: gid("ShippingLine", line["id"]),
    "title": of_doc("title"),
    "code": of_doc("code"),
    "source": of_doc("source"),
    "custom": NO,
    "originalPriceSet": of_doc("price_set"),
}


def _formatted(place: Address, _scene: Scene, arguments: Arguments) -> list[str]:
    doc = place.doc
    name = doc["name"] if arguments.get("withName") else None
    town = " ".join(filter(None, (doc["city"], doc["province_code"], doc["zip"])))
    return [each for each in (name, doc["address1"], doc["address2"], town, doc["country"]) if each]


ADDRESS: Fields = {
    "id": lambda place, _s, _a: gid("MailingAddress", place.id) + "?model_name=Address",
    **{
        name: told(told_as)
        for name, told_as in {
            "firstName": "first_name", "lastName": "last_name", "name": "name",
            "address1": "address1", "address2": "address2", "city": "city", "zip": "zip",
            "province": "province", "provinceCode": "province_code", "country": "country",
            "countryCode": "country_code", "countryCodeV2": "country_code", "phone": "phone",
            "company": "company",
        }.items()
    },
    "formatted": _formatted,
    "formattedArea": lambda place, _s, _a: ", ".join(
        filter(None, (place.doc["city"], place.doc["province_code"], place.doc["country"]))
    ),
}  # fmt: skip
