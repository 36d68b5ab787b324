"""The page at the bare address, for whoever types it into a browser."""

from __future__ import annotations

from flask import Blueprint, render_template

from route_access import open_to_all


def create_blueprint() -> Blueprint:
    """Make the public pages."""
    blueprint = Blueprint("pages", __name__)

    @blueprint.get("/")
    @open_to_all("it holds no data; merchants come in through Shopify admin")
    def front_door() -> str:
        return render_template("front_door.html")

    return blueprint
