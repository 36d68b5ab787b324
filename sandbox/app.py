"""Puts the sandbox together: settings, the store stand-in, the carrier stand-in, their pages."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, Response, abort, request, send_from_directory

from sandbox import carrier, shopify_admin
from sandbox.store import Courier, Database, Store
from sandbox.store.cockpit import Sandbox, pages
from sandbox.store.log import log
from sandbox.world import World

_HTMX = Path(__file__).parent.parent / "node_modules" / "htmx.org" / "dist"


@dataclass(frozen=True)
class SandboxSettings:
    """`time_scale` 60 plays Shopify's four hours of retries in four minutes."""

    port: int
    data: Path
    parley_url: str
    api_secret: str
    api_key: str = "sandbox"
    time_scale: float = 60.0

    @classmethod
    def from_environment(cls) -> SandboxSettings:
        """Raises `SystemExit` with one sentence when something needed is missing."""
        needed = (
            "SANDBOX_PORT", "SANDBOX_DATA", "PARLEY_URL", "SHOPIFY_API_KEY", "SHOPIFY_API_SECRET",
        )  # fmt: skip
        missing = [name for name in needed if not os.environ.get(name)]
        if missing:
            raise SystemExit(f"The sandbox needs {', '.join(missing)} in its environment.")
        return cls(
            port=int(os.environ["SANDBOX_PORT"]),
            data=Path(os.environ["SANDBOX_DATA"]),
            parley_url=os.environ["PARLEY_URL"].rstrip("/"),
            api_secret=os.environ["SHOPIFY_API_SECRET"],
            api_key=os.environ["SHOPIFY_API_KEY"],
            time_scale=float(os.environ.get("SANDBOX_TIME_SCALE", "60")),
        )


def create_app(settings: SandboxSettings) -> Flask:
    """The sandbox's web application; `start` lets it begin to send."""
    world = World.standard(settings.api_secret)
    database = Database(settings.data / "store.sqlite3")
    courier = Courier(
        database, f"{settings.parley_url}/webhooks/shopify", time_scale=settings.time_scale
    )
    grants = shopify_admin.Grants(database)
    store = Store(world, database=database, deliver=courier.deliver, on_uninstall=grants.revoke)
    app = Flask("sandbox", root_path=str(Path(__file__).parent))
    app.config.update(SECRET_KEY=settings.api_secret, SESSION_COOKIE_NAME="sandbox")
    app.extensions["sandbox"] = Sandbox(store, courier, settings.parley_url)
    app.before_request(_refuse_other_sites)
    app.add_url_rule("/assets/<path:name>", view_func=_asset)
    app.register_blueprint(pages)
    app.register_blueprint(log)
    config = shopify_admin.AppConfig.from_toml(
        client_id=settings.api_key, secret=settings.api_secret, url=settings.parley_url
    )
    shopify_admin.register(app, store=store, config=config, grants=grants)
    app.jinja_env.globals["once"] = secrets.token_hex
    app.extensions["sandbox.carrier"] = carrier.register(
        app,
        data=settings.data / "carrier",
        accounts=world.carrier_accounts,
        parley_url=settings.parley_url,
    )
    return app


def start(app: Flask) -> None:
    """Send what was left from last time, and tell Parley how each shop is set."""
    sandbox: Sandbox = app.extensions["sandbox"]
    admin: shopify_admin.Admin = app.extensions["sandbox.shopify_admin"]
    sandbox.courier.start()
    sandbox.announce_shops()
    admin.ask_for_the_apps_scopes()


def stop(app: Flask) -> None:
    """Finish what is under way; the rest waits in the database for the next start."""
    sandbox: Sandbox = app.extensions["sandbox"]
    carrier_stand_in: carrier.Carrier = app.extensions["sandbox.carrier"]
    sandbox.courier.stop()
    sandbox.store.database.close()
    carrier_stand_in.close()


def _refuse_other_sites() -> None:
    """A page elsewhere on the web must not be able to press buttons in here."""
    site = request.headers.get("Sec-Fetch-Site", "none")
    if request.method != "GET" and site not in {"same-origin", "none"}:
        abort(403)


def _asset(name: str) -> Response:
    return send_from_directory(_HTMX, name)
