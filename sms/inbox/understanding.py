"""What does this text mean? In this capability: words that are the whole message, and no guessing.

Decided without a model and in microseconds, because an opt-out commits before the carrier's webhook
is answered (R4.5). Free text ("please stop texting me") is a later step that comes after this one:
whatever returns `Intent.NONE` here is for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sms.inbox.normal import normalise
from sms.inbox.words import COURTESIES, WORDS, Intent, When, Word

__all__ = ["Context", "Intent", "LastText", "Understanding", "is_opt_out_word", "understand"]


class LastText(StrEnum):
    """Who wrote the last text that this person got from the shop."""

    AUTOMATED = "automated"
    # A person of the shop, in a conversation that is open.
    AGENT = "agent"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of the number when a text comes in, as far as it changes what words mean.

    `double_opt_in_pending`: we asked for a "yes" at most 7 days ago (R5.2). `toll_free`: the number
    they texted is toll-free, where the network itself blocks and lifts blocks.
    """

    last_text: LastText = LastText.NONE
    opted_out: bool = False
    double_opt_in_pending: bool = False
    toll_free: bool = False


@dataclass(frozen=True, slots=True)
class Understanding:
    """`confidence` is 0 to 1; `decided_by` names what decided ("word:stop"), for the thread."""

    intent: Intent
    confidence: float
    decided_by: str


NOT_UNDERSTOOD = Understanding(Intent.NONE, 0.0, "nothing")

_BY_TEXT = {word.text: word for word in WORDS}
_STOP_TOKENS = frozenset(
    word.text for word in WORDS if word.intent is Intent.STOP and not word.alone
)
_COURTESIES = [courtesy.split() for courtesy in COURTESIES]
# "stop stop stop ..." a dozen times is the longest whole-message word in practice.
_MAX_LENGTH = 100


def understand(text: str, *, context: Context) -> Understanding:
    """What `text` asks for, given `context`. Never raises."""
    word = _word_in(normalise(text))
    if word is None or not _means_it(word, context):
        return NOT_UNDERSTOOD
    return Understanding(word.intent, 1.0, f"word:{word.text}")


def is_opt_out_word(text: str, context: Context) -> bool:
    """Whether `text` as a whole is an opt-out word, for the webhook's own transaction (R4.5)."""
    return understand(text, context=context).intent is Intent.STOP


def _word_in(message: str) -> Word | None:
    if not message or len(message) > _MAX_LENGTH:
        return None
    tokens = _once(_letters_joined(_once(message.split())))
    found = _BY_TEXT.get(" ".join(tokens))
    if found is not None:
        return found
    if all(token in _STOP_TOKENS for token in tokens):
        return _BY_TEXT[tokens[0]]
    polite = _BY_TEXT.get(" ".join(_once(_without_courtesies(tokens))))
    return polite if polite is not None and not polite.alone else None


def _letters_joined(tokens: list[str]) -> list[str]:
    """Somebody who spells "S T O P" or "s.t.o.p." means "stop", not four answers."""
    spelled = len(tokens) > 2 and all(len(token) == 1 for token in tokens)
    return ["".join(tokens)] if spelled else tokens


def _once(tokens: list[str]) -> list[str]:
    """Three times "stop" is "stop", and "opt out opt out" is "opt out"."""
    for length in (1, 2):
        times, rest = divmod(len(tokens), length)
        if not rest and tokens == tokens[:length] * times:
            return tokens[:length]
    return tokens


def _without_courtesies(tokens: list[str]) -> list[str]:
    left = tokens
    for courtesy in _COURTESIES * 2:
        size = len(courtesy)
        if left[-size:] == courtesy:
            left = left[:-size]
        elif left[:size] == courtesy:
            left = left[size:]
    return left


def _means_it(word: Word, context: Context) -> bool:
    if word.intent is Intent.START and context.opted_out and context.toll_free:
        return word.reopens_toll_free
    if word.when is When.NOT_TO_A_PERSON:
        return context.last_text is not LastText.AGENT
    if word.when is When.IF_ASKED:
        return context.opted_out or context.double_opt_in_pending
    return True
