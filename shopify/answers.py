"""What Shopify's GraphQL answers mean: data, what it leaves out and why, and when to ask again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import httpx

from shopify.transport import json_object

Json = dict[str, Any]


class Trouble(StrEnum):
    """Why there is no data. `MAYBE_DONE`: a change may have been made, and nobody knows."""

    NOT_CONNECTED = "not_connected"
    SHOP_CLOSED = "shop_closed"
    MISSING_SCOPE = "missing_scope"
    BUSY = "busy"
    UNREACHABLE = "unreachable"
    MAYBE_DONE = "maybe_done"
    REFUSED = "refused"


SENTENCES = {
    Trouble.NOT_CONNECTED: "Open Parley in Shopify admin once, so that Shopify lets it in.",
    Trouble.SHOP_CLOSED: "Shopify has paused or closed this store for apps.",
    Trouble.MISSING_SCOPE: "Parley has not been given the permission that this needs.",
    Trouble.BUSY: "Shopify asks Parley to wait a moment. Please try again.",
    Trouble.UNREACHABLE: "Shopify does not answer at the moment. Please try again.",
    Trouble.MAYBE_DONE: "Shopify's answer was lost. Look in Shopify before you try this again.",
    Trouble.REFUSED: "Shopify did not accept this request.",
}


@dataclass(frozen=True, slots=True)
class Problem:
    code: Trouble
    sentence: str

    @classmethod
    def of(cls, code: Trouble) -> Problem:
        return cls(code, SENTENCES[code])


@dataclass(frozen=True, slots=True)
class Answer:
    """What Shopify said. Exactly one of `data` and `problem` is there.

    `redacted_fields` are paths such as `order.phone` that came back null because Shopify has not
    approved this app for them; `errors` are Shopify's sentences, for whoever looks for a fault.
    """

    data: Json | None
    errors: tuple[str, ...] = ()
    redacted_fields: frozenset[str] = frozenset()
    problem: Problem | None = None

    @property
    def explanation(self) -> str | None:
        """A sentence for the merchant about what is missing from the data, if anything is."""
        kinds = sorted({_kind_of(field) for field in self.redacted_fields})
        if not kinds:
            return None
        return f"Shopify has not yet approved {_and(kinds)} access for this app."


@dataclass(frozen=True, slots=True)
class Later:
    """Ask again after so many seconds; nothing has happened yet, unless it was only a question."""

    seconds: float | None
    problem: Problem
    # Whether it is certain that nothing was carried out.
    untouched: bool


@dataclass(frozen=True, slots=True)
class TokenRejected:
    """The access token does not work (any more)."""


_LONGEST_SENTENCE = 500
# Payment due, forbidden, no such shop any more, locked.
_CLOSED = frozenset({402, 403, 404, 423})
_KINDS = {
    "phone": "phone",
    "phonenumber": "phone",
    "defaultphonenumber": "phone",
    "email": "email",
    "defaultemailaddress": "email",
    "emailaddress": "email",
    "firstname": "name",
    "lastname": "name",
    "displayname": "name",
    "name": "name",
    "customer": "customer",
}


def read_answer(response: httpx.Response) -> Answer | Later | TokenRejected:
    """Read an answer of the Admin API, whatever its status."""
    status = response.status_code
    if status == httpx.codes.UNAUTHORIZED:
        return TokenRejected()
    if status == httpx.codes.TOO_MANY_REQUESTS:
        seconds = _seconds(response.headers.get("Retry-After"))
        return Later(seconds, Problem.of(Trouble.BUSY), untouched=True)
    if status in _CLOSED:
        return Answer(None, problem=Problem.of(Trouble.SHOP_CLOSED))
    if status == httpx.codes.OK:
        return _read_body(response.content)
    if response.is_server_error:
        return Later(None, Problem.of(Trouble.UNREACHABLE), untouched=False)
    return Answer(None, problem=Problem.of(Trouble.REFUSED))


def _read_body(content: bytes) -> Answer | Later:
    body = json_object(content)
    if body is None:
        return Later(None, Problem.of(Trouble.UNREACHABLE), untouched=False)
    raw = body.get("errors") or []
    listed = raw if isinstance(raw, list) else [{"message": raw}]
    errors = [each for each in listed if isinstance(each, dict)]
    sentences = tuple(str(each.get("message", ""))[:_LONGEST_SENTENCE] for each in errors)
    redacted = frozenset(_redacted(errors))
    data = body.get("data")
    if isinstance(data, dict):
        something = any(value is not None for value in data.values())
        # Null without an error is what Shopify says of something that does not exist.
        if something or redacted or not errors:
            return Answer(data, sentences, redacted)
    return _without_data(body, errors, sentences)


def _without_data(body: Json, errors: list[Json], sentences: tuple[str, ...]) -> Answer | Later:
    codes = {_code(each) for each in errors}
    if "THROTTLED" in codes:
        return _throttled(body)
    if "INTERNAL_SERVER_ERROR" in codes:
        return Later(None, Problem.of(Trouble.UNREACHABLE), untouched=False)
    return Answer(None, sentences, problem=_refusal(errors))


def _refusal(errors: list[Json]) -> Problem:
    for error in errors:
        needed = error.get("extensions", {}).get("requiredAccess") if _is_denied(error) else None
        if needed:
            sentence = f"{SENTENCES[Trouble.MISSING_SCOPE]} Shopify names: {str(needed)[:200]}"
            return Problem(Trouble.MISSING_SCOPE, sentence)
    return Problem.of(Trouble.REFUSED)


def _redacted(errors: list[Json]) -> Iterator[str]:
    """Find the fields that Shopify withheld ("Work with protected customer data")."""
    for error in errors:
        path = error.get("path")
        if _is_denied(error) and isinstance(path, list):
            names = [each for each in path if isinstance(each, str)]
            if names and not error["extensions"].get("requiredAccess"):
                yield ".".join(names)


def _is_denied(error: Json) -> bool:
    return _code(error) == "ACCESS_DENIED"


def _code(error: Json) -> str:
    extensions = error.get("extensions")
    return str(extensions.get("code", "")) if isinstance(extensions, dict) else ""


def _throttled(body: Json) -> Answer | Later:
    """Say when the bucket will hold enough ("GraphQL Admin API rate limits": a leaky bucket)."""
    cost = _object(_object(body, "extensions"), "cost")
    bucket = _object(cost, "throttleStatus")
    wanted = _number(cost, "requestedQueryCost")
    available = _number(bucket, "currentlyAvailable")
    rate = _number(bucket, "restoreRate")
    most = _number(bucket, "maximumAvailable")
    if wanted is None or available is None or not rate:
        return Later(None, Problem.of(Trouble.BUSY), untouched=True)
    if most is not None and wanted > most:
        return Answer(None, problem=Problem.of(Trouble.REFUSED))
    return Later(max(0.0, (wanted - available) / rate), Problem.of(Trouble.BUSY), untouched=True)


def _object(fields: Mapping[str, object], key: str) -> Json:
    value = fields.get(key)
    return value if isinstance(value, dict) else {}


def _number(fields: Mapping[str, object], key: str) -> float | None:
    value = fields.get(key)
    usable = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if usable and isinstance(value, int | float) else None


def _seconds(text: str | None) -> float | None:
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None


def _kind_of(path: str) -> str:
    last = path.rpartition(".")[2].lower()
    return "address" if "address" in last and last not in _KINDS else _KINDS.get(last, last)


def _and(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
