"""Each shop's token for the Admin API: kept encrypted, renewed once however many ask for it.

Whoever renews a token holds its row's lock meanwhile, also over the request: a second renewal with
the same refresh token would invalidate what the first one got. Everybody else waits for the row
and then finds it done. Should the answer be lost, or the process die before its commit, the old
refresh token is still good: Shopify keeps it until its replacement is used (changelog 2026-08-28).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import structlog
from psycopg.errors import LockNotAvailable
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError

from models import Database, ShopSession, ShopToken, StaffMember, new_id
from models.across_shops import shops_with_idle_tokens
from models.enums import TokenGrant, TokenState
from shopify.grants import Denied, Granted, Grants
from shopify.installs import Visit
from shopify.session_tokens import Identity
from shopify.shops import note_scopes
from shopify.token_rows import (
    NO_ANSWER,
    RENEW_IDLE_AFTER,
    SHOP_CONNECTION,
    AccessToken,
    NoToken,
    forget,
    is_idle,
    is_look_due,
    opened,
    store,
    usable,
)

log = structlog.get_logger(__name__)

# A renewal makes at most three requests of ten seconds.
WAIT_FOR_RENEWAL = "35s"


class TokenStore:
    """Hands out each shop's token, and renews it when it is due."""

    def __init__(
        self,
        database: Database,
        grants: Grants,
        *,
        clock: Callable[[], datetime],
        client_credentials: bool = False,
    ) -> None:
        self._database = database
        self._grants = grants
        self._clock = clock
        self._first_grant = (
            TokenGrant.CLIENT_CREDENTIALS if client_credentials else TokenGrant.EXCHANGE
        )

    def access_token(
        self, shop_id: uuid.UUID, *, rejected: str | None = None
    ) -> AccessToken | NoToken:
        """Return a shop's token, renewed if it is about to end or Shopify `rejected` it."""
        with self._database.shop_session(shop_id) as session:
            row = session.scalars(select(ShopToken)).first()
            if row is not None:
                found = usable(session, row, rejected=rejected, now=self._clock())
                if found is not None:
                    return found
        if row is None:
            self._make_row(shop_id)
        return self._renewed(shop_id, rejected=rejected, even_if_fresh=False)

    def renew_idle(self, shop_id: uuid.UUID) -> AccessToken | NoToken:
        """Renew a shop's tokens although nobody needs one, so that they do not die of disuse."""
        self._make_row(shop_id)
        return self._renewed(shop_id, rejected=None, even_if_fresh=True)

    def idle_shops(self) -> list[uuid.UUID]:
        with self._database.shared_session() as session:
            return shops_with_idle_tokens(session, before=self._clock() - RENEW_IDLE_AFTER)

    def is_look_due(self, shop_id: uuid.UUID) -> bool:
        """Say whether it is time to ask Shopify about the shop itself."""
        with self._database.shop_session(shop_id) as session:
            row = session.scalars(select(ShopToken)).first()
            return row is not None and is_look_due(row, now=self._clock())

    def note_visit(self, who: Identity, visit: Visit) -> None:
        """Do what only a visitor's session token makes possible: a first token, and their name."""
        if visit.needs_token:
            self._exchange(visit.shop_id, who)
        if visit.needs_name:
            self._learn_name(visit, who)
        if self.is_look_due(visit.shop_id):
            with self._database.shop_session(visit.shop_id) as session:
                session.wake(SHOP_CONNECTION, visit.shop_id)

    def take(
        self, shop_id: uuid.UUID, get: Callable[[], Granted | Denied], *, state_made_at: datetime
    ) -> bool | None:
        """Get and store what an authorization brings; None if its state was used before."""
        self._make_row(shop_id)
        with self._locked(shop_id) as (session, row):
            if row.state_used is not None and state_made_at <= row.state_used:
                return None
            row.state_used = state_made_at
            row.granted_by = TokenGrant.AUTHORIZATION_CODE
            return store(session, row, get(), now=self._clock()) is None

    def use(self, shop_id: uuid.UUID, grant: TokenGrant) -> None:
        """Choose how a shop's tokens are come by from now on."""
        self._make_row(shop_id)
        with self._locked(shop_id) as (_session, row):
            row.granted_by = grant
            forget(row)

    def _exchange(self, shop_id: uuid.UUID, who: Identity) -> None:
        self._make_row(shop_id)
        try:
            with self._locked(shop_id) as (session, row):
                # Several requests of one page come at once: the first one exchanged for all.
                works = isinstance(
                    usable(session, row, rejected=None, now=self._clock()), AccessToken
                )
                if works or row.granted_by is TokenGrant.CLIENT_CREDENTIALS:
                    return
                row.granted_by = TokenGrant.EXCHANGE
                granted = self._grants.exchange(who)
                # A session token that is too old says nothing about the shop's own tokens.
                if granted is not Denied.GRANT_IS_DEAD:
                    store(session, row, granted, now=self._clock())
        except OperationalError as error:
            if not isinstance(error.orig, LockNotAvailable):
                raise
            log.warning("token_lock_timeout", shop_id=str(shop_id))

    def _learn_name(self, visit: Visit, who: Identity) -> None:
        """Ask who this is. The token that comes with the answer is the person's, and not kept."""
        granted = self._grants.exchange(who, online=True)
        if isinstance(granted, Denied) or granted.staff is None:
            return
        with self._database.shop_session(visit.shop_id) as session:
            staff = session.get_one(StaffMember, visit.user_id)
            staff.name, staff.locale = granted.staff.name, granted.staff.locale
            staff.account_owner = granted.staff.account_owner

    def _renewed(
        self, shop_id: uuid.UUID, *, rejected: str | None, even_if_fresh: bool
    ) -> AccessToken | NoToken:
        try:
            with self._locked(shop_id) as (session, row):
                if not even_if_fresh or not is_idle(row, now=self._clock()):
                    # While this waited for the lock, somebody else may have renewed it.
                    found = usable(session, row, rejected=rejected, now=self._clock())
                    if found is not None:
                        return found
                return self._renew(session, row, rejected)
        except OperationalError as error:
            if not isinstance(error.orig, LockNotAvailable):
                raise
            log.warning("token_lock_timeout", shop_id=str(shop_id))
            return NoToken(TokenState.FRESH, NO_ANSWER)

    def _renew(
        self, session: ShopSession, row: ShopToken, rejected: str | None
    ) -> AccessToken | NoToken:
        denied = store(session, row, self._ask_again(session, row), now=self._clock())
        value = opened(session, row.access_token_encrypted)
        ended = row.expires_at is not None and row.expires_at <= self._clock()
        if value is not None and value != rejected and not ended:
            return AccessToken(session.shop.domain, value)
        log.warning("no_token", shop_id=str(row.shop_id), denied=denied, state=row.state)
        return NoToken(row.state, row.problem or NO_ANSWER)

    def _ask_again(self, session: ShopSession, row: ShopToken) -> Granted | Denied:
        domain = session.shop.domain
        if row.granted_by is TokenGrant.CLIENT_CREDENTIALS:
            return self._grants.client_credentials(domain)
        refresh_token = opened(session, row.refresh_token_encrypted)
        ended = row.refresh_expires_at is not None and row.refresh_expires_at <= self._clock()
        if refresh_token is None or ended:
            return Denied.GRANT_IS_DEAD
        return self._grants.refresh(domain, refresh_token)

    def _make_row(self, shop_id: uuid.UUID) -> None:
        """Make the row to lock, in a transaction of its own: inserting it holds the shop's row."""
        with self._database.shop_session(shop_id) as session:
            session.execute(
                insert(ShopToken)
                .values(
                    id=new_id(),
                    shop_id=shop_id,
                    granted_by=self._first_grant,
                    state=TokenState.NONE,
                )
                .on_conflict_do_nothing(index_elements=["shop_id"])
            )

    @contextmanager
    def _locked(self, shop_id: uuid.UUID) -> Iterator[tuple[ShopSession, ShopToken]]:
        with self._database.shop_session(shop_id) as session:
            session.execute(text(f"SET LOCAL lock_timeout = '{WAIT_FOR_RENEWAL}'"))
            row = session.scalars(select(ShopToken).with_for_update()).one()
            yield session, row
        # In a transaction of its own: an uninstall locks the shop first and its token second.
        if "scopes" in session.info:
            with self._database.shop_session(shop_id) as session_of_shop:
                note_scopes(session_of_shop, session.info["scopes"], now=self._clock())
