from __future__ import annotations

import gc
from datetime import datetime

from sqlalchemy import event

from models import Database
from tests.factories import make_shop


def test_should_ask_for_its_shop_once_however_often_it_is_mentioned(
    database: Database, now: datetime
) -> None:
    shop = make_shop(database, now=now)
    statements: list[str] = []

    def note(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    event.listen(database.engine, "before_cursor_execute", note)
    with database.shop_session(shop.id) as session:
        for _ in range(3):
            assert session.shop.domain == shop.domain
            gc.collect()
    assert len([each for each in statements if "FROM shops" in each]) == 1
