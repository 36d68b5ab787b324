"""How many statements a block sends to the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import event

from models import Database


@dataclass
class Statements:
    sent: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.sent)


@contextmanager
def statements(database: Database) -> Iterator[Statements]:
    seen = Statements()

    def note(_c: object, _k: object, statement: str, *_rest: object) -> None:
        seen.sent.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
