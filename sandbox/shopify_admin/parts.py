"""What the endpoints of the stand-in's admin work with."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from flask import Response, current_app, request

from sandbox.carrier import sockets
from sandbox.shopify_admin.api.cost import Bucket
from sandbox.shopify_admin.app_config import AppConfig
from sandbox.shopify_admin.faults import Faults, Rule
from sandbox.shopify_admin.grants import Grants
from sandbox.store import Store

NAME = "sandbox.shopify_admin"


@dataclass(frozen=True)
class Admin:
    """One per sandbox."""

    store: Store
    app: AppConfig
    grants: Grants
    faults: Faults = field(default_factory=Faults)
    buckets: dict[str, Bucket] = field(default_factory=dict)

    def bucket(self, shop: str) -> Bucket:
        """The app's points at a shop."""
        return self.buckets.setdefault(shop, Bucket())

    def installed(self, shop: str) -> bool:
        return self.store.memory.shop(shop).installed

    def scopes(self, shop: str) -> tuple[str, ...]:
        """What the shop granted; a shop that never said otherwise granted what is required."""
        return self.grants.scopes(shop) or self.app.scopes

    def install(self, shop: str, scopes: tuple[str, ...] | None = None) -> None:
        """Grant scopes, and install where it is not: what Shopify's managed install does."""
        self.grants.set_scopes(shop, scopes or self.app.scopes)
        if not self.installed(shop):
            self.store.reinstall(shop)

    def ask_for_the_apps_scopes(self) -> None:
        """After a deploy with other scopes, Shopify grants them and tells the app."""
        for shop in self.store.world.shops:
            known = self.grants.scopes(shop.domain)
            if known is None:
                self.grants.set_scopes(shop.domain, self.app.scopes)
                continue
            kept = [each for each in known if each in self.app.optional]
            now = tuple(sorted({*self.app.scopes, *kept}))
            if now != known and self.installed(shop.domain):
                self.change_scopes(shop.domain, now)

    def change_scopes(self, shop: str, scopes: tuple[str, ...]) -> None:
        """Grant other scopes, and send app/scopes_update."""
        previous = self.scopes(shop)
        self.grants.set_scopes(shop, scopes)
        self.store.tell_scopes(shop, previous=sorted(previous), current=sorted(scopes))


def admin() -> Admin:
    """The admin whose request is being answered."""
    return cast("Admin", current_app.extensions[NAME])


def as_json(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer as Shopify's: compact JSON."""
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    return Response(text, status, dict(headers or {}), mimetype="application/json")


def refusal(struck: Mapping[str, Rule]) -> Response | None:
    """The answer of a fault that comes before anything is done."""
    if "too_many_requests" in struck:
        wait = {"Retry-After": f"{struck['too_many_requests'].retry_after:.1f}"}
        return as_json({"errors": "Exceeded 2 calls per second for api client."}, 429, wait)
    if "server_error" in struck:
        return as_json({"errors": "Internal Server Error"}, struck["server_error"].status)
    if "frozen" in struck:
        return as_json({"errors": "Unavailable Shop"}, 402)
    return None


def or_lost(answer: Response, struck: Mapping[str, Rule]) -> Response:
    """The answer, unless it is to be lost on its way."""
    return sockets.drop(request.environ) if "lost_answer" in struck else answer


def body_object() -> dict[str, Any]:
    """What was posted, as JSON or as a form; anything else counts as nothing."""
    given = request.get_json(silent=True) if request.is_json else request.form.to_dict()
    return given if isinstance(given, dict) else {}


def from_this_machine() -> bool:
    """Whether no proxy and no other machine stands between."""
    try:
        local = ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
    return local and "X-Forwarded-For" not in request.headers
