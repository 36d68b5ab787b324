"""`POST /shops/<shop>/admin/api/<version>/graphql.json`, as Shopify answers it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, request
from graphql import DocumentNode, GraphQLError

from sandbox.shopify_admin.api.cost import MOST_EXPENSIVE, objects_in
from sandbox.shopify_admin.api.run import beyond_the_sandbox, choose_operation, price, run
from sandbox.shopify_admin.api.schema import read_document
from sandbox.shopify_admin.api.things import Scene
from sandbox.shopify_admin.faults import Rule
from sandbox.shopify_admin.parts import Admin, admin, as_json, body_object, or_lost, refusal
from sandbox.store.webhooks import API_VERSION
from sandbox.world import Shop

graphql = Blueprint("shopify_graphql", __name__)


@graphql.post("/shops/<domain>/admin/api/<version>/graphql.json")
def answer(domain: str, version: str) -> Response:
    shop = admin().store.world.shop(domain)
    struck = admin().faults.strike(domain, "graphql")
    refused = refusal(struck) or _not_this_version(version)
    if refused:
        return refused
    grant = admin().grants.use(domain, request.headers.get("X-Shopify-Access-Token", ""))
    if grant is None or not admin().installed(domain):
        sentence = "[API] Invalid API key or access token (unrecognized login or wrong password)"
        return as_json({"errors": sentence}, 401)
    given = body_object()
    if not isinstance(given.get("query"), str):
        return as_json({"errors": "Required parameter missing or invalid: query"}, 400)
    return or_lost(_run(shop, given, struck), struck)


def _not_this_version(version: str) -> Response | None:
    return None if version == API_VERSION else as_json({"errors": "Not Found"}, 404)


def _run(shop: Shop, given: Mapping[str, Any], struck: Mapping[str, Rule]) -> Response:
    variables = given.get("variables") or {}
    name = given.get("operationName") or None
    document, errors = read_document(given["query"])
    if document is None or errors:
        return _told({"errors": [error.formatted for error in errors]})
    try:
        cost = price(document, choose_operation(document, name), variables)
    except GraphQLError as error:
        return _told({"errors": [error.formatted]})
    unpaid = _unpaid(shop, cost, struck)
    if unpaid:
        return unpaid
    beyond = beyond_the_sandbox(document)
    if beyond:
        return _told({"errors": [error.formatted for error in beyond]})
    return _execute(shop, document, variables=variables, name=name, cost=cost, struck=struck)


def _execute(
    shop: Shop,
    document: DocumentNode,
    *,
    variables: Mapping[str, Any],
    name: str | None,
    cost: int,
    struck: Mapping[str, Rule],
) -> Response:
    unapproved = struck["protected_data"].fields if "protected_data" in struck else ()
    scene = _scene(admin(), shop, unapproved)
    result = run(document, scene, variables, name)
    actual = min(cost, objects_in(result.data))
    admin().bucket(shop.domain).give_back(cost - actual)
    body: dict[str, Any] = {"data": result.data}
    if result.errors:
        body["errors"] = [error.formatted for error in result.errors]
    return _told(body | _cost(shop, cost, actual))


def _scene(where: Admin, shop: Shop, unapproved: Sequence[str]) -> Scene:
    granted = frozenset(where.scopes(shop.domain))
    return Scene(where, shop, granted, frozenset(unapproved))


def _unpaid(shop: Shop, cost: int, struck: Mapping[str, Rule]) -> Response | None:
    if cost > MOST_EXPENSIVE:
        sentence = (
            f"Query cost is {cost}, which exceeds the single query max cost limit "
            f"({MOST_EXPENSIVE})."
        )
        told = {"code": "MAX_COST_EXCEEDED", "cost": cost, "maxCost": MOST_EXPENSIVE}
        return _told({"errors": [{"message": sentence, "extensions": told}]})
    if "throttled" not in struck and admin().bucket(shop.domain).take(cost):
        return None
    error = {
        "message": "Throttled",
        "extensions": {
            "code": "THROTTLED",
            "documentation": "https://shopify.dev/api/usage/rate-limits",
        },
    }
    empty = "throttled" in struck
    return _told({"errors": [error]} | _cost(shop, cost, None, available=0 if empty else None))


def _cost(
    shop: Shop, requested: int, actual: int | None, *, available: int | None = None
) -> dict[str, Any]:
    status = admin().bucket(shop.domain).status
    if available is not None:
        status["currentlyAvailable"] = available
    cost = {
        "requestedQueryCost": requested,
        "actualQueryCost": actual,
        "throttleStatus": status,
    }
    return {"extensions": {"cost": cost}}


def _told(body: Mapping[str, Any]) -> Response:
    headers = {"X-Shopify-API-Version": API_VERSION, "X-Request-ID": str(uuid.uuid4())}
    return as_json(body, 200, headers)
