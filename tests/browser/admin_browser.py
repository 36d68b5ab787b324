"""A browser inside Shopify admin: every request of its pages carries a session token."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from playwright.sync_api import Browser, Page, Route
from werkzeug.serving import make_server

from app import create_app
from services import Services, build_services
from settings import Settings
from tests.sessions import CLIENT_ID, SECRET, session_token

AXE = Path("node_modules/axe-core/axe.min.js")
# What App Bridge is to a page besides tokens, which the route below adds.
BRIDGE = """
window.shopify = {toast: {show: (text) => { document.documentElement.dataset.toast = text; }}};
"""


@contextmanager
def serving(database_url: str, redis_url: str, *, carrier: str) -> Iterator[tuple[Services, str]]:
    """Serve the whole application, and return it with its address."""
    settings = Settings.model_validate(
        {
            "database_url": database_url,
            "redis_url": redis_url,
            "public_url": "http://localhost:9400",
            "carrier_base_url": carrier,
            # Nobody listens there: these pages need no answer from Shopify.
            "shopify_base_url": "http://127.0.0.1:9",
            "app_bridge_url": "http://localhost:9400/bridge.js",
            "shopify_api_key": CLIENT_ID,
            "shopify_api_secret": SECRET,
            "encryption_keys": Fernet.generate_key().decode(),
            "phone_hash_keys": "a key of the tests",
        }
    )
    services = build_services(settings)
    server = make_server("127.0.0.1", 0, create_app(services), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield services, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    services.dispatcher.close()
    services.database.dispose()


@contextmanager
def opened(browser: Browser, address: str, shop: str, *, width: int = 1280) -> Iterator[Page]:
    """Open a page as one of a shop's staff; what the browser complains of fails the test."""
    context = browser.new_context(viewport={"width": width, "height": 800}, base_url=address)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None,
    )

    def carry_a_token(route: Route) -> None:
        if route.request.url.endswith("/bridge.js"):
            route.fulfill(body=BRIDGE, content_type="text/javascript")
        else:
            token = session_token(shop)
            route.continue_(headers={**route.request.headers, "authorization": f"Bearer {token}"})

    page.route("**/*", carry_a_token)
    yield page
    context.close()
    assert not complaints, complaints


def serious_findings(page: Page) -> list[Any]:
    """Return what axe finds wrong for people who use a keyboard, a reader or a lens."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        "axe.run().then(r => r.violations.map(v => "
        "[v.impact, v.id, v.nodes.slice(0, 3).map(n => n.html.slice(0, 200))]))"
    )
    return [finding for finding in found if finding[0] in {"serious", "critical"}]


def widest(page: Page) -> int:
    width: int = page.evaluate("document.documentElement.scrollWidth")
    return width
