"""Finding a conversation or a contact by a name, any part of a number, or an order.

The look-ups are functions of the database (migrations/versions/0009 and 0011), because the indexes
that make them fast are of no use under row-level security. They take the shop from the session, as
the policies do, and answer with ids only: the rows are then read within the walls.
"""

from __future__ import annotations

import re
import uuid

from sqlalchemy import ColumnElement, func, or_, text

from models.people import Contact
from models.session import ShopSession

# Someone who types a number: whatever people put between digits, and nothing else.
_NUMBER = re.compile(r"[\d\s()+./-]+")
# Fewer digits are in nearly every number.
FEWEST_DIGITS = 3
LONGEST_QUERY = 100

_FIND = text("SELECT id FROM find_conversations(:text, :digits, :order, :limit)")

_FIND_CONTACTS = text("SELECT find_contacts(:text, :digits, :most)")
# Of more people than these, a page of the newest is found quickly by walking.
FEW_CONTACTS = 2000


def find_conversations(session: ShopSession, query: str, *, limit: int) -> list[uuid.UUID]:
    """Return the ids of at most `limit` conversations, those heard of last first."""
    words = " ".join(query.replace("\0", "").split())[:LONGEST_QUERY].lower()
    if not words:
        return []
    found = session.scalars(
        _FIND,
        {"text": _anywhere(words), "digits": _digits(words), "order": _order(words)}
        | {"limit": limit},
    )
    return list(found)


def matching_contacts(session: ShopSession, query: str) -> ColumnElement[bool] | None:
    """Return the condition for contacts that match a name or part of a number; None for all."""
    words = " ".join(query.replace("\0", "").split())[:LONGEST_QUERY].lower()
    if not words:
        return None
    name, digits = _anywhere(words), _digits(words)
    found: list[uuid.UUID] | None = session.scalar(
        _FIND_CONTACTS, {"text": name, "digits": digits, "most": FEW_CONTACTS}
    )
    if found is not None:
        return Contact.id.in_(found)
    named = func.lower(
        func.coalesce(Contact.first_name, "") + " " + func.coalesce(Contact.last_name, "")
    )
    return or_(named.like(name), Contact.phone.like(digits)) if digits else named.like(name)


def _anywhere(words: str) -> str:
    """Match one or two letters only where a name begins: trigrams cannot find them elsewhere."""
    start = "%" if len(words) >= FEWEST_DIGITS else ""
    return f"{start}{_literal(words)}%"


def _digits(words: str) -> str | None:
    digits = re.sub(r"\D", "", words, flags=re.ASCII)
    if len(digits) < FEWEST_DIGITS or not _NUMBER.fullmatch(words):
        return None
    # At home a number begins with a zero that is not part of it abroad.
    return f"%{digits.lstrip('0') or digits}%"


def _order(words: str) -> str | None:
    return f"%{_literal(words)}%" if len(words) >= FEWEST_DIGITS else None


def _literal(words: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", words)
