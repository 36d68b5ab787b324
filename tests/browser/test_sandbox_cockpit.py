"""A newcomer with a browser: buy, ship, scan, and see what Parley did with it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

from sandbox.app import SandboxSettings, create_app, start, stop
from tests.browser.chromium import launch
from tests.integration.sandbox_store.recorder import Recorder, eventually

pytestmark = pytest.mark.browser
VIEWS = ("store", "admin", "phones")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture
def parley() -> Iterator[Recorder]:
    recorder = Recorder()
    yield recorder
    recorder.close()


@pytest.fixture
def address(tmp_path: Path, parley: Recorder) -> Iterator[str]:
    settings = SandboxSettings(
        port=0, data=tmp_path, parley_url=parley.url, api_secret="hush" * 8, time_scale=200
    )
    app = create_app(settings)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    start(app)
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    serving.join()
    server.server_close()
    stop(app)


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 860}, base_url=address)
    opened = context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.goto("/")
    yield opened
    context.close()
    assert problems == []


def test_an_order_is_bought_shipped_and_delivered_without_a_reload(
    page: Page, parley: Recorder
) -> None:
    expect(page.get_by_text("No orders yet")).to_be_visible()
    page.evaluate("window.sameDocument = true")
    page.locator(".pills").get_by_text("Ben", exact=True).click()
    page.get_by_role("button", name="Buy Amber maple syrup as Ben").click()
    order = page.get_by_role("article", name="Order #1001")
    expect(order).to_contain_text("Ben Okafor")
    expect(page.get_by_role("status")).to_contain_text("Order #1001 is placed")
    order.get_by_role("button", name="Ship #1001").click()
    for scan in ("Out for delivery", "Delivered"):
        order.get_by_role("button", name=f"{scan} #1001.1").click()
        expect(page.get_by_role("status")).to_contain_text(f"#1001.1: {scan.lower()}")
    eventually(lambda: parley.topics.count("fulfillment_events/create") == 2)
    assert set(parley.topics) == {
        "shop/update", "orders/create", "orders/updated", "orders/fulfilled",
        "fulfillments/create", "fulfillments/update", "fulfillment_events/create",
    }  # fmt: skip
    expect(page.locator("#strip")).to_contain_text("accepted in")
    assert page.evaluate("window.sameDocument") is True


def test_a_double_click_buys_once(page: Page) -> None:
    page.get_by_role("button", name="Buy Seeded rye loaf as Ada").dblclick()
    expect(page.get_by_role("article")).to_have_count(1)
    page.wait_for_timeout(300)
    expect(page.get_by_role("article")).to_have_count(1)


def test_an_order_is_split_into_two_parcels(page: Page) -> None:
    page.get_by_text("Advanced: larger").click()
    page.get_by_role("button", name="Place this order").click()
    order = page.get_by_role("article", name="Order #1001")
    order.get_by_text("Ship only part of it").click()
    order.get_by_label("Seeded rye loaf").fill("0")
    order.get_by_label("Parcel company").select_option("USPS")
    order.get_by_role("button", name="Ship this parcel").click()
    expect(order.get_by_role("region", name="Parcel #1001.1")).to_contain_text("USPS")
    order.get_by_role("button", name="Ship the rest #1001").click()
    expect(order.get_by_role("region", name="Parcel #1001.2")).to_contain_text("Seeded rye loaf")


def test_while_parley_is_down_the_page_says_so_and_keeps_the_webhooks(
    page: Page, parley: Recorder
) -> None:
    eventually(lambda: parley.topics == ["shop/update"] * 2)
    parley.close()
    page.get_by_role("button", name="Buy Amber maple syrup as Ada").click()
    strip = page.locator("#strip")
    expect(strip).to_contain_text("Parley does not answer")
    expect(strip).to_contain_text("2 webhooks are kept")
    revived = Recorder(port=parley.port)
    strip.get_by_role("button", name="Try now").click()
    eventually(lambda: sorted(revived.topics) == ["orders/create", "orders/updated"])
    expect(strip).to_contain_text("What Parley did")
    revived.close()


def test_choosing_who_buys_brings_up_their_phone(page: Page) -> None:
    phones = page.frame_locator(".cockpit-phones iframe")
    expect(phones.get_by_role("button", name="Ada", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    page.locator(".pills").get_by_text("Dev", exact=True).click()
    expect(phones.get_by_role("button", name="Dev", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )


@pytest.mark.parametrize("width", [320, 375])
def test_a_narrow_screen_shows_store_or_phones_and_never_scrolls_sideways(
    page: Page, width: int
) -> None:
    page.get_by_role("button", name="Buy Amber maple syrup as Ada").click()
    page.set_viewport_size({"width": width, "height": 740})
    for view in VIEWS:
        page.locator(f"[name=view][value={view}]").check(force=True)
        for each in VIEWS:
            expect(page.locator(f".cockpit-{each}")).to_be_visible(visible=each == view)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.goto("/webhooks/")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_wide_screen_shows_everything_and_a_middling_one_keeps_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 1680, "height": 900})
    for view in VIEWS:
        expect(page.locator(f".cockpit-{view}")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollHeight") <= 900
    page.set_viewport_size({"width": 1280, "height": 860})
    page.get_by_role("radio", name="Admin").check(force=True)
    expect(page.locator(".cockpit-store")).to_be_hidden()
    expect(page.locator(".cockpit-admin")).to_be_visible()
    expect(page.locator(".cockpit-phones")).to_be_visible()


def test_store_and_admin_show_the_same_shop(page: Page) -> None:
    page.set_viewport_size({"width": 1680, "height": 900})
    admin = page.frame_locator(".cockpit-admin iframe")
    expect(admin.get_by_text("Maple & Rye").first).to_be_visible()
    page.get_by_role("link", name="Harbor Tea").click()
    expect(admin.locator(".switcher-name")).to_have_text("Harbor Tea")
    admin.locator(".switcher summary").click()
    admin.get_by_role("link", name="Maple & Rye").click()
    expect(page.get_by_role("button", name="Buy Amber maple syrup as Ada")).to_be_visible()


def test_a_text_to_the_merchant_is_counted_until_the_admin_is_looked_at(page: Page) -> None:
    expect(page.locator("#strip")).to_contain_text("accepted in")
    text = {"phone": "+14155550101", "to": "+18885550140", "body": "Where is it?"}
    page.request.post("/phones/send", data=text, headers={"Content-Type": "application/json"})
    expect(page.locator("#texts-in")).to_have_text("1")
    page.get_by_role("radio", name="Admin").check(force=True)
    expect(page.locator("#texts-in")).to_be_hidden()


def test_an_uninstall_shows_in_the_admin_at_once(page: Page) -> None:
    page.set_viewport_size({"width": 1680, "height": 900})
    admin = page.frame_locator(".cockpit-admin iframe")
    page.get_by_text("Advanced: settings").click()
    page.get_by_role("button", name="Uninstall").click()
    expect(admin.get_by_role("button", name="Install app")).to_be_visible()


def test_a_long_name_and_one_from_right_to_left_are_shown_whole(page: Page) -> None:
    page.get_by_text("Advanced: larger").click()
    for name in ("W" * 120, "فاطمة الزهراء"):
        page.get_by_label("Another name on the order").fill(name)
        page.get_by_role("button", name="Place this order").click()
        expect(page.get_by_role("article").first).to_contain_text(name)
    page.set_viewport_size({"width": 320, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_the_sandbox_says_when_it_is_gone_itself(page: Page) -> None:
    page.route("**/store/orders", lambda route: route.abort())
    page.get_by_role("button", name="Buy Amber maple syrup as Ada").click()
    expect(page.get_by_role("status")).to_contain_text("The sandbox does not answer")


def test_the_whole_path_can_be_walked_without_javascript(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=address)
    page = context.new_page()
    page.goto("/")
    page.get_by_role("button", name="Buy Amber maple syrup as Ada").click()
    page.get_by_role("button", name="Ship #1001").click()
    page.get_by_role("button", name="Delivered #1001.1").click()
    expect(page.get_by_role("region", name="Parcel #1001.1")).to_contain_text("Delivered")
    context.close()
