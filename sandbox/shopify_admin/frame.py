"""The admin frame: Shopify's admin as a merchant sees it, with the app embedded."""

from __future__ import annotations

import time
from urllib.parse import parse_qsl, urlsplit

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from sandbox.shopify_admin.app_config import SCOPES_IN_WORDS
from sandbox.shopify_admin.parts import admin, as_json, body_object
from sandbox.shopify_admin.signing import (
    TOKEN_LIFETIME,
    host_of,
    session_id,
    session_token,
    signed_query,
)
from sandbox.store.cards import order_cards
from sandbox.world import STAFF, Shop, Staff, Unknown

frame = Blueprint("shopify_frame", __name__)
_ORDERS_SHOWN = 50
# Set by the frame itself; whatever an address says of them is left out.
_OWN = {"embedded", "hmac", "host", "id_token", "locale", "session", "shop", "timestamp", "in"}


@frame.errorhandler(Unknown)
def not_found(_problem: Unknown) -> ResponseReturnValue:
    return render_template("sandbox/missing.html"), 404


@frame.before_app_request
def use_the_name_that_may_frame() -> ResponseReturnValue | None:
    """Parley lets itself be framed by localhost: send whoever typed 127.0.0.1 there."""
    pages = request.path == "/" or request.path.startswith("/admin")
    host, _, port = request.host.partition(":")
    if request.method == "GET" and pages and host == "127.0.0.1":
        return redirect(f"http://localhost:{port}{request.full_path.rstrip('?')}")
    return None


@frame.after_request
def only_we_frame_it(answer: Response) -> Response:
    """The cockpit shows the admin in a frame; nobody else may."""
    answer.headers.setdefault("Content-Security-Policy", "frame-ancestors 'self'")
    return answer


@frame.get("/app-bridge.js")
def app_bridge() -> Response:
    return current_app.send_static_file("app-bridge.js")


@frame.get("/admin")
@frame.get("/admin/")
def first_shop() -> ResponseReturnValue:
    handle = admin().store.world.shops[0].handle
    return redirect(url_for("shopify_frame.home", handle=handle))


@frame.get("/admin/store/<handle>/")
@frame.get("/admin/store/<handle>")
def home(handle: str) -> str:
    return _page("home", handle, title="Home")


@frame.get("/admin/store/<handle>/orders")
def orders(handle: str) -> str:
    store, shop = admin().store, _shop(handle)
    cards = order_cards(
        store.memory.orders(shop.domain, limit=_ORDERS_SHOWN), shop=shop, memory=store.memory
    )
    return _page("orders", handle, title="Orders", orders=cards)


@frame.get("/admin/store/<handle>/orders/<int:order_id>")
def order(handle: str, order_id: int) -> str:
    store, shop = admin().store, _shop(handle)
    placed = store.memory.order(order_id)
    if placed.shop_domain != shop.domain:
        raise Unknown("another shop's order")
    card = order_cards([placed], shop=shop, memory=store.memory)[0]
    return _page("order", handle, title=f"Order {card.name}", order=card, doc=placed.doc)


@frame.get("/admin/store/<handle>/products")
def products(handle: str) -> str:
    return _page("products", handle, title="Products")


@frame.get("/admin/store/<handle>/customers")
def customers(handle: str) -> str:
    store, shop = admin().store, _shop(handle)
    bought = {
        person.key: len(store.memory.orders_of(shop.domain, person.key))
        for person in store.world.phones
    }
    return _page("customers", handle, title="Customers", people=store.world.phones, bought=bought)


@frame.get("/admin/store/<handle>/apps/<app>/<path:path>")
@frame.get("/admin/store/<handle>/apps/<app>/")
@frame.get("/admin/store/<handle>/apps/<app>")  # the last is the one that is built
def embedded(handle: str, app: str, path: str = "") -> str:
    if app != admin().app.handle:
        raise Unknown(f"no app {app!r}")
    asked = [SCOPES_IN_WORDS.get(scope, scope) for scope in admin().app.scopes]
    return _page("app", handle, title=admin().app.title, path=path, asked=asked)


@frame.get("/shops/<domain>/admin/apps/<client_id>")
def app_by_its_client_id(domain: str, client_id: str) -> ResponseReturnValue:
    """Where an install by authorization code ends: the address Shopify gives every app."""
    if client_id != admin().app.client_id:
        raise Unknown(f"no app {client_id!r}")
    handle = admin().store.world.shop(domain).handle
    return redirect(
        url_for("shopify_frame.embedded", handle=handle, app=admin().app.handle), code=302
    )


@frame.post("/admin/store/<handle>/apps/<app>/install")
def install(handle: str, app: str) -> ResponseReturnValue:
    admin().install(_shop(handle).domain)
    return redirect(url_for("shopify_frame.embedded", handle=handle, app=app), code=303)


@frame.post("/admin/launch")
def launch() -> Response:
    """The signed address under which a page of the app opens in the frame."""
    shop, staff = _who()
    parts = urlsplit(str(body_object().get("path", "/")))
    values = {k: v for k, v in parse_qsl(parts.query, keep_blank_values=True) if k not in _OWN}
    values |= {
        "embedded": "1",
        "host": host_of(shop),
        "id_token": session_token(admin().app, shop, staff),
        "locale": "en",
        "session": session_id(admin().app, shop, staff),
        "shop": shop.domain,
        "timestamp": str(int(time.time())),
    }
    address = f"{admin().app.url}/{parts.path.lstrip('/')}"
    return as_json({"url": f"{address}?{signed_query(admin().app, values)}"})


@frame.post("/admin/session-token")
def mint() -> Response:
    """A session token for the person at the frame; only the frame's own page may ask."""
    shop, staff = _who()
    token = session_token(admin().app, shop, staff)
    return as_json({"token": token, "lifetime": TOKEN_LIFETIME})


def _who() -> tuple[Shop, Staff]:
    """Who asks. Aborts for what is not the frame's own page, or without the app installed."""
    same = request.headers.get("Origin") == request.host_url.rstrip("/")
    if not same or request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        abort(403)
    if not request.is_json:
        abort(415)
    world, given = admin().store.world, body_object()
    shop = world.shop(str(given.get("shop")))
    if not admin().installed(shop.domain):
        abort(409)
    return shop, world.member(str(given.get("staff")))


def _shop(handle: str) -> Shop:
    return admin().store.world.shop_with_handle(handle)


def _page(name: str, handle: str, *, title: str, **values: object) -> str:
    shop, where = _shop(handle), admin()
    return render_template(
        f"admin_frame/{name}.html",
        page=name,
        title=title,
        shop=shop,
        shops=where.store.world.shops,
        staff=STAFF,
        app=where.app,
        host=host_of(shop),
        installed=where.installed(shop.domain),
        in_cockpit=request.args.get("in") == "cockpit",
        **values,
    )
