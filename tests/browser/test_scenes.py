"""Whole scenes: shopper, merchant and colleague, through Shopify admin, with everything running."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, Response, expect, sync_playwright

from tests.browser.scenes import (
    HARBOR,
    MAPLE,
    Browsers,
    Merchant,
    overflow,
    serious_findings,
)
from tests.browser.stack import Stack, belongs_to_a_real_store, running

pytestmark = pytest.mark.browser

# From the tap on the phone, through carrier, webhook and worker: two seconds are promised from the
# moment the text is in Parley's hands, and this machine may be doing other things besides.
ON_SCREEN = 3_000
PAGES = (
    "", "/inbox", "/inbox?view=all", "/inbox?q=nobody-is-called-this", "/contacts", "/settings",
    "/settings/number", "/settings/shipping", "/settings/shipping/shipped", "/settings/team",
)  # fmt: skip
HOSTILE = (
    "<b>bold</b><h1>out</h1></li></ol></template>",
    "<script>alert(document.domain)</script>",
    '<img src=x onerror="alert(1)"><svg onload=alert(2)>',
    '"><iframe src="javascript:alert(3)"></iframe>',
    "\u202eright to left\u202c \u2067שלום\u2069 \u200f\u061c",
    "zero\u200bwidth\u200d\u2060\ufeff!",
    "{{ 7 * 7 }} {% raw %} ${1} %s",
    "m" * 1600,
)


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    if belongs_to_a_real_store():
        pytest.skip("the settings here are a real store's, and scenes are for the sandbox")
    with running(tmp_path_factory.mktemp("parley")) as stack:
        yield stack


@pytest.fixture
def people(playwright: Playwright, stack: Stack, tmp_path: Path) -> Iterator[Browsers]:
    people = Browsers(playwright, stack, tmp_path)
    yield people
    people.close()


def _buys(store: Page, shop: str, product: str, buyer: str) -> str:
    """Somebody buys; returns the order's name."""
    store.goto(f"/?shop={shop}.myshopify.com")
    store.locator(".pills").get_by_text(buyer, exact=True).click()
    before = store.get_by_role("article").count()
    store.get_by_role("button", name=f"Buy {product} as {buyer}").click()
    expect(store.get_by_role("article")).to_have_count(before + 1)
    label = store.get_by_role("article").first.get_attribute("aria-label")
    assert label is not None
    return label.removeprefix("Order ")


def _ships(store: Page, order: str) -> None:
    store.get_by_role("button", name=f"Ship {order}").click()
    expect(store.get_by_role("region", name=f"Parcel {order}.1")).to_be_visible()


def _is_installed_anew(people: Browsers, store: Page) -> Merchant:
    """The merchant installs Parley, which the shop had before."""
    store.goto(f"/?shop={HARBOR}.myshopify.com")
    store.get_by_text("Advanced: settings").click()
    store.get_by_role("button", name="Uninstall").click()
    expect(store.get_by_role("status")).to_contain_text("Parley is uninstalled from Harbor Tea")
    mia = people.merchant(HARBOR)
    mia.page.goto(f"/admin/store/{HARBOR}/apps/parley")
    mia.page.get_by_role("button", name="Install app").click()
    expect(mia.heading).to_have_text("Harbor Tea", timeout=15_000)
    return mia


def test_from_the_install_to_an_answer_and_from_stop_to_start(people: Browsers) -> None:
    store = people.open()
    mia = _is_installed_anew(people, store)
    expect(mia.app.locator("#page")).to_contain_text("Get ready to text")
    expect(mia.app.locator(".step--next")).to_contain_text("text your number")
    ada = people.shopper("Ada")
    ada.looks_at("Harbor Tea")
    order = _buys(store, HARBOR, "Smoked oolong", "Ada")
    _ships(store, order)
    expect(ada.got.last).to_contain_text(order, timeout=15_000)

    mia.goes_to("Inbox")
    expect(mia.heading).to_have_text("Inbox")
    mia.inside.evaluate("window.sameDocument = true")
    ada.texts("Lovely, thank you")
    row = mia.app.locator("#inbox-list .conv").first
    expect(row).to_contain_text("Lovely, thank you", timeout=ON_SCREEN)
    mia.opens_the_conversation_with("Ada")
    mia.box.fill("A draft that I am still thinking ab")
    ada.texts("Is it the tin or the bag?")
    expect(mia.texts.last).to_have_text("Is it the tin or the bag?", timeout=ON_SCREEN)
    expect(mia.box).to_have_value("A draft that I am still thinking ab")
    expect(mia.app.locator("#thread-about")).to_contain_text(order)
    mia.box.fill("The tin, 100 g.")
    mia.box.press("Control+Enter")
    expect(ada.got.last).to_have_text("The tin, 100 g.", timeout=10_000)
    expect(mia.box).to_have_value("")

    ada.texts("STOP")
    blocked = mia.app.locator("#reply-blocked")
    expect(blocked).to_contain_text("They texted STOP", timeout=10_000)
    expect(blocked).to_contain_text("START")
    expect(mia.box).to_be_hidden()
    ada.texts("START")
    expect(mia.box).to_be_visible(timeout=10_000)
    expect(blocked).to_be_empty()
    mia.box.fill("Welcome back.")
    mia.box.press("Control+Enter")
    expect(ada.got.last).to_have_text("Welcome back.", timeout=10_000)
    assert mia.inside.evaluate("window.sameDocument")
    mia.goes_to("Parley")
    expect(mia.heading).to_have_text("Harbor Tea")
    expect(mia.app.locator(".step--next")).to_have_count(0)


def test_two_colleagues_share_a_conversation_and_answer_it_once(people: Browsers) -> None:
    ben = people.shopper("Ben")
    ben.looks_at("Maple & Rye")
    ben.texts("Do you sell gift boxes?")
    mia, jonas = people.merchant(MAPLE), people.merchant(MAPLE, "jonas")
    for each, name in ((mia, "Mia"), (jonas, "Jonas")):
        each.opens("/settings/team")
        mine = each.app.get_by_role("listitem").filter(has=each.app.get_by_text("You", exact=True))
        mine.get_by_label("Name in the inbox").fill(name)
        mine.get_by_role("button", name="Save the name of").click()
        expect(each.page.locator("[data-toasts]")).to_contain_text("Name saved")
    for each in (mia, jonas):
        each.opens("/inbox?view=all")
        each.opens_the_conversation_with("555-0102")

    mia.app.get_by_label("Assigned to").select_option(label="Jonas")
    assigned = jonas.app.locator("#assign-to option:checked")
    expect(assigned).to_have_text("You", timeout=4_000)
    jonas.box.press_sequentially("Yes, three kinds.")
    expect(mia.app.locator("#thread-others")).to_contain_text("Jonas is writing a reply")
    mia.box.press_sequentially("We do!")
    jonas.app.get_by_role("button", name="Send", exact=True).dblclick()
    expect(mia.texts.last).to_have_text("Yes, three kinds.", timeout=4_000)
    mia.box.press("Control+Enter")
    expect(mia.app.locator("#reply-box")).to_contain_text("Jonas has just replied")
    expect(mia.box).to_have_value("We do!")
    expect(ben.got.last).to_have_text("Yes, three kinds.", timeout=10_000)
    expect(ben.got.filter(has_text="Yes, three kinds.")).to_have_count(1)
    mia.app.get_by_role("button", name="Send mine too").dblclick()
    expect(ben.got.last).to_have_text("We do!", timeout=10_000)
    ben.page.wait_for_timeout(1_500)  # a second one would have come meanwhile
    expect(ben.got.filter(has_text="We do!")).to_have_count(1)
    expect(jonas.texts.filter(has_text="We do!")).to_have_count(1)


def test_a_token_that_ends_mid_work_costs_nothing(people: Browsers) -> None:
    people.forgiven = (r"status of 401",)  # Chromium notes each in its console
    dev = people.shopper("Dev")
    dev.looks_at("Maple & Rye")
    dev.texts("Is the bread sliced?")
    mia = people.merchant(MAPLE)
    refused: list[str] = []

    def note(answer: Response) -> None:
        if answer.status == 401:
            assert "x-shopify-retry-invalid-session-request" in answer.headers
            refused.append(f"{answer.request.method} {answer.url.removeprefix(people.stack.app)}")

    mia.page.on("response", note)
    mia.opens("/settings")
    mia.next_token_is_expired()
    mia.app.get_by_role("link", name="Shipping texts").click()
    expect(mia.heading).to_have_text("Shipping texts")
    assert refused == ["GET /settings/shipping"]
    mia.next_token_is_expired()
    switch = mia.app.get_by_role("switch", name="Delayed")
    was_on = switch.is_checked()
    switch.press("Space")
    expect(switch).to_be_checked(checked=not was_on)
    expect(mia.page.locator("[data-toasts]")).to_contain_text("Delayed")
    assert refused[1:] == ["POST /settings/shipping"]
    switch.press("Space")
    expect(switch).to_be_checked(checked=was_on)

    mia.opens("/inbox?view=all")
    mia.opens_the_conversation_with("555-0104")
    mia.box.fill("It is not.")
    mia.next_token_is_expired()
    mia.box.press("Control+Enter")
    expect(dev.got.last).to_have_text("It is not.", timeout=10_000)
    dev.texts("Good.")
    expect(mia.texts.last).to_have_text("Good.", timeout=4_000)
    expect(dev.got.filter(has_text="It is not.")).to_have_count(1)
    assert len(refused) > 2


def test_every_page_is_reloaded_and_the_way_back_is_the_way_one_came(people: Browsers) -> None:
    dev = people.shopper("Dev")
    dev.looks_at("Maple & Rye")
    dev.texts("Hello?")
    mia = people.merchant(MAPLE)
    for path in PAGES:
        mia.opens(path)
        title = mia.heading.inner_text()
        mia.page.reload()
        expect(mia.heading).to_have_text(title, timeout=15_000)
        # Within the frame no token comes along: the page asks for one and comes back.
        mia.inside.evaluate("location.reload()")
        expect(mia.page).to_have_url(re.compile(re.escape(f"/apps/parley{path}") + "$"))
        expect(mia.heading).to_have_text(title, timeout=15_000)

    mia.opens()
    mia.goes_to("Inbox")
    mia.opens_the_conversation_with("555-0104")
    thread = mia.page.url
    mia.page.reload()
    expect(mia.app.locator("#thread-head")).to_contain_text("555-0104", timeout=15_000)
    mia.goes_to("Contacts")
    expect(mia.heading).to_have_text("Contacts")
    mia.goes_to("Settings")
    expect(mia.heading).to_have_text("Settings")
    mia.page.go_back()
    expect(mia.heading).to_have_text("Contacts")
    mia.page.go_back()
    expect(mia.app.locator("#thread-head")).to_contain_text("555-0104")
    expect(mia.page).to_have_url(thread)
    mia.page.go_back()
    expect(mia.page).to_have_url(re.compile("/apps/parley/inbox$"))
    expect(mia.heading).to_have_text("Inbox")
    mia.page.go_back()
    expect(mia.heading).to_have_text("Maple & Rye")
    mia.page.go_forward()
    expect(mia.heading).to_have_text("Inbox")


def test_hostile_texts_are_only_letters(people: Browsers) -> None:
    dev = people.shopper("Dev")
    dev.looks_at("Maple & Rye")
    dev.texts("Hello")
    mia = people.merchant(MAPLE)
    mia.opens("/inbox?view=all")
    mia.opens_the_conversation_with("555-0104")
    for text in HOSTILE:
        dev.texts(text)
        expect(mia.texts.last).to_have_text(text, timeout=10_000, use_inner_text=False)
    before = mia.texts.all_text_contents()
    assert before[-len(HOSTILE) :] == list(HOSTILE)
    mia.page.reload()
    expect(mia.texts.last).to_have_text(HOSTILE[-1], timeout=15_000)
    assert mia.texts.all_text_contents() == before
    planted = "#thread :is(b, h1, script, iframe), #thread .text__bubble :is(img, svg)"
    assert mia.app.locator(planted).count() == 0
    contact = mia.app.locator(".thread__name").get_attribute("href")
    for path in ("", "/inbox", "/contacts", contact or ""):
        mia.opens(path)
        assert overflow(mia.inside) <= 0, path


@pytest.mark.parametrize("width", [1280, 375, 320])
def test_every_page_fits_its_screen_and_can_be_used_by_everybody(
    people: Browsers, width: int
) -> None:
    ben = people.shopper("Ben")
    ben.looks_at("Maple & Rye")
    ben.texts("W" * 300)
    mia = people.merchant(MAPLE, width=width)
    mia.opens("/inbox?view=all")
    mia.app.locator("#inbox-list .conv__link").first.click()
    contact = mia.app.locator(".thread__name").get_attribute("href", timeout=10_000)
    thread = mia.page.url.partition("/apps/parley")[2]
    for path in (*PAGES, thread, contact or ""):
        mia.opens(path)
        assert overflow(mia.inside) <= 0, path
        assert overflow(mia.page.main_frame) <= 0, path
        assert not serious_findings(mia.inside), path
