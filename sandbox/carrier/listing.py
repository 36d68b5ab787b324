"""Lists over REST: filters, pages, newest first."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Request

from sandbox.carrier.accounts import Account
from sandbox.carrier.errors import Refused
from sandbox.carrier.resources import (
    account_path,
    message_resource,
    number_resource,
    page_envelope,
)
from sandbox.carrier.store import Store

_DEFAULT_SIZE = 50
_MAX_SIZE = 1000
_MESSAGE_FILTERS = {"To": "recipient", "From": "sender"}


def page_of_messages(
    store: Store, account_sid: str, request: Request, visible: str
) -> dict[str, Any]:
    """One page of an account's messages, both directions, newest first.

    The page token is the place of the last message seen, so texts that arrive while somebody
    reads on shift nothing.
    """
    size, page, before = _page_wanted(request)
    where, params = ["account_sid = ?", visible], [account_sid]
    for name, column in _MESSAGE_FILTERS.items():
        if request.args.get(name):
            where.append(f"{column} = ?")
            params.append(request.args[name])
    values: list[object] = [*params]
    for sql, bound in _sent_between(request):
        where.append(sql)
        values.append(bound)
    if before is not None:
        where.append("seq < ?")
        values.append(before)
    found = store.messages(f"{' AND '.join(where)} ORDER BY seq DESC LIMIT ?", [*values, size + 1])
    shown = found[:size]
    token = f"PA{shown[-1].seq:x}" if len(found) > size else None
    query = {name: value for name, value in request.args.items() if not name.startswith("Page")}
    envelope = page_envelope(
        f"{account_path(account_sid)}/Messages.json",
        query,
        size=size,
        page=page,
        count=len(shown),
        next_token=token,
    )
    return envelope | {"messages": [message_resource(message) for message in shown]}


def page_of_numbers(store: Store, account: Account, request: Request) -> dict[str, Any]:
    """The account's numbers; few enough for one page."""
    size, page, _ = _page_wanted(request)
    sql = "SELECT * FROM numbers WHERE account_sid = ? ORDER BY phone"
    rows = [
        row
        for row in store.rows(sql, (account.account_sid,))
        if _matches(row["phone"], request.args.get("PhoneNumber"))
    ]
    envelope = page_envelope(
        f"{account_path(account.account_sid)}/IncomingPhoneNumbers.json",
        {name: value for name, value in request.args.items() if not name.startswith("Page")},
        size=size,
        page=page,
        count=len(rows),
        next_token=None,
    )
    return envelope | {"incoming_phone_numbers": [_number(row, account) for row in rows]}


def _number(row: sqlite3.Row, account: Account) -> dict[str, Any]:
    return number_resource(row, account)


def _matches(phone: str, wanted: str | None) -> bool:
    """Twilio takes any part of a number here."""
    return not wanted or wanted.lstrip("+") in phone


def _page_wanted(request: Request) -> tuple[int, int, int | None]:
    """Page size, page number and where the page begins. Raises `Refused` for nonsense."""
    size = request.args.get("PageSize", str(_DEFAULT_SIZE))
    page = request.args.get("Page", "0")
    token = request.args.get("PageToken", "")
    if not size.isdigit() or int(size) < 1 or not page.isdigit():
        raise Refused(20001, "PageSize and Page must be whole numbers")
    if int(size) > _MAX_SIZE:
        raise Refused(20001, f"PageSize must be at most {_MAX_SIZE}")
    try:
        before = int(token.removeprefix("PA"), 16) if token else None
    except ValueError:
        raise Refused(20001, "PageToken is not one of ours") from None
    return int(size), int(page), before


def _sent_between(request: Request) -> list[tuple[str, float]]:
    """DateSent filters. A bare day counts whole; what was not sent yet never matches."""
    found: list[tuple[str, float]] = []
    for name in ("DateSent", "DateSent<", "DateSent>"):
        text = request.args.get(name)
        if not text:
            continue
        start, end = _span(text)
        sent = "COALESCE(sent_at, CASE direction WHEN 'inbound' THEN accepted_at END)"
        if name != "DateSent<":
            found.append((f"{sent} >= ?", start.timestamp()))
        if name != "DateSent>":
            found.append((f"{sent} < ?", end.timestamp()))
    return found


def _span(text: str) -> tuple[datetime, datetime]:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(20001, f"{text} is not a date") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment, moment + timedelta(days=1 if len(text) <= len("2026-01-01") else 0, seconds=1)
