"""What looking at a text costs: counting its segments, and understanding it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bench.measure import Line, timed
from sms.delivery.segments import count
from sms.inbox.understanding import Context, understand

LINK = "https://www.ups.com/track?num=1Z5R89390357567127"
OUTGOING = (
    f"Maple & Rye: Your order #1001 is on its way.\n{LINK}\nReply STOP to opt out.",
    "Maple & Rye: Part of your order #1002 is out for delivery: 2 x Mug, 1 x Tea.",
)
WITH_EMOJI = (
    "Chloé, ta commande est partie 📦🚚 À bientôt chez Maple & Rye! 👩‍🍳👨‍👩‍👧‍👦 " * 3,
    "Danke für deine Bestellung 🎉 – wir packen sie heute noch ein ❤️",
)
INCOMING = (
    "STOP",
    "stop please",
    "where is my order? it said tuesday and it is friday now",
    "Thanks!! 😀",
    "please stop texting me, I said no",
    "help",
)
ROUNDS = 4000


def measure() -> list[Line]:
    context = Context()
    floor_is = "a loop over its characters"
    return [
        Line("count segments, GSM-7", _rate(count, OUTGOING), _rate(_look, OUTGOING), floor_is),
        Line("count segments, emoji", _rate(count, WITH_EMOJI), _rate(_look, WITH_EMOJI), floor_is),
        Line(
            "understand a text",
            _rate(lambda body: understand(body, context=context), INCOMING),
            _rate(_look, INCOMING),
            floor_is,
        ),
    ]


def _look(body: str) -> int:
    ascii_ones = 0
    for char in body:
        ascii_ones += char < "\x80"
    return ascii_ones


def _rate(look: Callable[[str], object], texts: Sequence[str]) -> float:
    with timed() as took:
        for _ in range(ROUNDS // len(texts)):
            for body in texts:
                look(body)
    return ROUNDS // len(texts) * len(texts) / took.seconds
