"""Contacts: everybody whose number the shop knows, and what each allows."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, render_template, request
from sqlalchemy import ColumnElement, Select, or_, select

from admin.words import CONSENT, CONSENT_TONE, SCOPE, name_of, phone_words
from models import Contact, ShopSession
from models.enums import ConsentState, Scope
from models.search import LONGEST_QUERY, matching_contacts
from route_access import authenticated_by
from services import Services
from shopify.auth import merchant

PATH = "/contacts"
PAGE = 50

FILTERS: dict[str, tuple[str, ColumnElement[bool] | None]] = {
    "": ("All", None),
    "marketing": ("Agreed to marketing", Contact.marketing == ConsentState.GRANTED),
    "transactional": ("Agreed to order texts", Contact.transactional == ConsentState.GRANTED),
    "opted-out": (
        "Opted out",
        or_(
            Contact.marketing == ConsentState.REVOKED,
            Contact.transactional == ConsentState.REVOKED,
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Badge:
    text: str
    tone: str | None


@dataclass(frozen=True, slots=True)
class Person:
    """One row of the list."""

    id: uuid.UUID
    name: str
    phone: str
    badges: tuple[Badge, ...]


@dataclass(frozen=True, slots=True)
class Tab:
    label: str
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class People:
    """A page of the list, and the addresses of the pages around it."""

    rows: tuple[Person, ...]
    previous: str | None
    next: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for. `before` and `after` are ids at the edge of a page."""

    words: str
    filter: str
    before: uuid.UUID | None
    after: uuid.UUID | None

    def href(self, **changes: str) -> str:
        query = {"q": self.words, "filter": self.filter} | changes
        kept = {name: value for name, value in query.items() if value}
        return f"{PATH}?{urlencode(kept)}" if kept else PATH


def register(blueprint: Blueprint, services: Services) -> None:
    """Add the list."""

    @blueprint.get(PATH)
    @authenticated_by("Shopify session token")
    def contacts() -> str:
        wanted = _wanted()
        with services.database.shop_session(merchant().shop_id) as session:
            people = _people(session, wanted)
        return render_template(
            "admin/contacts/list.html",
            people=people,
            wanted=wanted,
            tabs=[
                Tab(label, wanted.href(filter=name), current=name == wanted.filter)
                for name, (label, _) in FILTERS.items()
            ],
        )


def _wanted() -> Wanted:
    chosen = request.args.get("filter", "")
    return Wanted(
        words=request.args.get("q", "").replace("\0", "").strip()[:LONGEST_QUERY],
        filter=chosen if chosen in FILTERS else "",
        before=_id("before"),
        after=_id("after"),
    )


def _id(name: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(request.args.get(name, ""))
    except ValueError:
        return None


def _people(session: ShopSession, wanted: Wanted) -> People:
    """Read a page, newest first. Ids grow with time, so one at the page's edge is the cursor."""
    backwards = wanted.after is not None
    query = _matching(session, wanted)
    if wanted.after is not None:
        query = query.where(Contact.id > wanted.after).order_by(Contact.id)
    else:
        query = query.order_by(Contact.id.desc())
        if wanted.before is not None:
            query = query.where(Contact.id < wanted.before)
    found = list(session.scalars(query.limit(PAGE + 1)))
    more = len(found) > PAGE
    page = found[:PAGE]
    if backwards:
        page.reverse()
    has_newer = more if backwards else wanted.before is not None
    has_older = True if backwards else more
    return People(
        rows=tuple(_person(contact) for contact in page),
        previous=wanted.href(after=str(page[0].id)) if page and has_newer else None,
        next=wanted.href(before=str(page[-1].id)) if page and has_older else None,
    )


def _matching(session: ShopSession, wanted: Wanted) -> Select[Contact]:
    query = select(Contact).where(Contact.redacted_at.is_(None))
    condition = FILTERS[wanted.filter][1]
    if condition is not None:
        query = query.where(condition)
    found = matching_contacts(session, wanted.words)
    return query if found is None else query.where(found)


def _person(contact: Contact) -> Person:
    states = {Scope.MARKETING: contact.marketing, Scope.TRANSACTIONAL: contact.transactional}
    return Person(
        id=contact.id,
        name=name_of(contact.first_name, contact.last_name, contact.phone),
        phone=phone_words(contact.phone),
        badges=tuple(
            Badge(f"{SCOPE[scope]}: {CONSENT[state].lower()}", CONSENT_TONE[state])
            for scope, state in states.items()
            if state is not ConsentState.NONE
        ),
    )
