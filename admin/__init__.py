"""The pages that merchants see inside Shopify admin. One module a page, each with `register`."""

from __future__ import annotations

from flask import Blueprint

from admin import (
    contact,
    contacts,
    home,
    inbox,
    settings,
    settings_number,
    settings_shipping,
    settings_team,
    shell,
)
from services import Services
from shopify.auth import show_front_door

PAGES = (
    shell,
    home,
    inbox,
    contacts,
    contact,
    settings,
    settings_number,
    settings_shipping,
    settings_team,
)


def create_blueprint(services: Services) -> Blueprint:
    """Make the embedded pages, behind session tokens."""
    blueprint = Blueprint("admin", __name__)
    services.merchant_auth.protect(blueprint, front_door=show_front_door)
    for page in PAGES:
        page.register(blueprint, services)
    return blueprint
