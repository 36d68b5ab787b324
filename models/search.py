"""Finding a conversation by a name, any part of a number, or an order.

The look-up is a function of the database (migrations/versions/0009_inbox.py), because the index
that makes it fast is of no use under row-level security. It takes the shop from the session, as
the policies do, and answers with ids only: the rows are then read within the walls.
"""

from __future__ import annotations

import re
import uuid

from sqlalchemy import text

from models.session import ShopSession

# Someone who types a number: whatever people put between digits, and nothing else.
_NUMBER = re.compile(r"[\d\s()+./-]+")
# Fewer digits are in nearly every number.
FEWEST_DIGITS = 3
LONGEST_QUERY = 100

_FIND = text("SELECT id FROM find_conversations(:text, :digits, :order, :limit)")


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
