"""Phone numbers as people and stores write them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sms.numbers import PhoneNumber, Unusable, UnusableCode, mask, region_of, to_e164


@pytest.mark.parametrize(
    ("raw", "region", "e164", "country"),
    [
        ("+1 (415) 555-0101", None, "+14155550101", "US"),
        ("415.555.0101", "US", "+14155550101", "US"),
        ("14155550101", "us", "+14155550101", "US"),
        ("(514) 555-0103", "US", "+15145550103", "CA"),
        ("876-555-0101", "US", "+18765550101", "JM"),
        ("07911 123456", "GB", "+447911123456", "GB"),
        ("06 12 34 56 78", "FR", "+33612345678", "FR"),
        ("0044 7400 123456", "FR", "+447400123456", "GB"),
        ("tel:+1-415-555-0101;ext=5", None, "+14155550101", "US"),
        ("415-555-0101 x23", "US", "+14155550101", "US"),
        ("\u200e+1 415\u00a0555\u20110101\u202c", None, "+14155550101", "US"),
        ("４１５５５５０１０１", "US", "+14155550101", "US"),
        ("415-555-SHIP", "US", "+14155557447", "US"),
    ],
)
def test_should_read_a_number_whatever_its_dress(
    raw: str, region: str | None, e164: str, country: str
) -> None:
    number = to_e164(raw, region=region)
    assert isinstance(number, PhoneNumber)
    assert (number.e164, number.region) == (e164, country)
    assert region_of(number.e164) == country


@pytest.mark.parametrize(
    ("raw", "region", "code"),
    [
        (None, "US", UnusableCode.MISSING),
        ("  ", "US", UnusableCode.MISSING),
        (14155550101, "US", UnusableCode.NOT_TEXT),
        ({"phone": "+14155550101"}, "US", UnusableCode.NOT_TEXT),
        (b"+14155550101", "US", UnusableCode.NOT_TEXT),
        ("call me", "US", UnusableCode.NOT_A_NUMBER),
        ("\ud800", "US", UnusableCode.NOT_A_NUMBER),
        ("4155550101", None, UnusableCode.COUNTRY_UNKNOWN),
        ("4155550101", "ZZ", UnusableCode.COUNTRY_UNKNOWN),
        ("+999 555 0101", "US", UnusableCode.COUNTRY_UNKNOWN),
        ("911", "US", UnusableCode.TOO_SHORT),
        ("+1 415 555 01012", None, UnusableCode.TOO_LONG),
        ("4" * 101, "US", UnusableCode.TOO_LONG),
        ("555-555-SHIP", "US", UnusableCode.NOT_IN_USE),
        ("1-900-555-1234", "US", UnusableCode.PREMIUM),
        ("1-800-FLOWERS", "US", UnusableCode.TOLL_FREE),
        ("+1 888 555 0140", None, UnusableCode.TOLL_FREE),
        ("500-222-3333", "US", UnusableCode.PERSONAL),
        ("+44 7640 123456", None, UnusableCode.SERVICE),
    ],
)
def test_should_say_why_a_number_cannot_be_texted(
    raw: object, region: str | None, code: UnusableCode
) -> None:
    answer = to_e164(raw, region=region)
    assert answer == Unusable(code)
    assert isinstance(answer, Unusable)
    assert answer.sentence.endswith(".")


def test_should_have_a_sentence_for_every_code() -> None:
    assert all(Unusable(code).sentence for code in UnusableCode)


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("+14155550100", "+1415•••0100"),
        ("+447911123456", "+4479•••3456"),
        ("+4512345678", "+451•••5678"),
        ("+29012345", "+2•••2345"),
        ("+2901234", "•••"),
        ("", "•••"),
        (None, "•••"),
    ],
)
def test_should_mask_the_middle_of_a_number(phone: str | None, masked: str) -> None:
    assert mask(phone) == masked


def test_should_not_know_the_region_of_what_is_no_number() -> None:
    assert region_of("") is None
    assert region_of("4155550101") is None
    assert region_of("+15555557447") is None


@settings(max_examples=2_000, deadline=None)
@given(
    raw=st.text(alphabet=st.characters(codec=None), max_size=120)
    | st.text(alphabet="+0123456789 ()-.;ext=/xX#*AZaz\u0660\uff11\u00a0", max_size=40),
    region=st.none() | st.sampled_from(["US", "gb", "FR", "", "ZZ", "\ud800"]),
)
def test_should_never_stumble_and_never_keep_what_does_not_read_back(
    raw: str, region: str | None
) -> None:
    answer = to_e164(raw, region=region)
    if isinstance(answer, PhoneNumber):
        assert to_e164(answer.e164, region=None) == answer
        assert region_of(answer.e164) == answer.region
        assert answer.e164[1:].isascii()
        assert answer.e164[1:].isdigit()
