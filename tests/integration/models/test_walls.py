"""Crossing from one shop to another fails at each wall by itself."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import create_engine, delete, insert, select, text, update
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import aliased

from models import (
    ConsentEvent,
    Contact,
    Conversation,
    Database,
    Message,
    TenancyError,
    Wake,
    new_id,
)
from models.base import Base, Tenant
from models.enums import ConversationStatus, Purpose
from models.session import UnsafeRoleError, refuse_an_unsafe_role
from tests.factories import ADA, BEN, MadeShop, make_contact, make_shop, queue_text


@pytest.fixture
def shops(database: Database, now: datetime) -> tuple[MadeShop, MadeShop]:
    mine, theirs = make_shop(database, now=now), make_shop(database, now=now)
    for shop, phone in ((mine, ADA), (theirs, BEN)):
        with database.shop_session(shop.id) as session:
            contact = make_contact(session, now=now, phone=phone)
            queue_text(session, contact, now=now)
    return mine, theirs


def test_should_only_find_own_rows_by_select_get_join_and_alias(
    database: Database, shops: tuple[MadeShop, MadeShop]
) -> None:
    mine, theirs = shops
    with database.shop_session(theirs.id) as session:
        foreign = session.scalars(select(Contact)).one()
    with database.shop_session(mine.id) as session:
        assert [contact.phone for contact in session.scalars(select(Contact))] == [ADA]
        assert session.get(Contact, foreign.id) is None
        joined = select(Message, Contact).join(Contact, Contact.id == Message.contact_id)
        assert {contact.phone for _, contact in session.execute(joined)} == {ADA}
        other = aliased(Contact)
        assert [row.phone for row in session.scalars(select(other))] == [ADA]


def test_should_not_change_or_delete_foreign_rows_in_bulk(
    database: Database, shops: tuple[MadeShop, MadeShop]
) -> None:
    mine, theirs = shops
    with database.shop_session(mine.id) as session:
        session.execute(update(Contact).values(first_name="Eve"))
        session.execute(update(Contact).where(Contact.phone == BEN).values(last_name="Eve"))
        session.execute(delete(Conversation).where(Conversation.shop_id == theirs.id))
    with database.shop_session(theirs.id) as session:
        contact = session.scalars(select(Contact)).one()
        assert (contact.first_name, contact.last_name) == (None, None)
        assert session.scalars(select(Conversation)).one() is not None


def test_should_refuse_tenant_rows_outside_any_shop(database: Database) -> None:
    with database.shared_session() as session, pytest.raises(TenancyError):
        session.scalars(select(Contact)).all()


def test_should_refuse_a_row_of_another_shop_in_the_session(
    database: Database, shops: tuple[MadeShop, MadeShop], now: datetime
) -> None:
    mine, theirs = shops
    conversation = Conversation(
        shop_id=theirs.id, contact_id=new_id(), status=ConversationStatus.OPEN, created_at=now
    )
    with pytest.raises(TenancyError), database.shop_session(mine.id) as session:
        session.add(conversation)
    with pytest.raises(TenancyError), database.shop_session(mine.id) as session:
        session.execute(
            insert(Conversation),
            [{"shop_id": theirs.id, "contact_id": new_id(), "status": "open", "created_at": now}],
        )


def test_should_not_let_a_key_point_into_another_shop(
    database: Database, shops: tuple[MadeShop, MadeShop], empty_database: str
) -> None:
    """The second wall, alone: as the tables' owner, for whom no policy holds."""
    mine, theirs = shops
    with database.shop_session(theirs.id) as session:
        foreign = session.scalars(select(Contact)).one().id
    owner = create_engine(empty_database)
    with pytest.raises(IntegrityError), owner.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO conversations (id, shop_id, contact_id, status, unread, version, "
                "created_at) VALUES (:id, :shop, :contact, 'open', 0, 0, now())"
            ),
            {"id": new_id(), "shop": mine.id, "contact": foreign},
        )
    owner.dispose()


@pytest.mark.parametrize(
    "table", [t.name for t in Base.metadata.sorted_tables if t.name != "heartbeats"]
)
def test_should_hide_every_table_from_raw_sql_of_another_shop(
    table: str, database: Database, shops: tuple[MadeShop, MadeShop]
) -> None:
    mine, theirs = shops
    column = "id" if table == "shops" else "shop_id"
    with database.shop_session(mine.id) as session:
        assert not session.scalar(
            text(f"SELECT count(*) FROM {table} WHERE {column} = :shop"), {"shop": theirs.id}
        )


def test_should_refuse_a_foreign_row_written_by_raw_sql(
    database: Database, shops: tuple[MadeShop, MadeShop]
) -> None:
    mine, theirs = shops
    with database.shop_session(theirs.id) as session:
        contact_id = session.scalars(select(Contact)).one().id
    with pytest.raises(ProgrammingError), database.shop_session(mine.id) as session:
        session.execute(
            text(
                "INSERT INTO conversations (id, shop_id, contact_id, status, unread, version, "
                "created_at) VALUES (:id, :shop, :contact, 'open', 0, 0, now())"
            ),
            {"id": new_id(), "shop": theirs.id, "contact": contact_id},
        )


def test_should_leave_nothing_of_a_shop_behind_in_a_pooled_connection(
    database: Database, shops: tuple[MadeShop, MadeShop]
) -> None:
    mine, _ = shops
    with database.shop_session(mine.id) as session:
        session.scalars(select(Contact)).one()
    with database.shared_session() as session:
        assert session.scalar(text("SELECT count(*) FROM contacts")) == 0


def test_should_have_every_tenant_table_behind_the_wall(empty_database: str) -> None:
    tenants = {
        str(mapper.class_.__tablename__)
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, Tenant) and issubclass(mapper.class_, Base)
    } | {"shops"}
    owner = create_engine(empty_database)
    with owner.connect() as connection:
        walled = set(
            connection.scalars(
                text(
                    "SELECT relname FROM pg_class JOIN pg_policy ON polrelid = pg_class.oid "
                    "WHERE relrowsecurity"
                )
            )
        )
    owner.dispose()
    assert walled == tenants


def test_should_refuse_to_serve_with_a_login_that_sees_everything(database: Database) -> None:
    refuse_an_unsafe_role(database)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("models.session.APP_ROLE", "parley")
        with pytest.raises(UnsafeRoleError, match="owns no table"):
            refuse_an_unsafe_role(database)


def test_should_refuse_to_change_the_ledger_even_as_its_owner(
    database: Database, shops: tuple[MadeShop, MadeShop], empty_database: str
) -> None:
    mine, _ = shops
    with pytest.raises(ProgrammingError), database.shop_session(mine.id) as session:
        session.execute(update(ConsentEvent).values(actor="nobody"))
    owner = create_engine(empty_database)
    for statement in ("UPDATE consent_events SET actor = 'x'", "DELETE FROM consent_events"):
        with pytest.raises(ProgrammingError, match="append-only"), owner.begin() as connection:
            connection.execute(text(statement))
    owner.dispose()


@pytest.mark.parametrize("purpose", [Purpose.MARKETING, Purpose.TRANSACTIONAL])
def test_should_not_start_a_text_without_consent_even_by_hand_in_the_database(
    purpose: Purpose, database: Database, now: datetime, empty_database: str
) -> None:
    shop = make_shop(database, now=now)
    with database.shop_session(shop.id) as session:
        contact = make_contact(session, now=now, transactional=False)
        queue_text(session, contact, now=now, purpose=purpose)
    owner = create_engine(empty_database)
    with pytest.raises(IntegrityError, match="no live"), owner.begin() as connection:
        connection.execute(text("UPDATE messages SET status = 'sending'"))
    owner.dispose()


def test_should_pass_on_wake_up_calls_after_the_commit_and_only_then(
    database: Database, shops: tuple[MadeShop, MadeShop], wakes: list[Wake]
) -> None:
    mine, _ = shops
    wakes.clear()
    with database.shop_session(mine.id) as session:
        with session.begin_nested():
            session.wake("kind", "released savepoint")
        assert wakes == []
    assert wakes == [Wake("kind", "released savepoint")]
    with pytest.raises(ZeroDivisionError):
        _wake_and_fail(database, mine)
    assert len(wakes) == 1


def _wake_and_fail(database: Database, shop: MadeShop) -> None:
    with database.shop_session(shop.id) as session:
        session.wake("kind", "rolled back")
        _ = 1 / 0
