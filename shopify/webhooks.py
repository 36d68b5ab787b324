"""The address that Shopify posts its webhooks to."""

from __future__ import annotations

from flask import Blueprint, Response, request

from route_access import authenticated_by
from shopify.intake import ShopifyIntake


def create_blueprint(intake: ShopifyIntake) -> Blueprint:
    blueprint = Blueprint("shopify_webhooks", __name__)

    @blueprint.post("/webhooks/shopify")
    @authenticated_by("Shopify HMAC")
    def receive() -> Response:
        # The signature is over the bytes as they came; whatever the content type says of them.
        body = request.get_data(cache=False)
        answer = intake.receive(request.method, dict(request.headers), body)
        return Response(status=answer.status)

    return blueprint
