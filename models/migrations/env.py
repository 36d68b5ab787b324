"""Runs the migrations: one at a time over all machines, and never waiting for ever on a lock."""

from __future__ import annotations

import os

from alembic import context
from sqlalchemy import NullPool, create_engine, text

from models import Base
from settings import use_psycopg3

# Two releases started at once must not both migrate; the number is arbitrary and ours.
MIGRATION_LOCK = 7_275_395


def run_online() -> None:
    url = context.config.get_main_option("sqlalchemy.url") or os.environ["DATABASE_URL"]
    # No pool: it would keep the lock of a migration that failed for as long as the process lives.
    engine = create_engine(use_psycopg3(url), poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
        connection.commit()
        # A migration that waits for a lock stops everyone who queues up behind it.
        connection.execute(text("SET lock_timeout = '5s'"))
        connection.commit()
        context.configure(connection=connection, target_metadata=Base.metadata)
        with context.begin_transaction():
            context.run_migrations()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": MIGRATION_LOCK})
        connection.commit()
    engine.dispose()


run_online()
