"""Runs migrations as the owner role, one at a time, never waiting long for a lock."""

import asyncio
from typing import Any

from alembic import context
from sqlalchemy import Connection, pool, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from app.all_models import Base

LOCK_KEY = 7_211_793
"""Two migrations never run at once: the number of the policy document, as good as any."""


def run(connection: Connection) -> None:
    """Migrate in one transaction under an advisory lock."""
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        # A migration that waits behind a long query makes every later query wait behind it.
        connection.execute(text("SELECT set_config('lock_timeout', '10s', true)"))
        connection.execute(text("SELECT set_config('statement_timeout', '0', true)"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
        context.run_migrations()


async def connect_and_run(url: str) -> None:
    """Open one connection of our own; alembic is synchronous inside it."""
    address = make_url(url).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(address, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)
        await connection.commit()
    await engine.dispose()


config: Any = context.config
if config.attributes.get("connection") is not None:
    run(config.attributes["connection"])
else:
    asyncio.run(connect_and_run(config.get_main_option("sqlalchemy.url")))
