"""The admin's pages in a real browser: moving about, forms, keyboard, small screens, axe."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect, sync_playwright

from services import Services
from tests.browser.admin_browser import opened, serious_findings, serving, widest
from tests.browser.chromium import launch
from tests.factories import MadeShop, make_shop
from tests.integration.admin.making import make_busy
from tests.integration.sandbox_carrier.running import SILENT, Running, start_carrier, stop_carrier

pytestmark = pytest.mark.browser

BUSY, BARE = "busy.myshopify.com", "bare.myshopify.com"
PAGES = (
    "/",
    "/contacts",
    "/contacts?q=nobody-is-called-this",
    "/settings",
    "/settings/number",
    "/settings/shipping",
    "/settings/shipping/shipped",
    "/settings/team",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def carrier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = start_carrier(tmp_path_factory.mktemp("carrier"))
    yield running
    stop_carrier(running)


@pytest.fixture
def served(
    empty_database: str, empty_queue: str, carrier: Running
) -> Iterator[tuple[Services, str]]:
    with serving(empty_database, empty_queue, carrier=carrier.url) as served:
        yield served


@pytest.fixture
def busy(served: tuple[Services, str], now: datetime) -> MadeShop:
    shop = make_shop(served[0].database, now=now, domain=BUSY)
    with served[0].database.shop_session(shop.id) as session:
        make_busy(session, now=now)
    return shop


@pytest.fixture
def page(browser: Browser, served: tuple[Services, str], busy: MadeShop) -> Iterator[Page]:
    with opened(browser, served[1], BUSY) as page:
        yield page


@pytest.mark.parametrize("width", [1280, 320])
def test_no_page_is_wider_than_its_screen_or_hard_to_use(
    browser: Browser, served: tuple[Services, str], busy: MadeShop, now: datetime, width: int
) -> None:
    make_shop(served[0].database, now=now, domain=BARE)
    for shop in (BUSY, BARE):
        with opened(browser, served[1], shop, width=width) as page:
            for address in PAGES:
                page.goto(address)
                expect(page.locator("h1")).to_be_visible()
                assert widest(page) <= width, address
                assert not serious_findings(page), address
            if shop == BUSY:
                page.goto("/contacts")
                page.get_by_role("link", name="Ada Marsh").click()
                expect(page.get_by_text("Where is my order?")).to_be_visible()
                assert widest(page) <= width
                assert not serious_findings(page)


def test_links_move_without_a_new_document_and_back_goes_back(page: Page) -> None:
    documents: list[str] = []
    page.on(
        "request",
        lambda sent: documents.append(sent.url) if sent.resource_type == "document" else None,
    )
    page.goto("/settings")
    page.get_by_role("link", name="Shipping texts").click()
    expect(page.locator("h1")).to_have_text("Shipping texts")
    expect(page).to_have_title("Shipping texts · Parley")
    expect(page.locator("h1")).to_be_focused()
    page.get_by_role("link", name="Edit the text: Delivered", exact=True).click()
    expect(page.locator("h1")).to_have_text("Delivered")
    page.go_back()
    expect(page.locator("h1")).to_have_text("Shipping texts")
    page.go_forward()
    expect(page.locator("h1")).to_have_text("Delivered")
    assert len(documents) == 1
    page.reload()
    expect(page.locator("h1")).to_have_text("Delivered")


def test_a_switch_works_by_keyboard_and_keeps_the_focus(page: Page) -> None:
    page.goto("/settings/shipping")
    switch = page.get_by_role("switch", name="Delayed")
    expect(switch).to_be_checked()
    switch.focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("switch", name="Delayed")).not_to_be_checked()
    expect(page.get_by_role("switch", name="Delayed")).to_be_focused()
    expect(page.locator("html")).to_have_attribute("data-toast", "Delayed: off")
    page.reload()
    expect(page.get_by_role("switch", name="Delayed")).not_to_be_checked()


def test_a_text_is_written_with_fields_and_its_preview_follows(page: Page) -> None:
    page.goto("/settings/shipping/shipped")
    page.fill("#template", "{{ brand }}: hello ")
    page.get_by_role("button", name="First name").click()
    expect(page.locator("#template")).to_have_value(
        '{{ brand }}: hello {{ first_name | default: "there" }}'
    )
    expect(page.locator("#preview .bubble")).to_have_text("Maple & Rye: hello Ada")
    page.fill("#template", "🎉 {{ frist_name }}")
    page.get_by_role("button", name="Show me").click()
    chosen = page.evaluate("template.value.slice(template.selectionStart, template.selectionEnd)")
    assert chosen == "{{ frist_name }}"
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("This text cannot be sent yet.")).to_be_visible()
    expect(page.locator("#template")).to_be_focused()


def test_unsaved_words_are_not_lost_by_a_wrong_click(page: Page) -> None:
    asked: list[str] = []
    page.goto("/settings/shipping/shipped")
    page.fill("#template", "{{ brand }}: half a thought")

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    page.once("dialog", stay)
    page.get_by_role("link", name="Back to Shipping texts").click()
    expect(page.locator("#template")).to_have_value("{{ brand }}: half a thought")
    assert asked == ["You have unsaved changes. Leave without saving?"]
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("link", name="Back to Shipping texts").click()
    expect(page.locator("h1")).to_have_text("Shipping texts")


def test_a_number_is_connected_checked_and_disconnected(page: Page, carrier: Running) -> None:
    carrier.point_inbound_at(SILENT, "https://helpdesk.example/sms")
    page.goto("/settings/number")
    expect(page.get_by_text("does not accept this SID and token")).to_be_visible()
    page.fill("#account_sid", SILENT["account_sid"])
    page.fill("#number", "(206) 555-0155")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Enter the account’s auth token.")).to_be_visible()
    expect(page.locator("#auth_token")).to_be_focused()
    page.fill("#auth_token", SILENT["auth_token"])
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("goes to another address")).to_be_visible()
    page.get_by_role("button", name="Send replies to Parley").click()
    expect(page.get_by_text("reaches Parley")).to_be_visible()
    page.get_by_role("button", name="Disconnect number").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Disconnect number").click()
    dialog.get_by_role("button", name="Disconnect number").click()
    expect(page.get_by_text("Connect the number that your texts come from")).to_be_visible()
    assert page.url.endswith("/settings/number")


def test_two_clicks_on_save_send_one_form(page: Page) -> None:
    sent: list[str] = []
    page.on("request", lambda each: sent.append(each.url) if each.method == "POST" else None)
    page.goto("/settings/team")
    page.get_by_label("Name in the inbox").fill("June")
    page.get_by_role("button", name="Save the name of").dblclick()
    expect(page.get_by_text("June", exact=True)).to_be_visible()
    page.wait_for_timeout(200)
    assert len(sent) == 1


def test_searching_keeps_the_focus_and_its_place_in_history(page: Page) -> None:
    page.goto("/contacts")
    page.get_by_label("Search by name or number").press_sequentially("marsh", delay=20)
    expect(page.locator("#people li")).to_have_count(1)
    expect(page.get_by_label("Search by name or number")).to_be_focused()
    assert page.url.endswith("?q=marsh")
    page.get_by_role("link", name="Ada Marsh").click()
    expect(page.locator("h1")).to_have_text("Ada Marsh")
    page.go_back()
    expect(page.locator("#people li")).to_have_count(1)


def test_a_profile_is_exported_without_cookies(page: Page) -> None:
    page.goto("/contacts")
    page.get_by_role("link", name="Ada Marsh").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    held = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert held["contacts"][0]["phone"] == "+14155550101"
    assert page.context.cookies() == []
