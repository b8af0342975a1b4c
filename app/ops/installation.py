"""What kind of installation a database belongs to: the real one or a demonstration."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.areas.models import PROVINCE
from app.auth.caller import Caller
from app.db import Database
from app.ops.models import Installation

SYSTEM_CALLER = Caller(
    id=UUID("00000000-0000-7000-8000-000000000000"),
    username="system",
    display_name="系统初始化",
    role="province",
    area=PROVINCE,
    department="agriculture",
)
"""Who declares what comes with the software; no account signs in as it."""


async def installation_of(database: Database) -> Installation | None:
    """Return what kind of installation a database is, None where it is new."""
    async with database.read() as session:
        return await session.scalar(select(Installation))


async def install(database: Database, *, demo: bool, log_origin: str, now: datetime) -> None:
    """Write down what kind of installation this is; the first word stands."""
    async with database.write() as session:
        row = insert(Installation).values(
            one=1, demo=demo, log_origin=log_origin, created_at=now, loaded_at=None
        )
        await session.execute(row.on_conflict_do_nothing(index_elements=["one"]))


async def mark_loaded(database: Database, now: datetime) -> None:
    """Write down that the first loading is complete; an interrupted one begins anew."""
    async with database.write() as session:
        found = await session.scalar(select(Installation))
        assert found is not None, "install comes first"
        found.loaded_at = now
