"""A real inbox behind a real address, and merchants who look at it in a browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.serving import make_server

from app import create_app
from services import build_services
from tests.factories import make_shop
from tests.integration.inbox.making import Inbox
from tests.integration.shopify_auth.conftest import make_settings
from tests.sessions import session_token


@dataclass
class Desk:
    """The inbox of one shop, served, and the browsers of its staff."""

    inbox: Inbox
    url: str
    browser: Browser
    contexts: list[BrowserContext] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def opens(
        self, path: str = "/inbox", *, staff: str = "71000001", width: int = 1280, height: int = 800
    ) -> Page:
        """Somebody of the shop opens a page; every request of theirs carries a session token."""
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, base_url=self.url
        )
        token = session_token(self.inbox.shop.domain, staff_id=staff, expires_in=3600)
        context.set_extra_http_headers({"Authorization": f"Bearer {token}"})
        context.route(
            "https://cdn.shopify.com/**",
            lambda route: route.fulfill(content_type="text/javascript", body=""),
        )
        self.contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", self._note)
        page.goto(path)
        return page

    def _note(self, message: object) -> None:
        text = str(getattr(message, "text", ""))
        if "Content Security Policy" in text:
            self.problems.append(text)


@contextmanager
def serving(
    browser: Browser, database_url: str, redis_url: str, *, now: datetime
) -> Iterator[Desk]:
    services = build_services(make_settings(database_url, redis_url))
    server = make_server("127.0.0.1", 0, create_app(services), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    shop = make_shop(services.database, now=now, domain="maple-and-rye.myshopify.com")
    desk = Desk(
        Inbox(services.database, shop, now), f"http://127.0.0.1:{server.server_port}", browser
    )
    try:
        yield desk
    finally:
        for context in desk.contexts:
            context.close()
        server.shutdown()
        thread.join()
        server.server_close()
        services.dispatcher.close()
        services.database.dispose()
