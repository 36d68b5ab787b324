"""What the inbox's templates are given, and the parts of the page that a live update sends."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from flask import Response, abort, render_template
from markupsafe import Markup
from sqlalchemy import select

from admin.words import ShopClock, clock_of, money, phone_words
from models import Conversation, ShopSession, StaffMember
from sms.inbox.changes import Fingerprints
from sms.inbox.conversations import MOST_COUNTED, Counts, Sort, View, Wanted, counts_of, page_of
from sms.inbox.thread import Thread, open_thread

LONGEST_SEARCH = 100
VIEWS = (
    (View.OPEN, "Open"),
    (View.WAITING, "Waiting"),
    (View.UNREAD, "Unread"),
    (View.MINE, "Mine"),
    (View.CLOSED, "Closed"),
    (View.ALL, "All"),
)


@dataclass(frozen=True, slots=True)
class Screen:
    """Which list somebody looks at, and which conversation is open beside it."""

    wanted: Wanted
    open_id: uuid.UUID | None

    def address(self, conversation_id: uuid.UUID | None = None, **changed: str | None) -> str:
        """Return the address of this list, or of a conversation beside it."""
        wanted = self.wanted
        place: dict[str, str | None] = {
            "view": None if wanted.view is View.OPEN else wanted.view,
            "sort": None if wanted.sort is usual_sort(wanted.view) else wanted.sort,
            "q": wanted.query or None,
            "after": wanted.after,
            "before": wanted.before,
        } | changed
        query = urlencode({name: value for name, value in place.items() if value})
        path = "/inbox" if conversation_id is None else f"/inbox/{conversation_id}"
        return f"{path}?{query}" if query else path

    def tab(self, view: View) -> str:
        """Return the address of another view: from its beginning, without a search."""
        fresh = replace(self, wanted=Wanted(me=self.wanted.me, view=view, sort=usual_sort(view)))
        return fresh.address(self.open_id)

    def sorted(self, sort: Sort) -> str:
        fresh = replace(self.wanted, sort=sort, after=None, before=None)
        return replace(self, wanted=fresh).address(self.open_id)


def usual_sort(view: View) -> Sort:
    return Sort.LONGEST_WAITING if view is View.WAITING else Sort.NEWEST


def screen_of(asked: Mapping[str, str], *, me: uuid.UUID, open_id: uuid.UUID | None) -> Screen:
    """Read which list is meant; what somebody bent falls back to what is usual."""
    view = _one_of(View, asked.get("view"), View.OPEN)
    return Screen(
        Wanted(
            me=me,
            view=view,
            sort=_one_of(Sort, asked.get("sort"), usual_sort(view)),
            query=asked.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH],
            before=asked.get("before"),
            after=None if asked.get("before") else asked.get("after"),
        ),
        open_id,
    )


def _one_of(values: Any, given: str | None, usual: Any) -> Any:
    return next((value for value in values if value.value == given), usual)


@dataclass
class Reading:
    """One reading of the inbox, by one person, at one moment."""

    session: ShopSession
    me: uuid.UUID
    now: datetime
    # Where the file of this id is shown, for a few minutes.
    media_url: Callable[[uuid.UUID], str]

    @cached_property
    def clock(self) -> ShopClock:
        return clock_of(self.session.shop.iana_timezone, now=self.now)

    @cached_property
    def staff(self) -> tuple[tuple[uuid.UUID, str], ...]:
        """Everybody of the shop who can have a conversation, oneself first."""
        found = self.session.execute(select(StaffMember.id, StaffMember.name)).all()
        people = [(row[0], row[1] or "A colleague without a name") for row in found]
        people = [(who, "You" if who == self.me else name) for who, name in people]
        return tuple(sorted(people, key=lambda each: (each[0] != self.me, each[1].casefold())))

    def is_staff(self, who: uuid.UUID) -> bool:
        return any(each == who for each, _ in self.staff)

    def must_have(self, conversation_id: uuid.UUID) -> None:
        """Answer 404 for a conversation that this shop does not have."""
        if self.session.get(Conversation, conversation_id) is None:
            abort(404)

    def context(self) -> dict[str, Any]:
        return {
            "clock": self.clock,
            "me": self.me,
            "phone_words": phone_words,
            "money": money,
            "short_span": short_span,
            "media_url": self.media_url,
        }

    def of_list(self, screen: Screen) -> dict[str, Any]:
        counts = counts_of(self.session, self.me)
        return {
            "screen": screen,
            "page": page_of(self.session, screen.wanted),
            "tabs": _tabs(screen, counts),
            "is_empty_inbox": counts.open == 0,
        }

    def of_thread(self, screen: Screen) -> dict[str, Any]:
        thread: Thread | None = None
        if screen.open_id is not None:
            thread = open_thread(self.session, screen.open_id, me=self.me, now=self.now)
        return {
            "screen": screen,
            "open_id": screen.open_id,
            "thread": thread,
            "texts": None if thread is None else thread.texts,
            "staff": self.staff if thread else (),
        }

    def pane(self, screen: Screen) -> dict[str, Any]:
        return self.context() | self.of_thread(screen)

    def page(self, screen: Screen) -> dict[str, Any]:
        return self.pane(screen) | self.of_list(screen)


def _tabs(screen: Screen, counts: Counts) -> list[dict[str, object]]:
    counted = {
        View.OPEN: counts.open,
        View.WAITING: counts.waiting,
        View.UNREAD: counts.unread,
        View.MINE: counts.mine,
    }
    return [
        {
            "view": view,
            "label": label,
            "href": screen.tab(view),
            "current": view is screen.wanted.view and not screen.wanted.is_search,
            "count": _capped(counted[view]) if counted.get(view) else None,
        }
        for view, label in VIEWS
    ]


def _capped(count: int) -> str:
    return f"{MOST_COUNTED - 1}+" if count >= MOST_COUNTED else str(count)


def short_span(clock: ShopClock, since: datetime) -> str:
    """Say how long ago in few letters ("5 min"); static/admin/inbox/parts.js says the same."""
    minutes = max(0, int((clock.now - since).total_seconds() // 60))
    if minutes < 1:
        return "<1 min"
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 1440 else f"{minutes // 1440} d"


class Parts:
    """Parts of the page, each in a `<template>` that names where it belongs."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._parts: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._parts)

    def add(self, name: str, template: str, **context: Any) -> None:
        whole = self._reading.context() | context
        inner = Markup(render_template(f"admin/inbox/_{template}.html", **whole))  # noqa: S704 - a template's output is escaped already
        self._parts.append(Markup('<template data-part="{}">{}</template>').format(name, inner))

    def add_list(self, screen: Screen, seen: Fingerprints) -> None:
        context = self._reading.of_list(screen) | {"seen": seen}
        self.add("tabs", "tabs", **context)
        self.add("list", "list", **context)

    def add_thread(self, screen: Screen, seen: Fingerprints | None = None) -> None:
        context = self._reading.of_thread(screen) | {"seen": seen}
        if context["thread"] is None:
            return
        for name in ("head", "people", "texts", "blocked", "aside"):
            self.add(name, name, **context)

    def response(self, *, outcome: str = "", toast: str | None = None) -> Response:
        response = Response("".join(self._parts), mimetype="text/html")
        if outcome:
            response.headers["X-Parley-Outcome"] = outcome
        if toast:
            self._parts.append(Markup('<template data-part="toast">{}</template>').format(toast))
            response.set_data("".join(self._parts))
        return response
