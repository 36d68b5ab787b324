"""The people of a scene: merchants at Shopify admin and shoppers with phones, each in a browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Frame,
    FrameLocator,
    Locator,
    Page,
    Playwright,
    Request,
    Route,
    expect,
)

from tests.browser.admin_browser import AXE
from tests.browser.chromium import QUIET, chromium_path
from tests.browser.stack import Stack

MAPLE, HARBOR = "maple-and-rye", "harbor-tea"


@dataclass
class Merchant:
    """Somebody of a shop's staff at Shopify admin, with Parley open in its frame."""

    page: Page
    stack: Stack
    shop: str
    staff: str

    @property
    def app(self) -> FrameLocator:
        return self.page.frame_locator("iframe[data-app]")

    @property
    def heading(self) -> Locator:
        return self.app.locator("h1")

    @property
    def inside(self) -> Frame:
        """The document in the frame, for what only scripts can tell."""
        found = self.page.query_selector("iframe[data-app]")
        assert found is not None
        frame = found.content_frame()
        assert frame is not None
        return frame

    def opens(self, path: str = "") -> None:
        """Go to a page of Parley by its address in the admin, and wait until it is there."""
        self.page.goto(f"/admin/store/{self.shop}/apps/parley{path}")
        # On a narrow screen an open conversation takes the place of the list and its heading.
        shown = self.app.locator(":is(h1, h2):visible").first
        expect(shown).to_be_visible(timeout=15_000)
        expect(self.page.locator("[data-loading]")).to_be_hidden()

    def goes_to(self, item: str) -> None:
        """By the menu of the admin."""
        menu = self.page.get_by_role("navigation", name="Admin")
        menu.get_by_role("link", name=item, exact=True).click()

    @property
    def box(self) -> Locator:
        return self.app.locator("#reply-body")

    @property
    def texts(self) -> Locator:
        return self.app.locator("#thread-texts .text__bubble p")

    def opens_the_conversation_with(self, name: str) -> None:
        """From the inbox, wherever in it one is."""
        self.app.locator("#inbox-list .conv__link").filter(has_text=name).first.click()
        expect(self.app.locator("#thread-head")).to_contain_text(name)
        expect(self.box).to_be_attached()

    def next_token_is_expired(self) -> None:
        """As after a laptop was closed: App Bridge asks for a token, and it comes too old."""

        def too_old(route: Route) -> None:
            token = self.stack.expired_token(self.shop, self.staff)
            route.fulfill(json={"token": token, "lifetime": 60})

        self.page.route("**/admin/session-token", too_old, times=1)
        # What it holds seems to end now, so that it asks again.
        self.inside.evaluate("{ const now = Date.now; Date.now = () => now() + 56000; }")


@dataclass
class Shopper:
    """Somebody with a phone."""

    page: Page
    name: str
    number: str

    @property
    def got(self) -> Locator:
        return self.page.locator(".row-text.theirs .bubble")

    def looks_at(self, brand: str) -> None:
        """Open the conversation with a shop."""
        self.page.goto(f"/phones/{self.number}")
        unlock = self.page.get_by_role("button", name="Open messages")
        if unlock.is_visible():
            unlock.click()
        self.page.locator(".thread-row").filter(has_text=brand).click()

    def texts(self, words: str) -> None:
        self.page.get_by_role("textbox", name="Text message").fill(words)
        self.page.get_by_role("button", name="Send", exact=True).click()


@dataclass
class Browsers:
    """A browser a person, each with its own profile. What they complain of fails the test."""

    playwright: Playwright
    stack: Stack
    folder: Path
    contexts: list[BrowserContext] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    forgiven: tuple[str, ...] = ()
    to_the_app: list[Request] = field(default_factory=list)

    def merchant(self, shop: str, staff: str = "mia", *, width: int = 1280) -> Merchant:
        page = self.open(width=width)
        page.goto(f"/admin/store/{shop}")
        if staff != "mia":
            page.get_by_label("You work as").select_option(staff)
        return Merchant(page, self.stack, shop, staff)

    def shopper(self, name: str) -> Shopper:
        numbers = {"Ada": "+14155550101", "Ben": "+12125550102", "Dev": "+13125550104"}
        return Shopper(self.open(width=480), name, numbers[name])

    def open(self, *, width: int = 1280, height: int = 800) -> Page:
        """A fresh browser that keeps nothing for Parley: no cookie, no storage.

        Framed by `admin.shopify.com`, an app is a third party. Here both are on localhost, which
        is one site, so the profile blocks the app's own address instead of third parties.
        """
        profile = self.folder / str(len(self.contexts))
        (profile / "Default").mkdir(parents=True)
        blocked = {"exceptions": {"cookies": {f"{self.stack.app},*": {"setting": 2}}}}
        wishes = {"cookie_controls_mode": 1, "content_settings": blocked}
        (profile / "Default" / "Preferences").write_text(json.dumps({"profile": wishes}))
        context = self.playwright.chromium.launch_persistent_context(
            profile,
            executable_path=chromium_path(self.playwright),
            args=QUIET,
            viewport={"width": width, "height": height},
            base_url=self.stack.sandbox,
        )
        self.contexts.append(context)
        page = context.pages[0]
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._note)
        page.on("dialog", lambda dialog: self._refuse(dialog.message, dialog.dismiss))
        page.on("request", self._watch)
        return page

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def _refuse(self, words: str, dismiss: Callable[[], None]) -> None:
        self.complaints.append(f"A dialog: {words}")
        dismiss()

    def _watch(self, request: Request) -> None:
        if request.url.startswith(self.stack.app):
            self.to_the_app.append(request)

    def close(self) -> None:
        """Close them all. Raises `AssertionError` for what a browser complained of."""
        carried = [each.url for each in self.to_the_app if "cookie" in each.headers]
        for context in self.contexts:
            context.close()
        left = [
            each
            for each in self.complaints
            if not any(re.search(pattern, each) for pattern in self.forgiven)
        ]
        assert not left, left
        assert not carried, carried


def serious_findings(frame: Frame) -> Sequence[str]:
    """Return what axe finds seriously wrong in a frame's document."""
    frame.evaluate(AXE.read_text(encoding="utf-8"))
    found = frame.evaluate("axe.run({ resultTypes: ['violations'] })")
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:200]}"
        for each in found["violations"]
        if each["impact"] in {"serious", "critical"}
    ]


def overflow(frame: Frame) -> int:
    """By how many pixels a document is wider than its screen."""
    beyond: int = frame.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return beyond
