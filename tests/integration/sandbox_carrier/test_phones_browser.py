"""The phones in a real browser: typing, ticks, live updates, keyboard, small screens."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from werkzeug.serving import make_server

import sandbox
from sandbox.carrier import Carrier, register
from sandbox.carrier.accounts import Account
from sandbox.carrier.life import AT_ONCE
from tests.integration.sandbox_carrier.running import ADA, SILENT, TOLL_FREE

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
QUIET += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]


class Site:
    """The phones on a port, able to go away and come back."""

    def __init__(self, app: Flask, carrier: Carrier) -> None:
        self.app, self.carrier, self.port = app, carrier, 0
        self.start()

    def start(self) -> None:
        self.server = make_server("127.0.0.1", self.port, self.app, threaded=True)
        self.port = self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def deliver(self, body: str, *, account: str = SILENT["number"], to: str = ADA) -> None:
        sender = self.carrier.directory.by_number(account)
        assert sender is not None
        self.carrier.life.begin(self.carrier.accept(sender, to=to, body=body))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    app = Flask("sandbox", root_path=str(Path(sandbox.__file__).parent))
    carrier = register(app, data=tmp_path, accounts=[Account(**TOLL_FREE), Account(**SILENT)])
    carrier.life.pace = AT_ONCE
    site = Site(app, carrier)
    yield site
    site.stop()
    carrier.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"http://127.0.0.1:{site.port}/phones")
    yield page
    context.close()
    assert problems == []


def ada(page: Page) -> Locator:
    return page.get_by_role("region", name="Ada Marsh’s phone")


def open_thread(phone: Locator, name: str = "Harbor Tea") -> None:
    phone.get_by_role("button", name="Open messages").click()
    phone.locator(".thread-row", has_text=name).click()


def test_a_person_reads_a_notification_and_answers_with_enter(page: Page, site: Site) -> None:
    site.deliver("Your order has shipped: https://track.example/1.")
    card = ada(page).locator(".lock-card")
    expect(card).to_contain_text("Harbor Tea")
    card.click()
    link = ada(page).get_by_role("link", name="https://track.example/1")
    expect(link).to_have_attribute("href", "https://track.example/1")
    expect(link).to_have_attribute("rel", "noopener noreferrer")

    ada(page).get_by_label("Text message").fill("Thank you!")
    ada(page).get_by_label("Text message").press("Enter")
    expect(ada(page).locator(".mine .bubble")).to_have_text("Thank you!")
    expect(ada(page).locator(".mine .state")).to_have_text("Delivered")
    expect(ada(page).locator(".mine .bubble")).to_have_count(1)
    expect(ada(page).get_by_label("Text message")).to_have_value("")


def test_texts_arrive_without_reload_and_leave_the_draft_alone(page: Page, site: Site) -> None:
    open_thread(ada(page))
    field = ada(page).get_by_label("Text message")
    field.press_sequentially("half a sent")
    site.deliver("something new")
    expect(ada(page).locator(".theirs .bubble")).to_have_text("something new")
    expect(field).to_be_focused()
    field.press_sequentially("ence")
    expect(field).to_have_value("half a sentence")


def test_a_text_for_another_conversation_shows_above_this_one(page: Page, site: Site) -> None:
    open_thread(ada(page))
    site.deliver("Your bread is ready", account=TOLL_FREE["number"])
    banner = ada(page).locator(".banner-top")
    expect(banner).to_contain_text("Your bread is ready")
    banner.click()
    expect(ada(page).locator(".thread-name strong")).to_have_text("Maple & Rye")


def test_markup_in_a_text_is_shown_not_run(page: Page, site: Site) -> None:
    open_thread(ada(page))
    body = "<img src=x onerror=alert(1)> https://a.example/?q=<b>"
    site.deliver(body)
    expect(ada(page).locator(".theirs .bubble")).to_have_text(body)
    expect(ada(page).locator(".log img")).to_have_count(0)


def test_airplane_mode_holds_texts_back_in_both_directions(page: Page, site: Site) -> None:
    open_thread(ada(page))
    ada(page).get_by_role("switch", name="Airplane mode").check()
    expect(ada(page).locator(".screen")).to_have_class("screen is-flying")
    ada(page).get_by_role("button", name="Where is my order?").click()
    expect(ada(page).locator(".mine .state")).to_have_text("Waiting for signal")
    site.deliver("later")
    ada(page).get_by_role("switch", name="Airplane mode").uncheck()
    expect(ada(page).locator(".mine .state")).to_have_text("Delivered")
    expect(ada(page).locator(".theirs .bubble")).to_have_text("later")


def test_a_text_nobody_took_says_not_delivered_and_can_be_sent_again(
    page: Page, site: Site
) -> None:
    site.carrier.store.change("UPDATE numbers SET sms_url = 'http://127.0.0.1:1/#rc=0'")
    open_thread(ada(page))
    ada(page).get_by_role("button", name="HELP").click()
    failed = ada(page).get_by_role("button", name="Not delivered")
    expect(failed).to_be_visible()
    site.carrier.store.change("UPDATE numbers SET sms_url = ''")
    failed.click()
    expect(ada(page).locator(".mine .state")).to_have_text("Delivered")


def test_a_lost_connection_is_said_and_mended(page: Page, site: Site) -> None:
    open_thread(ada(page))
    ada(page).get_by_label("Text message").fill("my draft")
    site.stop()
    expect(page.locator(".phones-lost")).to_have_text(
        "Connection lost. Trying again…", timeout=8000
    )
    site.start()
    site.deliver("back again")
    expect(ada(page).locator(".theirs .bubble")).to_have_text("back again", timeout=15000)
    expect(page.locator(".phones-lost")).to_have_text("")
    expect(ada(page).get_by_label("Text message")).to_have_value("my draft")


def test_everything_works_from_the_keyboard(page: Page, site: Site) -> None:
    ada(page).get_by_role("button", name="Open messages").focus()
    page.keyboard.press("Enter")
    expect(ada(page).locator(".thread-row").first).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("hello")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("again")
    page.keyboard.press("Enter")
    expect(ada(page).locator(".mine .bubble")).to_have_text("hello\nagain")
    page.keyboard.press("Escape")
    expect(ada(page).get_by_role("heading", name="Messages")).to_be_visible()


def test_emoji_alone_are_large_and_right_to_left_texts_keep_their_direction(
    page: Page, site: Site
) -> None:
    open_thread(ada(page))
    site.deliver("👨‍👩‍👧‍👦🇨🇦👋🏽")
    expect(ada(page).locator(".jumbo")).to_have_text("👨‍👩‍👧‍👦🇨🇦👋🏽")
    site.deliver("תודה רבה!")
    bubble = ada(page).locator(".bubble")
    expect(bubble).to_have_css("direction", "rtl")


def test_a_small_screen_shows_one_phone_and_a_switcher(page: Page, site: Site) -> None:
    page.set_viewport_size({"width": 375, "height": 740})
    expect(page.locator(".phone:visible")).to_have_count(1)
    site.deliver("for Ben " + "x" * 200, to="+12125550102")
    tab = page.locator(".tab", has_text="Ben")
    expect(tab.locator(".unread")).to_have_text("1")
    tab.click()
    expect(page.get_by_role("region", name="Ben Okafor’s phone")).to_be_visible()
    expect(page.locator(".phone:visible")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
