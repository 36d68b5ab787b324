"""The page at the bare address, for whoever types it into a browser."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, render_template, send_from_directory

from route_access import open_to_all

HTMX = Path(__file__).resolve().parent.parent / "node_modules" / "htmx.org" / "dist"


def create_blueprint() -> Blueprint:
    """Make the public pages."""
    blueprint = Blueprint("pages", __name__)

    @blueprint.get("/")
    @open_to_all("it holds no data; merchants come in through Shopify admin")
    def front_door() -> str:
        return render_template("front_door.html")

    @blueprint.get("/assets/htmx.js")
    @open_to_all("it is a public library, which Parley does not keep a copy of")
    def htmx() -> Response:
        return send_from_directory(HTMX, "htmx.min.js", mimetype="text/javascript")

    return blueprint
