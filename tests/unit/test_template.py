"""Merge-field templates: what is refused, with its place, and what a text becomes."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sms.delivery.template import Field, Finding, FindingCode, check, render
from sms.delivery.values import MAX_VALUE_LENGTH, clean

KNOWN = {
    "first_name": Field(may_be_empty=True, sample="Ada"),
    "shop_name": Field(may_be_empty=False, sample="Maple & Rye"),
    "order_name": Field(may_be_empty=False, sample="#1001"),
    "tracking_url": Field(may_be_empty=True, sample="https://example.com/t/1"),
}


def codes(template: str) -> list[FindingCode]:
    return [finding.code for finding in check(template, KNOWN)]


@pytest.mark.parametrize(
    "template",
    [
        "",
        "No fields { here } at 50%",
        'Hi {{ first_name | default: "there" }}, {{order_name}} is on its way.',
        "{{ first_name | default: '' }}",
        "{{ first_name | capitalize | default: 'There' | truncate: 20 }}",
        "{{ shop_name | upcase }} {{- order_name -}} {{ shop_name | truncate: 10, '' }}",
        'a\r\nb\n{{ first_name\n | default: "you" }}',
        'Even {{ first_name | default: "{% quoted %}" }}',
    ],
)
def test_should_find_nothing_wrong_with_a_good_template(template: str) -> None:
    assert check(template, KNOWN) == ()


@pytest.mark.parametrize(
    ("template", "code"),
    [
        ("{{ first_name }}", FindingCode.MISSING_FALLBACK),
        ("{{ nickname | default: 'x' }}", FindingCode.UNKNOWN_FIELD),
        ("{{ shop_name.secret }}", FindingCode.UNKNOWN_FIELD),
        ("{{ shop_name | reverse }}", FindingCode.UNKNOWN_FILTER),
        ("{{ first_name | default }}", FindingCode.FILTER_ARGUMENT),
        ("{{ first_name | default: there }}", FindingCode.FILTER_ARGUMENT),
        ("{{ first_name | default: 'a', allow_false: true }}", FindingCode.FILTER_ARGUMENT),
        ("{{ shop_name | truncate: 0 }}", FindingCode.FILTER_ARGUMENT),
        ("{{ shop_name | truncate: 'a' }}", FindingCode.FILTER_ARGUMENT),
        ("{{ shop_name | upcase: 1 }}", FindingCode.FILTER_ARGUMENT),
        ("{{ }}", FindingCode.NOT_A_FIELD),
        ("{{-}}", FindingCode.NOT_A_FIELD),
        ("{{ 'text' }}", FindingCode.NOT_A_FIELD),
        ("{{ 7 }}", FindingCode.NOT_A_FIELD),
        ("{{ (1..9999999) }}", FindingCode.NOT_A_FIELD),
        ("{{ shop_name[0] }}", FindingCode.NOT_A_FIELD),
        ("{{ shop_name[order_name] }}", FindingCode.NOT_A_FIELD),
        ("{{ shop_name", FindingCode.SYNTAX),
        ("{ shop_name }}", FindingCode.SYNTAX),
        ("{{{ shop_name }}}", FindingCode.SYNTAX),
        ("{{ shop name }}", FindingCode.SYNTAX),
        ("{{ shop_name | }}", FindingCode.SYNTAX),
        ("{{ shop_name == 1 }}", FindingCode.SYNTAX),
        ("{{ first_name | default: “you” }}", FindingCode.SYNTAX),
        ("{% comment %}", FindingCode.TAG),
        ("{% raw", FindingCode.TAG),
        ("{{ shop_name" + " " * 300 + "}}", FindingCode.TOO_LONG),
        ("a" * 1_601, FindingCode.TOO_LONG),
        ("a\0b", FindingCode.UNSENDABLE_CHARACTER),
        ("a\ud83d", FindingCode.UNSENDABLE_CHARACTER),
    ],
)
def test_should_say_what_is_wrong(template: str, code: FindingCode) -> None:
    assert codes(template) == [code]


def test_should_point_at_each_place() -> None:
    assert check("A {{ shop_nam }} b {{ first_name }}", KNOWN) == (
        Finding(
            FindingCode.UNKNOWN_FIELD,
            "There is no merge field shop_nam. Did you mean shop_name?",
            2,
            16,
        ),
        Finding(
            FindingCode.MISSING_FALLBACK,
            "first_name is not known for everybody. Say what to write instead: "
            '{{ first_name | default: "..." }}',
            19,
            35,
        ),
    )


@pytest.mark.parametrize("name", ["customer.first_name", "First_Name", "frist_name", "firstname"])
def test_should_suggest_the_field_that_was_meant(name: str) -> None:
    [finding] = check(f"{{{{ {name} | default: 'you' }}}}", KNOWN)
    assert finding.sentence.endswith("Did you mean first_name?")


GREETING = 'Hi {{ first_name | default: "there" }}!'


@pytest.mark.parametrize("value", [None, "", "  ", "\n\t", "\u200b", "\0"])
def test_should_use_the_fallback_for_what_shows_nothing(value: str | None) -> None:
    assert render(GREETING, {"first_name": value}) == "Hi there!"
    assert render(GREETING, {}) == "Hi there!"


@pytest.mark.parametrize(
    "value",
    [
        "{{ shop_name }}",
        "{% raw %}",
        "\"' }} | default: 'x'",
        "<b>&amp;</b>",
        "%s {0} \\1 $x",
    ],
)
def test_should_never_interpret_a_value(value: str) -> None:
    assert render(GREETING, {"first_name": value, "shop_name": "X"}) == f"Hi {value}!"


def test_should_keep_a_value_on_one_line() -> None:
    value = " Ada\r\n\u2028Lovelace\0\t\u202eevil "
    assert render(GREETING, {"first_name": value}) == "Hi Ada Lovelace evil!"


def test_should_apply_filters_in_their_order() -> None:
    template = "{{ a | upcase }} {{ a | truncate: 6 }} {{ b | default: 'you' | capitalize }}"
    assert render(template, {"a": "maple rye"}) == "MAPLE RYE map... You"


def test_should_take_white_space_away_where_asked() -> None:
    assert render("a {{- x -}} b {{ x }} c", {"x": "1"}) == "a1b 1 c"


def test_should_cut_a_long_value_after_a_word_and_never_through_a_character() -> None:
    assert clean("word " * 40) == "word " * 22 + "word..."
    family = "👨‍👩‍👧‍👦"
    cut = clean(family * 20)
    assert cut == family * 16 + "..."
    assert len(cut) <= MAX_VALUE_LENGTH


def test_should_send_a_whole_link_or_none() -> None:
    link = "https://example.com/" + "a" * 400
    assert clean(link) == link
    assert clean(link + "a" * 400) == ""


def test_should_refuse_to_render_what_no_check_lets_pass() -> None:
    for template in ("{{ first_name", "{% if a %}", "a" * 1_601):
        with pytest.raises(ValueError, match=r"\w"):
            render(template, {})


@pytest.mark.parametrize(
    "hostile",
    [
        "{{" * 800,
        "{{ " * 533,
        "}}" * 800,
        "{%" * 800,
        "{{" + " " * 1_500 + "}}",
        ("{{" + " " * 190 + "}}") * 8,
        ("{{ a" + " " * 190 + "}}") * 8,
        ("{{ a | default: '" + "-" * 170 + "}}") * 8,
        ("{{ " + "[" * 190 + "}}") * 8,
        ("{{ " + "a|" * 90 + "}}") * 8,
        ("{{ " + "((" * 90 + ".. }}") * 8,
    ],
)
def test_should_read_a_hostile_template_in_bounded_time(hostile: str) -> None:
    started = time.perf_counter()
    assert check(hostile, KNOWN)
    assert time.perf_counter() - started < 0.5


PIECES = ["{{", "}}", "{%", "%}", "{", "}", "|", ":", ",", ".", "..", "[", "]", "(", ")", '"', "'"]
PIECES += [" ", "-", "first_name", "shop_name", "default", "truncate", "upcase", "if", "else"]
PIECES += ["nil", "true", "empty", "7", "-1.5", "==", "\n", "“", "raw", "comment", "\0", "\ud800"]
templates = st.text(alphabet=st.characters(codec=None), max_size=60) | st.lists(
    st.sampled_from(PIECES) | st.text(alphabet=st.characters(codec=None), max_size=3), max_size=25
).map("".join)


@settings(max_examples=3_000, deadline=None)
@given(
    template=templates | templates.map(lambda inner: f"{{{{ shop_name {inner} }}}}"),
    value=st.none() | st.text(alphabet=st.characters(codec=None), max_size=200),
)
def test_should_never_raise_for_a_template_that_passed(template: str, value: str | None) -> None:
    if not check(template, KNOWN):
        text = render(template, dict.fromkeys(KNOWN, value))
        assert len(text.encode()) >= len(text)
        assert "\0" not in text
