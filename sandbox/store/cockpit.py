"""The cockpit: a page to buy, ship and scan, and what the buttons on it do."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import phonenumbers
from flask import (
    Blueprint,
    current_app,
    flash,
    get_flashed_messages,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from sandbox.carrier import Carrier
from sandbox.store.cards import SCAN_BUTTONS, order_cards
from sandbox.store.courier import Courier
from sandbox.store.orders import PhoneOn
from sandbox.store.parcels import PARCEL_CARRIERS
from sandbox.store.refusals import Refused
from sandbox.store.store import Happened, Store
from sandbox.store.strip import read_strip
from sandbox.world import Phone, Shop, Unknown

_ORDERS_SHOWN = 30
_MAX_NAME = 120
_SCAN_WORDS = dict(SCAN_BUTTONS)

pages = Blueprint("store", __name__)


@dataclass(frozen=True)
class Sandbox:
    """What the pages work with."""

    store: Store
    courier: Courier
    parley_url: str

    def announce_shops(self) -> None:
        """Tell Parley each shop's settings, again and again until it listens."""
        quiet = Store(
            self.store.world,
            database=self.store.database,
            deliver=self.courier.deliver_until_answered,
        )
        for shop in self.store.world.shops:
            quiet.announce(shop.domain)


def here() -> Sandbox:
    """The sandbox whose page is being made."""
    return cast("Sandbox", current_app.extensions["sandbox"])


@pages.errorhandler(Unknown)
def not_found(_problem: Unknown) -> ResponseReturnValue:
    return render_template("sandbox/missing.html"), 404


@pages.get("/")
def cockpit() -> ResponseReturnValue:
    shop = _shop()
    if request.headers.get("HX-Request"):
        return _store_panel(shop, notice=None)
    notices = get_flashed_messages(with_categories=True)
    notice = cast("tuple[str, str]", notices[-1]) if notices else None
    return render_template("sandbox/cockpit.html", **_panel(shop, notice), **_strip())


@pages.get("/store/strip")
def strip() -> ResponseReturnValue:
    return render_template("sandbox/_strip.html", **_strip())


@pages.post("/store/orders")
def place_order() -> ResponseReturnValue:
    def act(shop: Shop) -> str:
        buyer = here().store.world.phone(request.form["buyer"])
        one = request.form.get("product")
        if one:
            happened = here().store.place_order(shop.domain, buyer, {one: 1})
        else:
            happened = _place_unusual_order(shop, buyer)
        order = here().store.memory.order(happened.order_id or 0).doc
        return f"Order {order['name']} is placed. Next: ship it."

    return _act(act)


def _place_unusual_order(shop: Shop, buyer: Phone) -> Happened:
    name = " ".join(request.form.get("name", "").split())[:_MAX_NAME]
    number = request.form.get("number", "").strip()
    if name:
        buyer = buyer.named(name)
    if number:
        buyer = buyer.reached_at(_e164(number))
    return here().store.place_order(
        shop.domain,
        buyer,
        {item.sku: _count(item.sku) for item in shop.products},
        as_guest=bool(request.form.get("guest")),
        phone_on=cast("PhoneOn", request.form.get("phone_on", "everywhere")),
    )


@pages.post("/store/orders/<int:order_id>/ship")
def ship(order_id: int) -> ResponseReturnValue:
    def act(_shop: Shop) -> str:
        lines = here().store.memory.order(order_id).doc["line_items"]
        some = {line["id"]: _count(str(line["id"])) for line in lines}
        partly = request.form.get("partly") == "yes"
        carrier = request.form.get("carrier", "UPS")
        happened = here().store.ship(order_id, some if partly else None, carrier=carrier)
        order = here().store.memory.order(order_id).doc
        parcel = next(p for p in order["fulfillments"] if p["id"] == happened.parcel_id)
        if parcel["tracking_company"]:
            return f"Parcel {parcel['name']} left with {parcel['tracking_company']}."
        return f"{parcel['name']} was sent by e-mail: nothing travels, so there is no tracking."

    return _act(act)


@pages.post("/store/orders/<int:order_id>/cancel")
def cancel(order_id: int) -> ResponseReturnValue:
    def act(_shop: Shop) -> str:
        here().store.cancel(order_id)
        return f"Order {here().store.memory.order(order_id).doc['name']} is cancelled."

    return _act(act)


@pages.post("/store/parcels/<int:parcel_id>/scan")
def scan(parcel_id: int) -> ResponseReturnValue:
    def act(_shop: Shop) -> str:
        status = request.form["status"]
        happened = here().store.scan(parcel_id, status)
        order = here().store.memory.order(happened.order_id or 0).doc
        parcel = next(p for p in order["fulfillments"] if p["id"] == parcel_id)
        return f"Parcel {parcel['name']}: {_SCAN_WORDS[status].lower()}."

    return _act(act)


@pages.post("/store/shop")
def change_shop() -> ResponseReturnValue:
    do = _SHOP_ACTS.get(request.form["do"])
    if do is None:
        raise Unknown(request.form["do"])
    return _act(do)


def _turn_shopify_texts(shop: Shop, *, on: bool) -> str:
    here().store.set_shopify_texts(shop.domain, on=on)
    if on:
        return "Shopify's own shipping texts are on: Parley should keep quiet about shipping."
    return "Shopify's own shipping texts are off: Parley may send them."


def _uninstall(shop: Shop) -> str:
    here().store.uninstall(shop.domain)
    return f"Parley is uninstalled from {shop.name}. Only privacy requests are sent from now on."


def _reinstall(shop: Shop) -> str:
    here().store.reinstall(shop.domain)
    return f"{shop.name} sends webhooks again."


def _redact_shop(shop: Shop) -> str:
    here().store.redact_shop(shop.domain)
    return f"Asked Parley to forget everything about {shop.name}."


def _request_data(shop: Shop) -> str:
    person = here().store.world.phone(request.form["person"])
    here().store.request_data(shop.domain, person.key)
    return f"Asked Parley what it knows about {person.name}."


def _redact_customer(shop: Shop) -> str:
    person = here().store.world.phone(request.form["person"])
    here().store.redact_customer(shop.domain, person.key)
    return f"Asked Parley to forget {person.name}."


_SHOP_ACTS: dict[str, Callable[[Shop], str]] = {
    "texts_on": lambda shop: _turn_shopify_texts(shop, on=True),
    "texts_off": lambda shop: _turn_shopify_texts(shop, on=False),
    "uninstall": _uninstall,
    "reinstall": _reinstall,
    "redact_shop": _redact_shop,
    "request_data": _request_data,
    "redact_customer": _redact_customer,
}


def _act(act: Callable[[Shop], str]) -> ResponseReturnValue:
    """Do what a button says, once per rendered form however often it is pressed."""
    shop = _shop()
    try:
        if here().store.memory.first_submission(request.form.get("once", secrets.token_hex())):
            notice = ("success", act(shop))
        else:
            notice = ("info", "That was done already; once is enough.")
    except Refused as refused:
        notice = ("caution", refused.sentence)
    if request.headers.get("HX-Request"):
        return _store_panel(shop, notice)
    flash(notice[1], notice[0])
    return redirect(url_for("store.cockpit", shop=shop.domain, buyer=_buyer()), code=303)


def _store_panel(shop: Shop, notice: tuple[str, str] | None) -> str:
    return render_template("sandbox/_store.html", **_panel(shop, notice))


def _panel(shop: Shop, notice: tuple[str, str] | None) -> dict[str, object]:
    store = here().store
    orders = store.memory.orders(shop.domain, limit=_ORDERS_SHOWN)
    return {
        "shop": shop,
        "shops": store.world.shops,
        "state": store.memory.shop(shop.domain),
        "people": store.world.phones,
        "buyer": _buyer(),
        "orders": order_cards(orders, shop=shop, memory=store.memory),
        "orders_in_all": store.memory.count_orders(shop.domain),
        "parcel_carriers": PARCEL_CARRIERS,
        "scan_buttons": SCAN_BUTTONS,
        "parley_url": here().parley_url,
        "admin_path": _admin_path,
        "notice": notice,
    }


def _strip() -> dict[str, object]:
    strip = read_strip(here().courier.deliveries, parley_url=here().parley_url)
    return {"strip": strip, "texts_in": _texts_in()}


def _texts_in() -> dict[str, int]:
    """How many texts from shoppers each shop ever got: what a merchant may want to look at."""
    carrier: Carrier = current_app.extensions["sandbox.carrier"]
    sql = "SELECT recipient, count(*) AS n FROM messages WHERE direction = 'inbound' GROUP BY 1"
    counts = {row["recipient"]: row["n"] for row in carrier.store.rows(sql)}
    shops = here().store.world.shops
    return {shop.domain: counts.get(shop.sender_number, 0) for shop in shops}


def _admin_path(shop: Shop) -> str:
    return url_for("shopify_frame.embedded", handle=shop.handle, app="parley")


def _shop() -> Shop:
    """The shop the page is about; the first one unless said."""
    world = here().store.world
    domain = request.values.get("shop")
    return world.shop(domain) if domain else world.shops[0]


def _buyer() -> str:
    keys = [phone.key for phone in here().store.world.phones]
    wanted = request.values.get("buyer", "")
    return wanted if wanted in keys else keys[0]


def _e164(typed: str) -> str:
    """A number as people type it; without a country it is read as one of the US."""
    try:
        parsed = phonenumbers.parse(typed, "US")
    except phonenumbers.NumberParseException:
        raise Refused("no_number") from None
    if not phonenumbers.is_possible_number(parsed):
        raise Refused("no_number")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _count(field: str) -> int:
    """A quantity from the form; whatever is no small number counts as none."""
    text = request.form.get(field, "")
    return int(text) if text.isdecimal() and len(text) <= 2 else 0
