"""How a merchant's browser proves who it is: session tokens, and not one cookie.

Shopify opens a page with an `id_token` in its address; App Bridge adds one to every fetch. A plain
link inside the frame brings none, so such a page is sent through the bounce page, where App Bridge
loads it again with a fresh token. Nothing here depends on cookies or on storage of the browser.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

import structlog
from flask import Blueprint, Response, current_app, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from models import Database
from route_access import authenticated_by, open_to_all
from shopify import bounce
from shopify.installs import AppRemoved, Visit, note_visit
from shopify.oauth import AuthorizationCode, Refused
from shopify.session_tokens import Fault, Identity, read_session_token
from shopify.shops import normalised_domain
from shopify.tokens import TokenStore

log = structlog.get_logger(__name__)

APP_BRIDGE = "https://cdn.shopify.com/shopifycloud/app-bridge.js"
ADMIN = "https://admin.shopify.com"
TRY_AGAIN = {"X-Shopify-Retry-Invalid-Session-Request": "1"}
# Of a minute's token. A page polls every second; noting each visit would be its main cost.
VISIT_KNOWN_SECONDS = 60.0
MOST_KNOWN_VISITS = 10_000
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_FRAMED = frozenset({"document", "iframe", "frame"})


@dataclass(frozen=True, slots=True)
class Merchant:
    """Who is asking: a member of a shop's staff. `staff_id` is Shopify's, `user_id` our row's."""

    shop_id: uuid.UUID
    shop_domain: str
    staff_id: str
    session_id: str
    user_id: uuid.UUID


def merchant() -> Merchant:
    """Return who is asking, in a view of a protected blueprint."""
    found: Merchant = g.merchant
    return found


class MerchantAuth:
    """Lets nobody into the admin pages without a session token of Shopify's."""

    def __init__(
        self,
        database: Database,
        *,
        client_id: str,
        secrets: Sequence[str],
        clock: Callable[[], datetime],
        tokens: TokenStore,
        authorization: AuthorizationCode,
        app_bridge_url: str | None = None,
        extra_frame_ancestor: str | None = None,
    ) -> None:
        self._database = database
        self._client_id = client_id
        self._secrets = secrets
        self._clock = clock
        self._tokens = tokens
        self._authorization = authorization
        self.app_bridge_url = app_bridge_url or APP_BRIDGE
        self._extra_frame_ancestor = extra_frame_ancestor
        self._known: dict[tuple[str, str], tuple[float, Visit]] = {}

    def protect(
        self, blueprint: Blueprint, *, front_door: Callable[[], ResponseReturnValue] | None = None
    ) -> None:
        """Put a session token before every view of a blueprint, and its shop's frame around it.

        Args:
            blueprint: its views then find who is asking in `merchant()`.
            front_door: what the bare address shows to somebody whom Shopify did not send.
        """

        @blueprint.before_request
        def let_in() -> ResponseReturnValue | None:
            if request.method == "OPTIONS":
                return None  # Flask answers it by itself, with the methods that there are
            if front_door is not None and request.path == "/" and not _sent_by_shopify():
                return front_door()
            return self._let_in()

        @blueprint.after_request
        def frame(response: Response) -> Response:
            known = g.get("merchant")
            shop = known.shop_domain if known else g.get("shop_in_address")
            if known or "shop_in_address" in g:
                self.frame(response, shop)
            return response

        @blueprint.context_processor
        def for_templates() -> dict[str, object]:
            return {"app_bridge_url": self.app_bridge_url, "shopify_api_key": self._client_id}

    def create_blueprint(self) -> Blueprint:
        """Make the bounce page, and the two ends of an installation by authorization code."""
        blueprint = Blueprint("auth", __name__, url_prefix="/auth")

        @blueprint.get("/patch-id-token")
        @open_to_all("it holds no data; App Bridge loads the page that was wanted from it")
        def patch_id_token() -> ResponseReturnValue:
            wanted = request.args.getlist(bounce.RELOAD)
            if len(wanted) != 1 or not bounce.is_path_of_ours(wanted[0]):
                return render_template("auth/problem.html", problem=BAD_BOUNCE), 400
            shop = request.args.get("shop")
            domain = normalised_domain(shop)
            if shop and domain is None:
                return render_template("auth/problem.html", problem=BAD_BOUNCE), 400
            page = render_template(
                "auth/patch_id_token.html",
                app_bridge_url=self.app_bridge_url,
                shopify_api_key=self._client_id,
            )
            return self.frame(Response(page), domain)

        @blueprint.get("/start")
        @open_to_all("it only leads to Shopify's own page, where a merchant logs in")
        def start() -> ResponseReturnValue:
            return _lead_to(self._authorization.start(request.args.get("shop")))

        @blueprint.get("/callback")
        @authenticated_by("Shopify HMAC over the query, and a state of ours")
        def callback() -> ResponseReturnValue:
            pairs = list(request.args.items(multi=True))
            return _lead_to(self._authorization.finish(pairs))

        return blueprint

    def frame(self, response: Response, shop_domain: str | None) -> Response:
        """Say who may show this page: its shop's admin and nobody else's, never everybody."""
        shops = [f"https://{shop_domain}"] if shop_domain else []
        extra = [self._extra_frame_ancestor] if self._extra_frame_ancestor else []
        ancestors = " ".join([*shops, ADMIN, *extra])
        parts = urlsplit(self.app_bridge_url)
        bridge = f"{parts.scheme}://{parts.netloc}"
        response.headers["Content-Security-Policy"] = (
            f"default-src 'none'; script-src 'self' {bridge}; style-src 'self'; "
            f"img-src 'self' data: https://cdn.shopify.com; media-src 'self'; font-src 'self'; "
            f"connect-src 'self' {bridge}; form-action 'self'; base-uri 'none'; "
            f"frame-ancestors {ancestors}"
        )
        # They hold people's names and words; a page gone back to is asked for again.
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    def _let_in(self) -> ResponseReturnValue | None:
        token, in_header = _token()
        if not in_header and request.method not in _SAFE_METHODS:
            # An address can be put into anybody's page; what it could do must need more than it.
            if token is not None:
                return _refusal(HTTPStatus.FORBIDDEN)
            return _refusal(HTTPStatus.UNAUTHORIZED, TRY_AGAIN)
        found: Identity | Fault | None = None
        if token is not None:
            found = read_session_token(token, client_id=self._client_id, secrets=self._secrets)
        if not isinstance(found, Identity):
            return self._without_identity(found)
        visit = self._visit(found, is_page=not in_header)
        if isinstance(visit, AppRemoved):
            g.shop_in_address = found.shop_domain
            return render_template("auth/problem.html", problem=REMOVED), HTTPStatus.FORBIDDEN
        g.merchant = Merchant(
            shop_id=visit.shop_id,
            shop_domain=found.shop_domain,
            staff_id=found.staff_id,
            session_id=found.session_id,
            user_id=visit.user_id,
        )
        structlog.contextvars.bind_contextvars(shop_id=str(visit.shop_id))
        return None

    def _without_identity(self, fault: Fault | None) -> ResponseReturnValue:
        if _is_fetch():
            return _refusal(HTTPStatus.UNAUTHORIZED, TRY_AGAIN)
        g.shop_in_address = normalised_domain(request.args.get("shop"))
        pairs = list(request.args.items(multi=True))
        if fault is None and request.path == "/" and self._authorization.is_install(pairs):
            return redirect(f"/auth/start?{urlencode({'shop': g.shop_in_address})}")
        query = request.query_string.decode("ascii", "ignore")
        if fault is Fault.ANOTHER_APP or bounce.just_came_back(query, now=time.time()):
            log.warning("session_token_refused", fault=fault or "missing")
            problem = WITHOUT_PROOF if fault is None else BAD_PROOF
            return render_template("auth/problem.html", problem=problem), HTTPStatus.UNAUTHORIZED
        location = bounce.location(request.path, query, now=time.time())
        return Response(status=HTTPStatus.FOUND, headers={"Location": location})

    def _visit(self, who: Identity, *, is_page: bool) -> Visit | AppRemoved:
        key = (who.shop_domain, who.staff_id)
        # A page that Shopify opens may be the first one after a reinstall.
        known = None if is_page else self._known.get(key)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        visit = note_visit(self._database, who, now=self._clock())
        if isinstance(visit, Visit):
            if len(self._known) >= MOST_KNOWN_VISITS:
                self._known.clear()
            self._known[key] = (time.monotonic() + VISIT_KNOWN_SECONDS, visit)
            self._tokens.note_visit(who, visit)
        return visit


BAD_BOUNCE = "This address is not complete. Please open Parley from Shopify admin, under Apps."
REMOVED = "Parley was removed from this store. Install it again to go on."
WITHOUT_PROOF = (
    "Shopify did not say who you are. Please open Parley from Shopify admin, under Apps; "
    "if you did, a browser extension may be blocking Shopify's App Bridge."
)
BAD_PROOF = (
    "What Shopify says of you could not be verified. Whoever runs this Parley should check that "
    "SHOPIFY_API_KEY and SHOPIFY_API_SECRET are this app's, and that the server's clock is right."
)


def _lead_to(outcome: str | Refused) -> ResponseReturnValue:
    if isinstance(outcome, Refused):
        page = render_template("auth/problem.html", problem=outcome.sentence)
        return page, HTTPStatus.BAD_REQUEST
    return redirect(outcome)


def _token() -> tuple[str | None, bool]:
    """Return the token, and whether it came in the header, which no link can add."""
    header = request.headers.get("Authorization")
    if header is None:
        return request.args.get("id_token") or None, False
    # `Bearer` in any case (RFC 9110); whatever else is there is no token.
    scheme, _, token = header.partition(" ")
    return (token.strip() if scheme.lower() == "bearer" else ""), True


def _is_fetch() -> bool:
    if "Authorization" in request.headers or "HX-Request" in request.headers:
        return True
    return request.headers.get("Sec-Fetch-Dest", "document") not in _FRAMED


def _sent_by_shopify() -> bool:
    marks = {"shop", "id_token", "host"}
    return "Authorization" in request.headers or not marks.isdisjoint(request.args)


def _refusal(status: HTTPStatus, headers: dict[str, str] | None = None) -> Response:
    return Response(status.phrase, status=status, headers=headers, mimetype="text/plain")


def show_front_door() -> ResponseReturnValue:
    """Show the public page that shares the bare address with App Home."""
    view = current_app.view_functions["pages.front_door"]
    page: ResponseReturnValue = current_app.ensure_sync(view)()
    return page
