"""The back door for tests and demonstrations: faults, tokens, scopes. Loopback only.

`POST /_shopify/faults` with `{"fault": "too_many_requests", "shop": "...", "times": 2}` or an act
such as `{"fault": "expire_tokens", "shop": "..."}`; `GET` lists, `DELETE` makes all well again.
`POST /_shopify/scopes` with `{"shop": "...", "scopes": ["read_orders"]}` changes what is granted.
"""

from __future__ import annotations

from flask import Blueprint, Response, abort, request

from sandbox.shopify_admin.faults import ACTS, FAULTS, rule_from
from sandbox.shopify_admin.parts import Admin, admin, as_json, body_object, from_this_machine

control = Blueprint("shopify_control", __name__, url_prefix="/_shopify")


@control.before_request
def only_from_this_machine() -> None:
    """A form on some web page is no JSON, and fetch from there fails its preflight."""
    if not from_this_machine():
        abort(403)
    if request.method == "POST" and not request.is_json:
        abort(415)


@control.get("/faults")
def faults() -> Response:
    return as_json({"faults": admin().faults.as_list(), "known": FAULTS | ACTS})


@control.post("/faults")
def set_fault() -> Response:
    wanted = body_object()
    if wanted.get("fault") in ACTS:
        return _act(admin(), str(wanted["fault"]), wanted.get("shop"))
    try:
        admin().faults.add(rule_from(wanted))
    except (TypeError, ValueError) as problem:
        return as_json({"error": str(problem)}, 400)
    return faults()


@control.delete("/faults")
def clear_faults() -> Response:
    admin().faults.clear()
    return faults()


@control.post("/scopes")
def set_scopes() -> Response:
    wanted = body_object()
    shop = admin().store.world.shop(str(wanted.get("shop")))
    scopes = tuple(str(each) for each in wanted.get("scopes", ()))
    admin().change_scopes(shop.domain, scopes)
    return as_json({"shop": shop.domain, "scopes": admin().scopes(shop.domain)})


def _act(where: Admin, name: str, only: object) -> Response:
    do = {
        "expire_tokens": where.grants.expire,
        "expire_refresh_tokens": where.grants.expire_refresh,
        "revoke_tokens": where.grants.revoke,
    }[name]
    shops = [shop.domain for shop in where.store.world.shops if only in (None, shop.domain)]
    return as_json({"tokens": sum(do(shop) for shop in shops)})
