"""What the tests of tokens do again and again."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select, update

from models import Database, ShopToken
from tests.integration.shopify_auth.conftest import MAPLE
from tests.sessions import session_token


def visit(web: Flask, shop: str = MAPLE, **about: Any) -> int:
    """Open the app as Shopify does: with a token in the address."""
    token = session_token(shop, **about)
    return web.test_client().get(f"/?shop={shop}&host=x&embedded=1&id_token={token}").status_code


def row_of(database: Database, shop_id: uuid.UUID) -> ShopToken:
    with database.shop_session(shop_id) as session:
        return session.scalars(select(ShopToken)).one()


def change(database: Database, shop_id: uuid.UUID, **values: Any) -> None:
    with database.shop_session(shop_id) as session:
        session.execute(update(ShopToken).values(**values))


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=30)


def hours_ago(hours: float) -> datetime:
    return datetime.now(UTC) - timedelta(hours=hours)
