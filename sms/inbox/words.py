"""Words that mean something when they are the whole message, each with the rule it comes from.

Written as `normalise` leaves a text: lower case, no accents, no punctuation. "opt-out" is "opt out"
here, "arrêt" is "arret". R-numbers are those of the compliance rules; R4.1 are the words that
47 CFR 64.1200(a)(10) names; carriers' own words (Twilio: STOP, STOPALL, UNSUBSCRIBE, CANCEL, END,
QUIT, REVOKE, OPTOUT) are all among them, because what the carrier blocks must be blocked here too.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Intent(StrEnum):
    """What a text asks for. Values are stored with the message."""

    STOP = "stop"
    START = "start"
    HELP = "help"
    NONE = "none"


class When(StrEnum):
    """In which context a word has its meaning."""

    ALWAYS = "always"
    # P33: "no" to a person's question is an answer; to anything automated it is an opt-out.
    NOT_TO_A_PERSON = "not_to_a_person"
    # R5.2: "yes" opts in only where a double opt-in waits for it or the number is opted out.
    IF_ASKED = "if_asked"


@dataclass(frozen=True, slots=True)
class Word:
    """`alone` words are not recognised with a "please" beside them: they may be about an order
    ("cancel please") or an answer ("no thanks"). `reopens_toll_free`: the toll-free network, which
    blocks by itself, lifts its block for this word and no other.
    """

    text: str
    intent: Intent
    rule: str
    language: str
    when: When = When.ALWAYS
    alone: bool = False
    reopens_toll_free: bool = False


WORDS = (
    Word("stop", Intent.STOP, "R4.1", "en"),
    Word("quit", Intent.STOP, "R4.1", "en"),
    Word("end", Intent.STOP, "R4.1", "en"),
    Word("revoke", Intent.STOP, "R4.1", "en"),
    Word("opt out", Intent.STOP, "R4.1", "en"),
    Word("cancel", Intent.STOP, "R4.1", "en", alone=True),
    Word("unsubscribe", Intent.STOP, "R4.1", "en"),
    Word("stopall", Intent.STOP, "R4.2", "en"),
    Word("stop all", Intent.STOP, "R4.2", "en"),
    Word("stop2end", Intent.STOP, "R4.2", "en"),
    Word("unsub", Intent.STOP, "R4.2", "en"),
    Word("unsubscribe me", Intent.STOP, "R4.2", "en"),
    Word("optout", Intent.STOP, "R4.2", "en"),
    Word("remove", Intent.STOP, "R4.2", "en", alone=True),
    Word("remove me", Intent.STOP, "R4.2", "en"),
    Word("n", Intent.STOP, "R4.2", "en", when=When.NOT_TO_A_PERSON, alone=True),
    Word("no", Intent.STOP, "R4.2", "en", when=When.NOT_TO_A_PERSON, alone=True),
    Word("arret", Intent.STOP, "R4.2", "fr"),
    Word("desabonner", Intent.STOP, "R4.2", "fr"),
    Word("alto", Intent.STOP, "R4.2", "es"),
    Word("basta", Intent.STOP, "R4.2", "es"),
    Word("parar", Intent.STOP, "R4.2", "es"),
    Word("cancelar", Intent.STOP, "R4.2", "es", alone=True),
    Word("start", Intent.START, "R5.1", "en", alone=True, reopens_toll_free=True),
    Word("unstop", Intent.START, "R5.1", "en", alone=True, reopens_toll_free=True),
    Word("join", Intent.START, "R5.1", "en", alone=True),
    Word("subscribe", Intent.START, "R5.1", "en", alone=True),
    Word("yes", Intent.START, "R5.2", "en", when=When.IF_ASKED, alone=True),
    Word("y", Intent.START, "R5.2", "en", when=When.IF_ASKED, alone=True),
    Word("help", Intent.HELP, "R6.1", "en", alone=True),
    Word("info", Intent.HELP, "R6.1", "en", alone=True),
    Word("ayuda", Intent.HELP, "R6.1", "es", alone=True),
    Word("aide", Intent.HELP, "R6.1", "fr", alone=True),
)

# What people put beside an order to stop without changing it ("STOP PLEASE", which carriers miss).
COURTESIES = (
    *("please", "pls", "plz", "thanks", "thank you", "thx", "ty", "now"),
    *("por favor", "gracias", "svp", "s'il vous plait", "merci"),
)
