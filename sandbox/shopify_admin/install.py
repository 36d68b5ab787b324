"""The page on which a merchant agrees to an install that the app began itself."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from sandbox.shopify_admin.app_config import SCOPES_IN_WORDS, covers
from sandbox.shopify_admin.parts import Admin, admin
from sandbox.shopify_admin.signing import host_of, signed_query
from sandbox.world import Shop

install = Blueprint("shopify_install", __name__)
_ADDRESS = "/shops/<domain>/admin/oauth/authorize"


@install.get(_ADDRESS)
def authorize(domain: str) -> ResponseReturnValue:
    shop = admin().store.world.shop(domain)
    problem = _problem(admin())
    if problem:
        return render_template("admin_frame/refused.html", shop=shop, problem=problem), 400
    if admin().installed(domain) and _nothing_new(admin(), shop):
        return _back(admin(), shop)
    asked = [SCOPES_IN_WORDS.get(scope, scope) for scope in _asked()]
    return render_template("admin_frame/install.html", shop=shop, app=admin().app, asked=asked)


@install.post(_ADDRESS)
def agree(domain: str) -> ResponseReturnValue:
    shop = admin().store.world.shop(domain)
    problem = _problem(admin())
    if problem:
        return render_template("admin_frame/refused.html", shop=shop, problem=problem), 400
    admin().install(domain, tuple(_asked()))
    return _back(admin(), shop)


def _problem(where: Admin) -> str | None:
    if request.args.get("client_id") != where.app.client_id:
        return "invalid_request: there is no app with this client_id."
    if not where.app.may_redirect_to(request.args.get("redirect_uri", "")):
        return "invalid_request: the redirect_uri is not whitelisted."
    known = {*where.app.scopes, *where.app.optional, *SCOPES_IN_WORDS}
    unknown = [scope for scope in _asked() if scope not in known]
    if unknown:
        return f"invalid_scope: {', '.join(unknown)}."
    if urlsplit(request.args["redirect_uri"]).query:
        return "invalid_request: the redirect_uri may not have a query."
    return None


def _asked() -> list[str]:
    return [each.strip() for each in request.args.get("scope", "").split(",") if each.strip()]


def _nothing_new(where: Admin, shop: Shop) -> bool:
    granted = set(where.scopes(shop.domain))
    return all(covers(granted, scope) for scope in _asked())


def _back(where: Admin, shop: Shop) -> ResponseReturnValue:
    values = {
        "code": where.grants.new_code(shop.domain),
        "host": host_of(shop),
        "shop": shop.domain,
        "state": request.args.get("state", ""),
        "timestamp": str(int(time.time())),
    }
    return redirect(f"{request.args['redirect_uri']}?{signed_query(where.app, values)}")
