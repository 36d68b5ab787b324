"""The table of carrier errors: complete, consistent, and readable by a merchant."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms.carriers.errors import BY_CODE, Action, explain

# Every code that the platform facts list, by what is to be done (facts of 2026-11).
EXPECTED = {
    Action.RETRY: [20429, 429, 30001, 30017, 30022, 30047, 60728, 63017],
    Action.UNKNOWN: [20500, 20503, 500, 502, 503, 504, 599],
    Action.PERMANENT: [
        *(20404, 21408, 21602, 21604, 21617, 21620, 21623, 21609, 21608),
        *(30003, 30004, 30007, 30008, 30010, 30011, 30019, 30410, 30450),
        *(63016, 63024, 63032, 11200, 11205, 12300),
    ],
    Action.INVALID_NUMBER: [21211, 30005],
    Action.LANDLINE: [21612, 21614, 21635, 30006],
    Action.OPTED_OUT: [21610],
    Action.SENDER_TROUBLE: [21212, 21606, 21603, 21703, 21705, 21611, 30032, 30034, 30035],
    Action.PAUSE_SHOP: [20003, 401, 30002],
    Action.HOLD_UNTIL_TOMORROW: [30023, 30027],
}


@pytest.mark.parametrize(
    ("action", "code"), [(action, code) for action, codes in EXPECTED.items() for code in codes]
)
def test_should_know_what_to_do_for_each_code(action: Action, code: int) -> None:
    assert explain(code).action is action


def test_should_hold_no_code_that_is_not_expected_and_each_once() -> None:
    expected = {code for codes in EXPECTED.values() for code in codes if code > 1_000}
    assert set(BY_CODE) == expected
    assert all(error.code == code for code, error in BY_CODE.items())


@pytest.mark.parametrize("code", sorted(BY_CODE))
def test_should_speak_to_a_merchant_in_sentences(code: int) -> None:
    sentence = explain(code).sentence
    assert re.fullmatch(r"[A-Z].{20,}\.", sentence)
    assert not re.search(r"\b(API|DLR|HTTP|null|None|exception|MPS)\b|[{}]", sentence)


def test_should_repeat_only_what_may_be_repeated() -> None:
    once = {code for code, error in BY_CODE.items() if error.retry_once}
    assert once == {
        *(30001, 30003, 30008, 30017, 30022, 30023, 30027, 30035, 30047, 30410),
    }
    # R11.3, and "may be temporary": half an hour at least, transactional only, three and it ends.
    unreachable = explain(30003)
    assert unreachable.retry_after.total_seconds() >= 1_800
    assert unreachable.transactional_only
    assert unreachable.suspend_after == 3


def test_should_never_repeat_to_somebody_who_opted_out_or_is_not_there() -> None:
    final = {Action.OPTED_OUT, Action.INVALID_NUMBER, Action.LANDLINE, Action.PAUSE_SHOP}
    assert not [e.code for e in BY_CODE.values() if e.action in final and e.retry_once]


@pytest.mark.parametrize("code", [99999, 21999, 400, 403])
def test_should_take_an_unknown_code_as_final_and_name_it(code: int) -> None:
    error = explain(code)
    assert error.action is Action.PERMANENT
    assert str(code) in error.sentence
    assert not error.retry_once


def test_should_say_so_when_the_carrier_gave_no_code() -> None:
    assert explain(0).sentence == "The carrier refused it and gave no reason."


@given(code=st.integers())
def test_should_explain_any_number(code: int) -> None:
    assert explain(code).sentence
