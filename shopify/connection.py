"""How well a shop is connected: looked into by a job, and said in sentences on the pages."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import select, update

from models import Database, ShopSession, ShopToken
from models.enums import TokenState
from shopify.admin import AdminApi
from shopify.answers import Answer
from shopify.notices import ShopPayload
from shopify.reading import (
    Fields,
    as_moment,
    country_in,
    currency_in,
    flag_in,
    id_in,
    object_in,
    text_in,
    token_in,
)
from shopify.scopes import MissingScope, missing_scopes
from shopify.shops import apply_shop
from shopify.token_rows import NEVER_OPENED
from shopify.tokens import TokenStore

log = structlog.get_logger(__name__)

PATIENCE_OF_A_JOB = 60.0
_TEXT = 200


@dataclass(frozen=True, slots=True)
class Connection:
    """What a page should say about a shop's connection. Every sentence is for the merchant."""

    works: bool
    problem: str | None
    withheld: str | None
    missing_scopes: tuple[MissingScope, ...]


def connection_of(session: ShopSession) -> Connection:
    """Say how the session's shop is connected, from what is stored."""
    row = session.scalars(select(ShopToken)).first()
    works = row is not None and row.state is TokenState.FRESH
    problem = None if works else (row and row.problem) or NEVER_OPENED
    return Connection(
        works=works,
        problem=problem,
        withheld=row.withheld if row is not None else None,
        missing_scopes=tuple(missing_scopes(session.shop.scopes)),
    )


class ShopConnection:
    """Looks after a shop's connection from time to time."""

    def __init__(
        self,
        database: Database,
        tokens: TokenStore,
        admin_api: AdminApi,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._admin_api = admin_api
        self._clock = clock

    def look_after(self, shop_id: uuid.UUID) -> None:
        """Renew tokens that nobody used for a week, and learn what Shopify tells of the shop."""
        self._tokens.renew_idle(shop_id)
        if not self._tokens.is_look_due(shop_id):
            return
        facts = self._ask(shop_id, "ShopFacts")
        orders = self._ask(shop_id, "LatestOrders", {"first": 1})
        now = self._clock()
        with self._database.shop_session(shop_id) as session:
            if facts.data is not None:
                _apply(session, object_in(facts.data, "shop"), now=now)
        if facts.data is None:
            log.warning("shop_not_looked_at", shop_id=str(shop_id), problem=facts.problem)
            return
        with self._database.shop_session(shop_id) as session:
            session.execute(update(ShopToken).values(withheld=orders.explanation, looked_at=now))

    def _ask(
        self, shop_id: uuid.UUID, document: str, variables: dict[str, object] | None = None
    ) -> Answer:
        return self._admin_api.run(shop_id, document, variables, patience=PATIENCE_OF_A_JOB)


def _apply(session: ShopSession, shop: Fields, *, now: datetime) -> None:
    apply_shop(
        session,
        ShopPayload(
            shopify_id=id_in(shop, "id"),
            name=text_in(shop, "name", length=_TEXT),
            support_contact=text_in(shop, "contactEmail", length=_TEXT),
            iana_timezone=token_in(shop, "ianaTimezone", length=64),
            currency=currency_in(shop, "currencyCode"),
            country=country_in(object_in(shop, "shopAddress"), "countryCodeV2"),
            transactional_sms_disabled=flag_in(shop, "transactionalSmsDisabled"),
            updated_at=as_moment(shop.get("updatedAt")) or now,
        ),
        triggered_at=now,
    )
