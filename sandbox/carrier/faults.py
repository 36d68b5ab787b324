"""Faults on demand: what goes wrong, how often, for whom. Rules are plain JSON."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

# What each fault does; the first group ends the create request, the second bends its callbacks.
ANSWER_FAULTS = {
    "timeout_after_accept": "accepts, then says nothing for `seconds` and drops the connection",
    "drop_after_accept": "accepts, then resets the connection at once",
    "error_after_accept": "accepts, then answers 5xx (`status`: 500 or 503)",
    "error_before_accept": "answers 5xx (`status`) and accepts nothing",
    "too_many_requests": "answers 429 with code 20429 and accepts nothing",
    "drop_before_read": "resets the connection before reading the request's body",
    "slow": "waits `seconds`, then accepts and answers as usual",
}
CALLBACK_FAULTS = {
    "no_callbacks": "the text is delivered, its status callbacks never come",
    "callbacks_reversed": "status callbacks come after the end, last one first",
    "callbacks_repeated": "every status callback comes `times` times",
    "callback_before_answer": "the first callback arrives before the create is answered",
}
AMBIGUOUS = {"timeout_after_accept", "drop_after_accept", "error_after_accept"}


@dataclass(frozen=True)
class Rule:
    """One fault. It strikes a create when account and destination match, with `probability`,
    until `count` strikes are used up (None: no end). `seconds` and `times` are its measures.
    """

    fault: str
    probability: float = 1.0
    count: int | None = None
    to: str | None = None
    account: str | None = None
    seconds: float = 30.0
    status: int = 500
    times: int = 3

    def __post_init__(self) -> None:
        if self.fault not in ANSWER_FAULTS and self.fault not in CALLBACK_FAULTS:
            known = ", ".join([*ANSWER_FAULTS, *CALLBACK_FAULTS])
            raise ValueError(f"unknown fault {self.fault!r}; known: {known}")
        if not 0 <= self.probability <= 1:
            raise ValueError("probability must lie between 0 and 1")
        if self.status not in (500, 503):
            raise ValueError("status must be 500 or 503")

    def concerns(self, account: str, to: str) -> bool:
        return self.to in (None, to) and self.account in (None, account)

    @property
    def callback_mode(self) -> str:
        return f"{self.fault}:{self.times}"


@dataclass(frozen=True)
class Struck:
    """What strikes one create: at most one fault of its answer, and one of its callbacks."""

    answer: Rule | None = None
    callbacks: Rule | None = None

    @property
    def ambiguity(self) -> str:
        """The fault that hides from the client that its text was accepted, or ""."""
        return self.answer.fault if self.answer and self.answer.fault in AMBIGUOUS else ""


UNTROUBLED = Struck()


class Faults:
    """The rules in force. With a seed, the n-th create meets the same luck in every run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.replace({"rules": []})

    def replace(self, spec: Mapping[str, Any]) -> None:
        """Put new rules in force. Raises `ValueError` for rules that make no sense."""
        rules = [_rule(row) for row in spec.get("rules", [])]
        with self._lock:
            self._seed = spec.get("seed")
            self._rules, self._strikes = rules, [0] * len(rules)
            self._luck = random.Random(self._seed)

    def strike(self, *, account: str, to: str) -> Struck:
        """Decide what goes wrong with this create. Earlier rules win over later ones."""
        if not self._rules:
            return Struck()
        answer: Rule | None = None
        callbacks: Rule | None = None
        with self._lock:
            for place, rule in enumerate(self._rules):
                taken = answer if rule.fault in ANSWER_FAULTS else callbacks
                if taken is not None or not self._strikes_now(place, rule, account, to):
                    continue
                self._strikes[place] += 1
                if rule.fault in ANSWER_FAULTS:
                    answer = rule
                else:
                    callbacks = rule
        return Struck(answer, callbacks)

    def _strikes_now(self, place: int, rule: Rule, account: str, to: str) -> bool:
        if not rule.concerns(account, to):
            return False
        if rule.count is not None and self._strikes[place] >= rule.count:
            return False
        return self._luck.random() < rule.probability

    def as_dict(self) -> dict[str, Any]:
        with self._lock:
            pairs = zip(self._rules, self._strikes, strict=True)
            rules = [{**asdict(rule), "strikes": strikes} for rule, strikes in pairs]
            return {"seed": self._seed, "rules": rules}


def _rule(row: Mapping[str, Any]) -> Rule:
    unknown = set(row) - {field.name for field in fields(Rule)}
    if unknown:
        raise ValueError(f"unknown fields in a fault rule: {', '.join(sorted(unknown))}")
    if "fault" not in row:
        raise ValueError("a fault rule needs a `fault`")
    return Rule(**row)
