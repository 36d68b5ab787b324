"""The admin frame in a browser, with a tiny app inside that Shopify's own package guards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, FrameLocator, Page, expect, sync_playwright

from sandbox.shopify_admin.parts import Admin
from tests.browser.chromium import launch
from tests.integration.sandbox_admin.conftest import MAPLE, address, admin, sandbox, toy
from tests.integration.sandbox_admin.toy_app import ToyApp

pytestmark = pytest.mark.browser
__all__ = ["address", "admin", "sandbox", "toy"]  # fixtures
APP = "/admin/store/maple-and-rye/apps/parley"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, base_url=address)
    opened = context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    yield opened
    context.close()
    assert problems == []


@pytest.fixture
def app(page: Page) -> FrameLocator:
    page.goto(APP)
    inside = page.frame_locator("iframe[data-app]")
    expect(inside.get_by_role("heading", name="Home")).to_be_visible()
    return inside


def test_the_app_opens_verified_with_its_navigation_in_the_admin(
    page: Page, app: FrameLocator, toy: ToyApp
) -> None:
    assert toy.bounced == []
    expect(app.locator("#staff")).to_have_text("94500100001")
    expect(app.locator("s-app-nav")).to_be_hidden()
    links = page.get_by_role("navigation", name="Admin").locator("[data-app-nav] a")
    expect(links).to_have_text(["Inbox", "Settings"])
    expect(page.locator("[data-app-title]")).to_have_text("Home")


def test_a_link_inside_bounces_to_a_token_and_moves_the_address(
    page: Page, app: FrameLocator, toy: ToyApp
) -> None:
    app.get_by_role("link", name="To the settings").click()
    expect(app.get_by_role("heading", name="Settings")).to_be_visible()
    assert toy.bounced == ["/settings"]
    expect(page).to_have_url(f"{toy.frame}{APP}/settings?tab=team")
    current = page.locator("[data-app-nav] a[aria-current]")
    expect(current).to_have_text("Settings")


def test_back_forward_and_reload_keep_the_place(page: Page, app: FrameLocator) -> None:
    page.get_by_role("link", name="Inbox", exact=True).click()
    expect(app.get_by_role("heading", name="Inbox")).to_be_visible()
    app.get_by_role("link", name="To the settings").click()
    expect(app.get_by_role("heading", name="Settings")).to_be_visible()
    page.go_back()
    expect(app.get_by_role("heading", name="Inbox")).to_be_visible()
    page.wait_for_url(f"**{APP}/inbox")
    page.go_forward()
    expect(app.get_by_role("heading", name="Settings")).to_be_visible()
    page.wait_for_url(f"**{APP}/settings?tab=team")
    page.reload()
    expect(app.get_by_role("heading", name="Settings")).to_be_visible()
    page.go_back()
    expect(app.get_by_role("heading", name="Inbox")).to_be_visible()


def test_fetch_carries_a_token_and_is_tried_again_with_a_fresh_one(
    app: FrameLocator, toy: ToyApp
) -> None:
    app.get_by_role("button", name="Ask", exact=True).click()
    expect(app.locator("#said")).to_have_text("94500100001 said hi")
    app.locator("#said").evaluate("node => { node.textContent = ''; }")
    app.get_by_role("button", name="Ask late").click()
    expect(app.locator("#said")).to_have_text("94500100001 said hi")
    assert sum(each.startswith("late") for each in toy.tokens) == 2


def test_a_token_is_kept_until_shortly_before_it_ends(page: Page, app: FrameLocator) -> None:
    minted: list[str] = []
    page.on(
        "request", lambda asked: minted.append(asked.url) if "session-token" in asked.url else None
    )
    ask = app.get_by_role("button", name="Ask", exact=True)
    for _ in range(3):
        ask.click()
        expect(app.locator("#said")).to_have_text("94500100001 said hi")
    assert len(minted) == 1
    page.frames[1].evaluate("{ const now = Date.now; Date.now = () => now() + 56000; }")
    ask.click()
    expect(app.locator("#said")).to_have_text("94500100001 said hi")
    page.wait_for_timeout(200)
    assert len(minted) == 2


def test_toasts_show_in_the_admin_and_their_action_reaches_the_app(
    page: Page, app: FrameLocator
) -> None:
    app.get_by_role("button", name="Toast").click()
    toasts = page.locator("[data-toasts]")
    expect(toasts).to_contain_text("Saved")
    toasts.get_by_role("button", name="Undo").click()
    expect(app.locator("#said")).to_have_text("undone")
    expect(toasts).not_to_contain_text("Saved")
    app.get_by_role("button", name="Trouble").click()
    expect(toasts.locator(".is-error")).to_contain_text("It did not work")
    toasts.get_by_role("button", name="Dismiss").click()
    expect(toasts).to_be_empty()


def test_unsaved_changes_bring_up_the_save_bar(page: Page, app: FrameLocator) -> None:
    bar = page.get_by_role("region", name="Unsaved changes")
    app.get_by_label("Word").fill("new")
    expect(bar).to_be_visible()
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("link", name="Inbox", exact=True).click()
    expect(app.get_by_role("heading", name="Home")).to_be_visible()
    bar.get_by_role("button", name="Discard").click()
    expect(app.get_by_label("Word")).to_have_value("")
    expect(bar).to_be_hidden()
    app.get_by_label("Word").fill("newer")
    bar.get_by_role("button", name="Save").click()
    expect(app.locator("#said")).to_have_text("saved")
    expect(bar).to_be_hidden()


def test_addresses_of_shopifys_lead_to_the_stand_ins_own_pages(
    page: Page, app: FrameLocator
) -> None:
    app.get_by_role("link", name="Orders").click()
    expect(page.get_by_role("heading", name="Orders")).to_be_visible()
    page.go_back()
    app.get_by_role("button", name="Away").click()
    expect(page.get_by_role("heading", name="Products")).to_be_visible()


def test_two_people_work_in_two_tabs(page: Page, app: FrameLocator, browser: Browser) -> None:
    other = page.context.new_page()
    other.goto(APP)
    other.get_by_label("You work as").select_option("priya")
    theirs = other.frame_locator("iframe[data-app]")
    expect(theirs.locator("#staff")).to_have_text("94500100003")
    other.reload()
    expect(theirs.locator("#staff")).to_have_text("94500100003")
    app.get_by_role("button", name="Ask", exact=True).click()
    expect(app.locator("#said")).to_have_text("94500100001 said hi")


def test_an_uninstalled_app_is_installed_again(page: Page, app: FrameLocator, admin: Admin) -> None:
    admin.store.uninstall(MAPLE)
    page.reload()
    expect(page.get_by_text("Parley is not installed")).to_be_visible()
    page.get_by_role("button", name="Install app").click()
    expect(app.get_by_role("heading", name="Home")).to_be_visible()
    assert admin.installed(MAPLE)


def test_an_app_that_does_not_answer_is_explained(page: Page, sandbox: Flask, admin: Admin) -> None:
    page.clock.install()
    page.route("**/app-bridge.js", lambda route: route.abort())
    page.goto(APP)
    page.clock.fast_forward(9000)
    expect(page.get_by_role("alert")).to_contain_text("Parley cannot be shown")


def test_opened_by_itself_the_app_goes_to_the_admin(page: Page, app: FrameLocator) -> None:
    alone = page.frames[1].url
    page.goto(alone)
    page.wait_for_url(f"**{APP}")


def test_nobody_else_gets_a_token(page: Page, app: FrameLocator, toy: ToyApp) -> None:
    page.goto(f"{toy.frame}{APP}")
    body = {"shop": MAPLE, "staff": "mia"}
    asked = page.request.post(
        "/admin/session-token",
        data=body,
        headers={"Origin": toy.url, "Sec-Fetch-Site": "same-site"},
    )
    assert asked.status == 403


@pytest.mark.parametrize("width", [320, 375])
def test_a_narrow_admin_folds_its_menu(page: Page, app: FrameLocator, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    menu = page.get_by_role("navigation", name="Admin")
    expect(menu).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    menu.get_by_role("link", name="Settings").click()
    expect(menu).to_be_hidden()
    expect(app.get_by_role("heading", name="Settings")).to_be_visible()


def test_the_name_that_parley_lets_frame_it_is_used(page: Page, toy: ToyApp) -> None:
    page.goto(toy.frame.replace("localhost", "127.0.0.1") + APP)
    expect(page).to_have_url(f"{toy.frame}{APP}")
