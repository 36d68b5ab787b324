"""The inbox as a page: found by keyboard, narrow, accessible, and unharmed by what people text."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from sms.delivery.segments import count
from tests.browser.chromium import launch
from tests.browser.inboxes import Desk, serving
from tests.factories import ADA, BEN

pytestmark = pytest.mark.browser

AXE = Path("node_modules/axe-core/axe.min.js")
HOSTILE = (
    "<script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "{{ 7 * 7 }} {% raw %}",
    "\u202eright to left\u202c \u200b\u200f zero",
    "שלום <b>bold</b>",
    "a" * 1600,
    "</li></ol></template><h1>out</h1>",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = launch(playwright)
        yield opened
        opened.close()


@pytest.fixture
def desk(browser: Browser, empty_database: str, empty_queue: str, now: datetime) -> Iterator[Desk]:
    with serving(browser, empty_database, empty_queue, now=now) as desk:
        yield desk
        assert desk.problems == []


def _findings(page: Page) -> list[str]:
    # By evaluate, which the page's policy does not touch: it allows no script of ours but its own.
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run({ resultTypes: ['violations'] })")
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:200]}"
        for each in found["violations"]
        if each["impact"] in {"serious", "critical"}
    ]


def _overflow(page: Page) -> int:
    return int(
        page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    )


@pytest.mark.parametrize("width", [1280, 375, 320])
def test_nothing_serious_is_found_and_nothing_is_wider_than_the_screen(
    desk: Desk, width: int
) -> None:
    empty = desk.opens("/inbox", width=width)
    assert not _findings(empty)
    conversation = desk.inbox.writes("W" * 300, name=("M" * 80, "N" * 80))
    desk.inbox.writes("Ok", phone=BEN)
    desk.inbox.writes("STOP", phone=BEN)
    for path in ("/inbox?view=all", f"/inbox/{conversation}", "/inbox?q=zzzz"):
        page = desk.opens(path, width=width)
        expect(page.locator("#inbox-list")).to_be_attached()
        assert not _findings(page), path
        assert _overflow(page) <= 0, path


def test_hostile_texts_are_only_letters_on_arrival_and_on_load(desk: Desk) -> None:
    conversation = desk.inbox.writes("Hello", name=("<b>Ada</b>", "\u202eByron"))
    page = desk.opens(f"/inbox/{conversation}")
    for text in HOSTILE:
        desk.inbox.writes(text)
    for _ in ("live", "loaded"):
        expect(page.locator("#thread-texts .text")).to_have_count(len(HOSTILE) + 1)
        shown = page.locator("#thread-texts .text__bubble p").all_text_contents()
        assert shown == ["Hello", *HOSTILE]
        assert "owned" not in page.title()
        assert page.locator("#thread b, #inbox b, #thread script, #thread h1").count() == 0
        page.reload()


def test_the_list_is_walked_and_opened_by_keyboard(desk: Desk) -> None:
    desk.inbox.writes("First", phone=ADA, name=("Ada", None))
    desk.inbox.writes("Second", phone=BEN, name=("Ben", None))
    page = desk.opens("/inbox")
    page.keyboard.press("j")
    expect(page.locator(".conv__link").first).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#thread")).to_contain_text("First")
    expect(page.locator("#reply-body")).to_be_focused()
    expect(page.locator(".conv__link[aria-current]")).to_contain_text("First")


def test_on_a_phone_the_thread_takes_the_list_s_place_and_leads_back(desk: Desk) -> None:
    desk.inbox.writes("Hello", name=("Ada", None))
    page = desk.opens("/inbox", width=375, height=700)
    page.locator(".conv__link").click()
    expect(page.locator("#thread")).to_be_visible()
    expect(page.locator(".inbox__list")).to_be_hidden()
    page.get_by_role("button", name="Details").click()
    expect(page.locator("#thread-aside")).to_be_visible()
    page.get_by_role("link", name="Back to the list").click()
    expect(page.locator(".inbox__list")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/inbox$"))


def test_searching_keeps_the_focus_and_what_is_open(desk: Desk) -> None:
    conversation = desk.inbox.writes("Hello", phone=ADA, name=("Ada", None))
    desk.inbox.writes("Hello", phone=BEN, name=("Ben", None))
    page = desk.opens(f"/inbox/{conversation}")
    page.locator("#q").press_sequentially("2125550102")
    expect(page.locator("#inbox-list .conv")).to_have_count(1)
    expect(page.locator("#inbox-list")).to_contain_text("Ben")
    expect(page.locator("#q")).to_be_focused()
    expect(page.locator("#thread")).to_contain_text("Ada")


def test_the_count_beside_the_box_is_the_carriers(desk: Desk) -> None:
    dice = random.Random(7)
    alphabet = "abc XYZ09 éàü€^{}~\n¡ß‘“—é🙂👩🏽\u200d🚀🇨🇭한글ก็\u0301"
    texts = ["", *("x" * length for length in (160, 161, 306, 307, 1600)), "€" * 81, "🙂" * 35]
    texts += ["".join(dice.choices(alphabet, k=dice.randint(1, 320))) for _ in range(300)]
    texts += ["".join(dice.choices("aZ9 éà€^{}~@\n¡ß", k=dice.randint(1, 700))) for _ in range(200)]
    page = desk.opens("/inbox")
    counted = page.evaluate(
        """async (texts) => {
            const { count } = await import("/static/admin/inbox/segments.js");
            const told = (each) => each.isSure && [each.encoding, each.parts, each.units];
            return texts.map(count).map(told);
        }""",
        texts,
    )
    ours = [[each.encoding, each.parts, each.units] for each in map(count, texts)]
    sure = [(text, got, own) for text, got, own in zip(texts, counted, ours, strict=True) if got]
    assert len(sure) > 50
    assert all(got == own for _, got, own in sure)


def test_a_long_text_with_emoji_is_counted_by_the_server(desk: Desk) -> None:
    conversation = desk.inbox.writes("Hello")
    page = desk.opens(f"/inbox/{conversation}")
    text = "👩🏽\u200d🚀ก็é🇨🇭" * 19
    page.fill("#reply-body", text)
    size = count(text)
    expect(page.locator("#reply-count")).to_contain_text(f"{size.units}/")
    expect(page.locator("#reply-count")).to_contain_text(f"· {size.parts} texts")
