from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.enums import Milestone
from sms.delivery.segments import count
from sms.delivery.template import check
from sms.shipping.texts import (
    FIELDS,
    Packed,
    Parcel,
    compose,
    default_template,
    named_items,
    usable_link,
)

LINK = "https://www.ups.com/WebTracking?loc=en_US&requester=ST&trackNums=1Z5R89390357567127"
EVERY_DEFAULT = [
    default_template(milestone, is_part=is_part, has_link=has_link)
    for milestone, is_part, has_link in itertools.product(Milestone, (True, False), (True, False))
]


def parcel(items: tuple[Packed, ...] = (Packed("Mug", 2), Packed("Tea", 1))) -> Parcel:
    return Parcel(
        brand="Maple & Rye",
        first_name=None,
        order="#1001",
        items=items,
        is_part=True,
        company=None,
        tracking_number=None,
        tracking_url=LINK,
    )


@pytest.mark.parametrize("template", EVERY_DEFAULT)
def test_our_own_words_keep_the_rules_for_templates(template: str) -> None:
    # Ours are chosen to fit what is known, so a field needs no fallback there.
    codes = {finding.code for finding in check(template, FIELDS)}
    assert codes <= ({"missing_fallback"} if "tracking_url" in template else set())


@pytest.mark.parametrize("template", EVERY_DEFAULT)
def test_our_own_words_are_signed_and_prompt_no_reserved_word_but_stop(template: str) -> None:
    assert template.startswith("{{ brand }}: ")
    assert template.endswith("\nReply STOP to opt out.")
    words = template.removesuffix("Reply STOP to opt out.")
    assert "?" not in words
    reserved = {"STOP", "QUIT", "END", "REVOKE", "CANCEL", "UNSUBSCRIBE", "NO", "N", "YES"}
    assert not reserved & {word.strip(".,:").upper() for word in words.split()}


@pytest.mark.parametrize("milestone", Milestone)
def test_an_ordinary_text_is_plain_and_short(milestone: Milestone) -> None:
    size = count(compose(milestone, parcel(), template=None))
    assert size.encoding == "GSM-7"
    assert size.parts <= 2


@pytest.mark.parametrize(
    ("items", "named"),
    [
        ([], "your items"),
        ([Packed("Mug", 2), Packed("Tea", 1)], "2 x Mug, 1 x Tea"),
        ([Packed("Mug", 2), Packed("Mug", 1)], "3 x Mug"),
        ([Packed("Mug", 0), Packed("Tea", 1)], "1 x Tea"),
        ([Packed("Hand-thrown stoneware coffee mug", 1)], "1 x Hand-thrown stoneware..."),
        (
            [Packed(f"A rather long title {number}", 2) for number in range(9)],
            "2 x A rather long title 0, 2 x A rather long title 1 and 14 more",
        ),
    ],
)
def test_items_are_named_as_far_as_they_fit(items: list[Packed], named: str) -> None:
    assert named_items(items) == named


@given(
    st.lists(
        st.builds(Packed, st.text(min_size=1, max_size=200), st.integers(0, 10**6)), max_size=30
    )
)
def test_however_much_is_in_it_the_list_stays_short(items: list[Packed]) -> None:
    assert 0 < len(named_items(items)) <= 110


@pytest.mark.parametrize(
    ("candidates", "link"),
    [
        ([LINK], LINK),
        ([None, "", "javascript:alert(1)", LINK], LINK),
        (["http://track.example/1"], "http://track.example/1"),
        (["HTTPS://Track.Example/1"], "HTTPS://Track.Example/1"),
        (["https://bank.example@evil.example/"], None),
        (["https://localhost/track"], None),
        (["https:///track"], None),
        (["//track.example/1"], None),
        (["track.example/1"], None),
        (["ftp://track.example/1"], None),
        (["https://track.example/a b"], None),
        (["https://track.example/a\nb"], None),
        (["https://träck.example/1"], None),
        (["https://[::1"], None),
        (["https://track.example:99999/"], None),
        (["https://track.example/" + "1" * 500], None),
        ([], None),
    ],
)
def test_only_a_link_that_a_phone_can_open_is_used(
    candidates: list[str | None], link: str | None
) -> None:
    assert usable_link(candidates) == link


def test_a_hostile_title_is_only_text() -> None:
    text = compose(Milestone.SHIPPED, parcel((Packed("{{ brand }}\n\nSTOP", 1),)), template=None)
    assert "1 x {{ brand }} STOP." in text
