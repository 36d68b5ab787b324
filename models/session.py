"""Sessions that cannot leave their shop, and wake-up calls that cannot precede their commit.

Three walls stand between two shops: this guard (criteria on every statement, refusal of unscoped
ones, stamping of new rows), composite foreign keys, and row-level security in the database, which
also holds for raw SQL.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import (
    ORMExecuteState,
    Session,
    SessionTransaction,
    UOWTransaction,
    with_loader_criteria,
)

from models.base import Tenant
from models.shops import Shop
from models.vault import Vault

APP_ROLE = "parley_app"

# A database that went away without a word is noticed in seconds; the system's own limits are hours
# for a silent connection and minutes for a new one. Seconds, and for the last one milliseconds.
CONNECT_ARGS = {
    "connect_timeout": 4,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}

# A process that was stopped in the middle of a transaction must not keep its locks: a STOP may wait
# for them, and a carrier waits 15 seconds for the answer to one.
LONGEST_IDLE_IN_TRANSACTION = "10s"

_ENTER_SHOP = text(
    "SELECT set_config('role', :role, true), set_config('app.shop_id', :shop_id, true), "
    "set_config('idle_in_transaction_session_timeout', :idle, true)"
)


class TenancyError(Exception):
    """A bug: a statement or row that belongs to no shop or to another one."""


@dataclass(frozen=True, slots=True)
class Wake:
    """A wake-up call for a kind of work, such as `dispatch` for one sender."""

    kind: str
    key: str = ""


class ShopSession(Session):
    """A session for one shop's rows, or with `shop_id` None for those that belong to none."""

    shop_id: uuid.UUID | None
    vault: Vault

    def wake(self, kind: str, key: object = "") -> None:
        """Ask for a worker once this transaction has committed, and not if it does not."""
        _wakes(self).add(Wake(kind, str(key)))

    @property
    def shop(self) -> Shop:
        """The shop of this session.

        Raises:
            TenancyError: the session has none.
        """
        shop = None if self.shop_id is None else self.get(Shop, self.shop_id)
        if shop is None:
            raise TenancyError("this session belongs to no shop")
        # A session holds its rows weakly; without this each mention of the shop would be a query.
        self.info["shop"] = shop
        return shop


def _wakes(session: Session) -> set[Wake]:
    wakes: set[Wake] = session.info.setdefault("wakes", set())
    return wakes


class Database:
    """The engine, the keys, and what to do with the wake-up calls of committed transactions."""

    def __init__(
        self,
        url: str,
        *,
        vault: Vault,
        on_wake: Callable[[frozenset[Wake]], None] = lambda _wakes: None,
        pool_size: int = 10,
    ) -> None:
        self.vault = vault
        self.on_wake = on_wake
        self.engine: Engine = create_engine(
            url,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=True,
            # An error's message is logged; a statement's values are people's names and words.
            hide_parameters=True,
            connect_args=CONNECT_ARGS,
        )

    @contextmanager
    def shop_session(self, shop_id: uuid.UUID) -> Iterator[ShopSession]:
        """Open a transaction on one shop's rows; commit at the end, roll back on an exception."""
        with self._session(shop_id) as session:
            yield session

    @contextmanager
    def shared_session(self) -> Iterator[ShopSession]:
        """Open a transaction that sees no shop's rows: heartbeats, and questions across shops."""
        with self._session(None) as session:
            yield session

    @contextmanager
    def _session(self, shop_id: uuid.UUID | None) -> Iterator[ShopSession]:
        session = ShopSession(self.engine, expire_on_commit=False)
        session.shop_id = shop_id
        session.vault = self.vault
        session.info["on_wake"] = self.on_wake
        with session, session.begin():
            yield session

    def dispose(self) -> None:
        self.engine.dispose()


@event.listens_for(ShopSession, "after_begin")
def _enter_the_shop(
    session: ShopSession, transaction: SessionTransaction, connection: Connection
) -> None:
    # Both end with the transaction, so a pool or a pooler never hands them to the next user.
    if transaction.nested:
        return
    shop_id = "" if session.shop_id is None else str(session.shop_id)
    settings = {"role": APP_ROLE, "shop_id": shop_id, "idle": LONGEST_IDLE_IN_TRANSACTION}
    connection.execute(_ENTER_SHOP, settings)


@event.listens_for(ShopSession, "do_orm_execute")
def _keep_statements_in_the_shop(state: ORMExecuteState) -> None:
    session = state.session
    assert isinstance(session, ShopSession)
    classes = {mapper.class_ for mapper in state.all_mappers}
    touches_tenants = any(issubclass(entity, (Tenant, Shop)) for entity in classes)
    if session.shop_id is None:
        if touches_tenants:
            raise TenancyError("a shop's rows can only be reached in that shop's session")
        return
    shop_id = session.shop_id
    if state.is_insert:
        _refuse_foreign_values(state, shop_id)
        return
    state.statement = state.statement.options(
        with_loader_criteria(Tenant, lambda table: table.shop_id == shop_id, include_aliases=True),
        with_loader_criteria(Shop, lambda table: table.id == shop_id, include_aliases=True),
    )


def _refuse_foreign_values(state: ORMExecuteState, shop_id: uuid.UUID) -> None:
    parameters: Any = state.parameters or {}
    for values in parameters if isinstance(parameters, list) else [parameters]:
        if "shop_id" in values and values["shop_id"] != shop_id:
            raise TenancyError("a row of another shop cannot be written in this session")


@event.listens_for(ShopSession, "before_flush")
def _stamp_new_rows(session: ShopSession, _context: UOWTransaction, _instances: object) -> None:
    for row in session.new:
        if isinstance(row, Shop):
            if row.id != session.shop_id:
                raise TenancyError("a shop is made in its own session")
        elif isinstance(row, Tenant):
            if session.shop_id is None:
                raise TenancyError(f"a {type(row).__name__} belongs to a shop")
            if getattr(row, "shop_id", None) is None:
                row.shop_id = session.shop_id
    for row in (*session.new, *session.dirty, *session.deleted):
        if isinstance(row, Tenant) and row.shop_id != session.shop_id:
            raise TenancyError(f"a {type(row).__name__} of another shop is in this session")


@event.listens_for(ShopSession, "after_commit")
def _pass_on_the_wake_up_calls(session: ShopSession) -> None:
    # Also fires when a SAVEPOINT is released: what it holds is not committed yet.
    if session.in_nested_transaction():
        return
    wakes = frozenset(_wakes(session))
    _wakes(session).clear()
    if wakes:
        session.info["on_wake"](wakes)


@event.listens_for(ShopSession, "after_rollback")
def _forget_the_wake_up_calls(session: ShopSession) -> None:
    if not session.in_nested_transaction():
        _wakes(session).clear()


class DatabaseError(Exception):
    """The database cannot be used as it is. The message is a sentence that says what to do."""


class UnsafeRoleError(DatabaseError):
    """The database role could go around row-level security."""


def refuse_what_cannot_be_served(database: Database) -> None:
    """Make sure that there is a database, set up and with its walls, before anything is served.

    Raises:
        DatabaseError: there is none, it was not migrated, or this login could go around its walls.
    """
    try:
        refuse_an_unsafe_role(database)
        with database.shared_session() as session:
            migrated = session.scalar(text("SELECT to_regclass('public.outbox') IS NOT NULL"))
    except OperationalError:
        # Not the driver's own words: they repeat the address with the user in it.
        raise DatabaseError("The database at DATABASE_URL does not answer.") from None
    except DBAPIError:
        migrated = False  # not even the role that is stepped down to
    if not migrated:
        raise DatabaseError(
            "The database at DATABASE_URL is not set up for this login: run `alembic upgrade head`."
        )


def refuse_an_unsafe_role(database: Database) -> None:
    """Make sure that the walls hold for this login before anything is served.

    Raises:
        UnsafeRoleError: the effective role is a superuser, bypasses row-level security, or owns
            the tables.
    """
    with database.shared_session() as session:
        role = session.execute(
            text(
                "SELECT rolsuper OR rolbypassrls OR EXISTS (SELECT FROM pg_tables "
                "WHERE schemaname = 'public' AND tableowner = rolname) AS unsafe, rolname "
                "FROM pg_roles WHERE rolname = current_user"
            )
        ).one()
    if role.unsafe:
        raise UnsafeRoleError(
            f"The database role {role.rolname} can see every shop's rows. "
            f"Use a role that owns no table and has neither SUPERUSER nor BYPASSRLS."
        )
