"""App Home: what a merchant sees first."""

from __future__ import annotations

from flask import Blueprint, render_template

from route_access import authenticated_by
from services import Services
from shopify.auth import merchant


def register(blueprint: Blueprint, services: Services) -> None:
    """Add the page at the bare address."""

    @blueprint.get("/")
    @authenticated_by("Shopify session token")
    def home() -> str:
        with services.database.shop_session(merchant().shop_id) as session:
            return render_template("admin/home.html", shop_name=session.shop.brand)
