"""Whole-message words: which texts opt out, opt in or call for help, and which do not."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sms.inbox.normal import normalise
from sms.inbox.understanding import (
    Context,
    Intent,
    LastText,
    Understanding,
    is_opt_out_word,
    understand,
)
from sms.inbox.words import WORDS, When

AUTOMATED = Context(last_text=LastText.AUTOMATED)
AGENT = Context(last_text=LastText.AGENT)


def intent(text: str, context: Context = AUTOMATED) -> Intent:
    return understand(text, context=context).intent


R4_2 = """
stop|stopall|stop all|stop2end|unsubscribe|unsub|cancel|end|quit|revoke|optout|opt out|opt-out
remove|remove me|arret|arrêt|desabonner|alto|basta|parar|cancelar
"""
TWILIO = "STOP|STOPALL|UNSUBSCRIBE|CANCEL|END|QUIT|REVOKE|OPTOUT"


@pytest.mark.parametrize("word", [*R4_2.strip().replace("\n", "|").split("|"), *TWILIO.split("|")])
@pytest.mark.parametrize("context", [AUTOMATED, AGENT, Context()])
def test_should_opt_out_for_every_word_of_the_list_in_every_context(
    word: str, context: Context
) -> None:
    for dress in (word, word.upper(), f" {word.title()}.", f"“{word}”!!", f"{word}\n🛑🛑"):
        assert is_opt_out_word(dress, context), dress


@pytest.mark.parametrize(
    "text",
    [
        "STOP.",
        "stop!!",
        "Stop 🛑",
        '"STOP"',
        "«stop»",
        "`stop`",
        "'stop'",
        "*STOP*",
        "/stop",
        "(stop)",
        "S T O P",
        "s.t.o.p.",
        "S-T-O-P",
        "s\nt\no\np",
        "ＳＴＯＰ",
        "𝐒𝐓𝐎𝐏",
        "ⓢⓣⓞⓟ",
        "st\u200bop\ufeff",
        "\u202astop\u202c",
        "STOP\u00a0",
        "STOP STOP STOP",
        "stop, stop, stop!",
        "opt out opt out",
        "Stop. Unsubscribe. Quit!",
        "STOP PLEASE",
        "please stop",
        "Stop, thank you",
        "pls stop now please",
        "stop s'il vous plaît",
        "OPT–OUT",
        "Arre\u0302t",
        "Désabonner",
        "unsubscribe me",
        "stop\n\nSent from my iPhone",
        "stop -- Sent from my iPhone",
        "stop - sent from my iphone 15 pro",
        "Stop. Sent from my Samsung Galaxy smartphone.",
        "stop\r\n--\r\nAda Lovelace\r\nMaple Ltd",
        "Stop\n-Ada",
        "STOP\nGet Outlook for iOS",
        "ARRET\nEnvoyé de mon iPhone",
        "STOP\n\nOn Mon, Nov 23, 2026 at 9:14 AM Maple & Rye wrote:\n> 20% off everything",
        "> 20% off! Reply STOP to opt out\nstop",
        "> stop",
    ],
)
def test_should_see_the_opt_out_in_any_dress(text: str) -> None:
    assert intent(text) is Intent.STOP
    assert intent(text, AGENT) is Intent.STOP


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "\u200b",
        "🛑",
        "cancel my order",
        "cancel please",
        "please cancel",
        "don't stop",
        "dont stop",
        "never stop",
        "stop by the shop",
        "the end",
        "when does it end",
        "remove the last item",
        "no thanks",
        "no, the blue one",
        "nope",
        "nah",
        "non-stop",
        "stopped",
        "full stop",
        'Liked "Reply STOP to opt out"',
        "Liked “STOP”",
        "> Reply STOP to opt out",
        "help me",
        "yes please",
        "restart",
        "starting when",
        "stop " * 500 + "it",
        "stop, it arrived broken",
        "please",
        "thanks",
        "--",
        "Sent from my iPhone",
        "\ud800",
    ],
)
def test_should_leave_everything_else_for_those_who_read(text: str) -> None:
    everything = Context(LastText.AUTOMATED, opted_out=True, double_opt_in_pending=True)
    assert understand(text, context=everything) == Understanding(Intent.NONE, 0.0, "nothing")


@pytest.mark.parametrize("text", ["n", "N", "No", "NO.", "no!!", "“No”", "no no no", "N n"])
def test_should_take_no_as_an_opt_out_unless_a_person_asked(text: str) -> None:
    assert intent(text, AUTOMATED) is Intent.STOP
    assert intent(text, Context(LastText.NONE)) is Intent.STOP
    assert intent(text, AGENT) is Intent.NONE


@pytest.mark.parametrize("text", ["yes", "Y", "YES!", "y.", "Yes 👍"])
def test_should_take_yes_as_an_opt_in_only_where_it_was_asked_for(text: str) -> None:
    assert intent(text) is Intent.NONE
    assert intent(text, Context(double_opt_in_pending=True)) is Intent.START
    assert intent(text, Context(opted_out=True)) is Intent.START
    assert intent(text, Context(double_opt_in_pending=True, toll_free=True)) is Intent.START


@pytest.mark.parametrize("pending", [True, False])
def test_should_reopen_a_toll_free_number_only_with_the_networks_own_words(
    *, pending: bool
) -> None:
    blocked = Context(opted_out=True, toll_free=True, double_opt_in_pending=pending)
    assert [word for word in ("start", "unstop") if intent(word, blocked) is Intent.START] == [
        "start",
        "unstop",
    ]
    assert {intent(word, blocked) for word in ("yes", "y", "join", "subscribe")} == {Intent.NONE}


@pytest.mark.parametrize("text", ["START", "unstop", "Join!", "subscribe", "Start 🎉"])
def test_should_take_words_of_joining_as_an_opt_in(text: str) -> None:
    assert intent(text) is Intent.START
    assert intent(text, Context(opted_out=True)) is Intent.START


@pytest.mark.parametrize("text", ["HELP", "help!", "Info", "ayuda", "¡AYUDA!", "Aide", "help?"])
@pytest.mark.parametrize("context", [AUTOMATED, AGENT, Context(opted_out=True, toll_free=True)])
def test_should_hear_a_call_for_help_in_every_context(text: str, context: Context) -> None:
    assert intent(text, context) is Intent.HELP


def test_should_say_what_decided() -> None:
    assert understand("Opt-Out!", context=AUTOMATED) == Understanding(
        Intent.STOP, 1.0, "word:opt out"
    )


def test_should_hold_words_as_normalising_leaves_them_and_each_once() -> None:
    assert [word.text for word in WORDS] == [normalise(word.text) for word in WORDS]
    assert len({word.text for word in WORDS}) == len(WORDS)
    assert all(word.alone for word in WORDS if word.when is not When.ALWAYS)


def test_should_keep_the_words_of_every_script_and_apostrophes_inside_them() -> None:
    assert normalise("  Don’t  STOP, it’s ‘fine’!  ") == "don't stop it's fine"
    assert normalise("你好！世界") == "你好 世界"
    assert normalise("रुकिए") == "रुकिए"
    assert normalise("한국어 ①") == "한국어 1"
    assert normalise("Müller-Straße 2️⃣") == "muller strasse 2"
    assert normalise("the parcel you sent from my old address") == (
        "the parcel you sent from my old address"
    )


def test_should_decide_in_microseconds() -> None:
    texts = ["STOP", "where is my order #1001? it says delivered but nothing came"] * 500
    started = time.perf_counter()
    for text in texts:
        is_opt_out_word(text, AUTOMATED)
    # About 20 µs each here; a hundred times that would still be a hundredth of a webhook.
    assert (time.perf_counter() - started) / len(texts) < 0.002


@pytest.mark.parametrize(
    "hostile",
    [
        "\ufdfa" * 10_000,
        "\u0301\u0323" * 10_000,
        " \n" * 10_000,
        "-" * 20_000,
        "\n--" * 10_000,
        "sent from my " * 2_000,
        "on " * 10_000,
        ">\n" * 10_000,
        "stop " * 10_000,
        "'" * 20_000,
        "\n-a b" * 5_000,
        " - -- original message" * 1_000,
    ],
)
def test_should_read_a_hostile_text_in_bounded_time(hostile: str) -> None:
    started = time.perf_counter()
    understand(hostile, context=AUTOMATED)
    assert time.perf_counter() - started < 0.25


@settings(max_examples=2_000, deadline=None)
@given(
    text=st.text(alphabet=st.characters(codec=None), max_size=200)
    | st.lists(
        st.sampled_from(["stop", "no", "y", "please", "-", "--", "\n", ">", " ", "'", "sent from "])
        | st.characters(codec=None),
        max_size=20,
    ).map("".join),
    context=st.builds(Context, st.sampled_from(LastText), st.booleans(), st.booleans()),
)
def test_should_never_stumble(text: str, context: Context) -> None:
    understand(text, context=context)
    once = normalise(text)
    assert "  " not in once
    assert once == once.strip()
