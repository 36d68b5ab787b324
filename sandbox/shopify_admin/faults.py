"""What goes wrong at Shopify on demand: rules for requests, and acts on tokens and scopes."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

FAULTS = {
    "too_many_requests": "answers 429 with `Retry-After: retry_after`",
    "server_error": "answers with `status`: 500 to 504",
    "throttled": "GraphQL only: 200 with THROTTLED errors, as when the bucket is empty",
    "slow": "waits `seconds`, then answers as usual",
    "frozen": "402: the shop is frozen for an unpaid bill",
    "protected_data": "GraphQL only: `fields` (name, address, phone, email) are null, with errors",
    "lost_answer": "does it, then drops the connection",
}
ACTS = {
    "expire_tokens": "access tokens expire now; refresh tokens stay good",
    "expire_refresh_tokens": "both expire now, as after 90 idle days",
    "revoke_tokens": "both are unknown from now on",
}
PROTECTED = ("name", "address", "phone", "email")
Where = Literal["token", "graphql"]
_GRAPHQL_ONLY = {"throttled", "protected_data"}


@dataclass(frozen=True)
class Rule:
    """One fault. It strikes requests of `shop` (None: all) at `on` (None: both), `times` times
    (None: until cleared). The rest are its measures; `retry_after` and `seconds` are seconds.
    """

    fault: str
    shop: str | None = None
    on: Where | None = None
    times: int | None = None
    status: int = 503
    retry_after: int = 2
    seconds: float = 5.0
    fields: tuple[str, ...] = PROTECTED

    def __post_init__(self) -> None:
        if self.fault not in FAULTS:
            raise ValueError(f"unknown fault {self.fault!r}; known: {', '.join(FAULTS | ACTS)}")
        if not 500 <= self.status <= 504:
            raise ValueError("status must be 500 to 504")
        if self.on not in (None, "token", "graphql"):
            raise ValueError("on must be token or graphql")
        if set(self.fields) - set(PROTECTED):
            raise ValueError(f"fields must be some of {', '.join(PROTECTED)}")

    def concerns(self, shop: str, where: Where) -> bool:
        if where == "token" and self.fault in _GRAPHQL_ONLY:
            return False
        return self.shop in (None, shop) and self.on in (None, where)


def rule_from(wanted: Mapping[str, Any]) -> Rule:
    """Raises `ValueError` with a sentence for what is no rule."""
    known = {field.name for field in fields(Rule)}
    if "fault" not in wanted or set(wanted) - known:
        raise ValueError(f"a rule has `fault` and may have {', '.join(sorted(known - {'fault'}))}")
    values = dict(wanted)
    if "fields" in values:
        values["fields"] = tuple(values["fields"])
    return Rule(**values)


class Faults:
    """The rules in force. They end with the process: a restart is well again."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._lock = threading.Lock()

    def add(self, rule: Rule) -> None:
        """Put a rule in force."""
        with self._lock:
            self._rules.append(rule)

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._rules.clear()

    def as_list(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(rule) for rule in self._rules]

    def strike(self, shop: str, where: Where) -> dict[str, Rule]:
        """The faults that strike this request, by name. Each use is counted."""
        struck: dict[str, Rule] = {}
        with self._lock:
            for rule in list(self._rules):
                if rule.fault in struck or not rule.concerns(shop, where):
                    continue
                struck[rule.fault] = rule
                self._count(rule)
        if "slow" in struck:
            time.sleep(struck["slow"].seconds)
        return struck

    def _count(self, rule: Rule) -> None:
        if rule.times is None:
            return
        place = self._rules.index(rule)
        if rule.times <= 1:
            del self._rules[place]
        else:
            self._rules[place] = replace(rule, times=rule.times - 1)
