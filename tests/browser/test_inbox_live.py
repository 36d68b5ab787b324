"""The inbox on real screens: what arrives, what stays, and who else is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from models import StaffMember
from tests.browser.chromium import launch
from tests.browser.inboxes import Desk, serving
from tests.factories import ADA, BEN

pytestmark = pytest.mark.browser

MIRA, JONAS = "71000001", "71000002"


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


def _name(desk: Desk, staff_id: str, name: str) -> None:
    with desk.inbox.database.shop_session(desk.inbox.shop.id) as session:
        session.query(StaffMember).filter_by(staff_id=staff_id).one().name = name


def _texts(page: Page) -> list[str]:
    return page.locator("#thread-texts .text__bubble").all_inner_texts()


def test_a_text_arrives_within_two_seconds_and_the_draft_stays_as_it_was(desk: Desk) -> None:
    conversation = desk.inbox.writes("Hello", name=("Ada", "Byron"))
    page = desk.opens(f"/inbox/{conversation}")
    page.evaluate("window.sameDocument = true")
    page.fill("#reply-body", "A draft that I am still thinking ab")
    page.locator("#reply-body").evaluate("box => box.setSelectionRange(2, 7)")
    desk.inbox.writes("Are you there?")
    desk.inbox.writes("I am Ben", phone=BEN, name=("Ben", "Okafor"))
    expect(page.locator("#thread-texts")).to_contain_text("Are you there?", timeout=2000)
    expect(page.locator("#inbox-list .conv").first).to_contain_text("I am Ben", timeout=2000)
    expect(page.locator("#reply-body")).to_have_value("A draft that I am still thinking ab")
    expect(page.locator("#reply-body")).to_be_focused()
    selection = "box => [box.selectionStart, box.selectionEnd]"
    assert page.locator("#reply-body").evaluate(selection) == [2, 7]
    assert page.evaluate("window.sameDocument")
    # Seen by somebody, so read; the other one is not.
    expect(page.locator(".conv--unread")).to_have_count(1, timeout=4000)


def test_an_answer_is_sent_by_keyboard_once_however_often_it_is_clicked(desk: Desk) -> None:
    conversation = desk.inbox.writes("Hello")
    page = desk.opens(f"/inbox/{conversation}")
    page.fill("#reply-body", "It is on its way.")
    page.evaluate("for (let i = 0; i < 5; i += 1) document.querySelector('[data-send]').click()")
    expect(page.locator("#thread-texts")).to_contain_text("It is on its way.")
    expect(page.locator("#reply-body")).to_have_value("")
    page.fill("#reply-body", "Anything else?")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#thread-texts")).to_contain_text("Anything else?")
    assert [text.body for text in desk.inbox.sent()] == ["It is on its way.", "Anything else?"]
    expect(page.locator(".text__by").first).to_have_text("You")


def test_two_people_see_each_other_and_nobody_answers_twice(desk: Desk) -> None:
    conversation = desk.inbox.writes("Hello")
    mira = desk.opens(f"/inbox/{conversation}", staff=MIRA)
    jonas = desk.opens(f"/inbox/{conversation}", staff=JONAS)
    _name(desk, JONAS, "Jonas")
    jonas.locator("#reply-body").press_sequentially("I have it")
    expect(mira.locator("#thread-others")).to_contain_text("Jonas is writing a reply")
    mira.locator("#reply-body").press_sequentially("So do I")
    jonas.keyboard.press("Control+Enter")
    expect(mira.locator("#thread-texts")).to_contain_text("I have it")
    mira.keyboard.press("Control+Enter")
    expect(mira.locator("#reply-box")).to_contain_text("Jonas has just replied")
    expect(mira.locator("#reply-body")).to_have_value("So do I")
    assert len(desk.inbox.sent()) == 1
    mira.get_by_role("button", name="Send mine too").click()
    expect(mira.locator("#thread-texts")).to_contain_text("So do I")
    assert len(desk.inbox.sent()) == 2


def test_who_takes_a_conversation_second_is_told_who_has_it(desk: Desk) -> None:
    conversation = desk.inbox.writes("Hello")
    mira = desk.opens(f"/inbox/{conversation}", staff=MIRA)
    jonas = desk.opens(f"/inbox/{conversation}", staff=JONAS)
    _name(desk, JONAS, "Jonas")
    mira.route("**/inbox/changes*", lambda route: route.abort())
    mira.reload()
    jonas.reload()
    jonas.select_option("#assign-to", label="You")
    expect(jonas.locator(".conv__flags")).to_contain_text("You")
    mira.select_option("#assign-to", label="You")
    expect(mira.locator("#toast")).to_contain_text("Jonas has just taken this conversation")


def test_stop_takes_the_box_away_says_why_and_start_gives_the_draft_back(desk: Desk) -> None:
    conversation = desk.inbox.writes("Hello")
    page = desk.opens(f"/inbox/{conversation}")
    page.fill("#reply-body", "By the way")
    desk.inbox.writes("STOP")
    expect(page.locator("#reply-blocked")).to_contain_text("They texted STOP")
    expect(page.locator("#reply-blocked")).to_contain_text("START")
    expect(page.locator("#reply-body")).to_be_hidden()
    desk.inbox.writes("START")
    expect(page.locator("#reply-body")).to_be_visible()
    expect(page.locator("#reply-body")).to_have_value("By the way")


def test_a_refused_reply_stays_in_the_box_with_the_reason(desk: Desk) -> None:
    conversation = desk.inbox.writes("Hello")
    page = desk.opens(f"/inbox/{conversation}")
    page.fill("#reply-body", "x" * 1601)
    expect(page.locator("#reply-count")).to_contain_text("1,601 of 1,600")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("This is 1,601 characters")
    expect(page.locator("#reply-body")).to_have_value("x" * 1601)
    page.fill("#reply-body", "   ")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("Write something first")


def test_a_lost_connection_is_said_and_mended_and_loses_no_text(desk: Desk) -> None:
    conversation = desk.inbox.writes("Hello")
    page = desk.opens(f"/inbox/{conversation}")
    page.fill("#reply-body", "Written offline")
    page.context.set_offline(True)
    expect(page.locator("#inbox-lost")).to_contain_text("Reconnecting", timeout=8000)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("will not leave twice")
    expect(page.locator("#reply-body")).to_have_value("Written offline")
    desk.inbox.writes("Meanwhile")
    page.context.set_offline(False)
    expect(page.locator("#thread-texts")).to_contain_text("Meanwhile", timeout=5000)
    expect(page.locator("#inbox-lost")).to_be_empty()
    page.locator("#reply-body").press("Control+Enter")
    expect(page.locator("#thread-texts")).to_contain_text("Written offline")
    assert len(desk.inbox.sent()) == 1


def test_drafts_stay_with_their_conversation_through_visits_and_reloads(desk: Desk) -> None:
    one = desk.inbox.writes("Hello", phone=ADA, name=("Ada", None))
    two = desk.inbox.writes("Hello", phone=BEN, name=("Ben", None))
    page = desk.opens(f"/inbox/{one}")
    page.fill("#reply-body", "For Ada")
    page.locator(f"[data-open='{two}']").click()
    expect(page).to_have_url(re.compile(str(two)))
    expect(page.locator("#reply-body")).to_have_value("")
    page.go_back()
    expect(page).to_have_url(re.compile(str(one)))
    expect(page.locator("#reply-body")).to_have_value("For Ada")
    page.reload()
    expect(page.locator("#reply-body")).to_have_value("For Ada")


def test_closed_it_leaves_the_list_and_their_next_text_brings_it_back(desk: Desk) -> None:
    conversation = desk.inbox.writes("Hello")
    page = desk.opens(f"/inbox/{conversation}")
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    expect(page.locator("#inbox-list")).to_contain_text("No open conversations")
    desk.inbox.writes("One more thing")
    expect(page.locator("#inbox-list .conv")).to_contain_text("One more thing")
    expect(page.get_by_role("button", name="Close", exact=True)).to_be_visible()


def test_earlier_texts_come_above_and_stay_when_new_ones_arrive(desk: Desk) -> None:
    conversation = desk.inbox.writes("Text 0.")
    for number in range(1, 60):
        desk.inbox.writes(f"Text {number}.")
    page = desk.opens(f"/inbox/{conversation}")
    assert len(_texts(page)) == 50
    page.get_by_role("button", name="Show earlier texts").click()
    expect(page.locator("#thread-texts .text")).to_have_count(60)
    desk.inbox.writes("Text 60.")
    expect(page.locator("#thread-texts .text")).to_have_count(61)
    assert _texts(page) == [f"Text {number}." for number in range(61)]
