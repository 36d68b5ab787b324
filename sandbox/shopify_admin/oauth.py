"""`POST /shops/<shop>/admin/oauth/access_token`: every way by which an app comes to a token."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response

from sandbox.shopify_admin.grants import DAY, Grant
from sandbox.shopify_admin.parts import (
    Admin,
    admin,
    as_json,
    body_object,
    or_lost,
    refusal,
)
from sandbox.shopify_admin.signing import read_session_token
from sandbox.world import STAFF, Shop

TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"
_OFFLINE = "urn:shopify:params:oauth:token-type:offline-access-token"
_ONLINE = "urn:shopify:params:oauth:token-type:online-access-token"

oauth = Blueprint("shopify_oauth", __name__)
Given = Mapping[str, Any]


@oauth.post("/shops/<domain>/admin/oauth/access_token")
def access_token(domain: str) -> Response:
    shop = admin().store.world.shop(domain)
    struck = admin().faults.strike(domain, "token")
    return refusal(struck) or or_lost(_answer(admin(), shop, body_object()), struck)


def _answer(where: Admin, shop: Shop, given: Given) -> Response:
    if not _is_the_app(where, given) or not where.installed(shop.domain):
        return _error("invalid_client", "Client authentication failed, or the app is uninstalled.")
    # An authorization code comes without a grant type.
    wanted = str(given.get("grant_type") or "authorization_code")
    grant = _GRANTS.get(wanted)
    if grant is None:
        return _error("unsupported_grant_type", f"{wanted} is no grant type.")
    return grant(where, shop, given)


def _is_the_app(where: Admin, given: Given) -> bool:
    secret = str(given.get("client_secret", "")).encode()
    right = hmac.compare_digest(secret, where.app.secret.encode())
    return right and given.get("client_id") == where.app.client_id


def _exchange(where: Admin, shop: Shop, given: Given) -> Response:
    claims = read_session_token(where.app, shop, str(given.get("subject_token", "")))
    if claims is None or given.get("subject_token_type") != ID_TOKEN:
        return _error("invalid_subject_token", "The session token is not valid for this shop.")
    if given.get("requested_token_type") == _ONLINE:
        return _online(where, shop, str(claims["sub"]))
    if given.get("requested_token_type") != _OFFLINE:
        return _error("invalid_request", "requested_token_type must be offline or online.")
    return _expiring(where, shop, given)


def _code(where: Admin, shop: Shop, given: Given) -> Response:
    if not where.grants.spend_code(shop.domain, str(given.get("code", ""))):
        return _error("invalid_request", "The authorization code was not found or was already used")
    return _expiring(where, shop, given)


def _expiring(where: Admin, shop: Shop, given: Given) -> Response:
    if str(given.get("expiring")) not in {"1", "True", "true"}:
        sentence = "Public apps must ask for expiring offline tokens: send expiring=1."
        return _error("invalid_request", sentence)
    return _pair(where.grants.issue(shop.domain, where.scopes(shop.domain)))


def _refresh(where: Admin, shop: Shop, given: Given) -> Response:
    token = str(given.get("refresh_token", ""))
    grant = where.grants.refresh(shop.domain, token, where.scopes(shop.domain))
    if grant is None:
        return _error("invalid_grant", "The refresh token is expired, revoked or was replaced.")
    return _pair(grant)


def _client_credentials(where: Admin, shop: Shop, _given: Given) -> Response:
    grant = where.grants.issue_unrenewable(shop.domain, where.scopes(shop.domain))
    told = {"access_token": grant.access, "scope": ",".join(grant.scopes), "expires_in": DAY - 1}
    return as_json(told)


def _online(where: Admin, shop: Shop, staff_id: str) -> Response:
    staff = next((each for each in STAFF if str(each.id) == staff_id), None)
    if staff is None:
        return _error("invalid_subject_token", "Nobody of that id works here.")
    grant = where.grants.issue_unrenewable(shop.domain, where.scopes(shop.domain))
    first, _, last = staff.name.partition(" ")
    scope = ",".join(grant.scopes)
    return as_json(
        {
            "access_token": grant.access, "scope": scope, "expires_in": DAY - 1,
            "associated_user_scope": scope, "associated_user": {
                "id": staff.id, "first_name": first, "last_name": last, "email": staff.email,
                "account_owner": staff.owner, "locale": "en", "collaborator": False,
                "email_verified": True,
            },
        }
    )  # fmt: skip


def _pair(grant: Grant) -> Response:
    assert grant.refresh_expires_at is not None
    now = time.time()
    return as_json(
        {
            "access_token": grant.access,
            "scope": ",".join(grant.scopes),
            "expires_in": round(grant.expires_at - now),
            "refresh_token": grant.refresh,
            "refresh_token_expires_in": round(grant.refresh_expires_at - now),
        }
    )


def _error(code: str, sentence: str) -> Response:
    return as_json({"error": code, "error_description": sentence}, 400)


_GRANTS: Mapping[str, Callable[[Admin, Shop, Given], Response]] = {
    TOKEN_EXCHANGE: _exchange,
    "authorization_code": _code,
    "refresh_token": _refresh,
    "client_credentials": _client_credentials,
}
