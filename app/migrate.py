"""Bring a database to the newest schema, or tell whether it is there."""

from functools import lru_cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.config import ROOT


def configuration(url: str = "") -> Config:
    """Return alembic's configuration for an owner's address."""
    config = Config(str(Path(ROOT) / "alembic.ini"))
    config.set_main_option("script_location", str(Path(ROOT) / "migrations"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


class UnknownSchemaError(RuntimeError):
    """The database is at a revision that this code does not know: other software made it."""


def upgrade(owner_url: str) -> None:
    """Run all migrations that are missing, as the owner of the database."""
    try:
        command.upgrade(configuration(owner_url), "head")
    except CommandError as error:
        raise UnknownSchemaError(
            "数据库是另一个版本的程序建立的，本程序不认识它的结构，没有改动它。请换用那个版本，"
            "或换一个空库（演示数据可删去 var/demo 重新装入）。"
            f" / The database was made by another version of this software: {error}"
        ) from error


@lru_cache(maxsize=1)
def newest() -> str:
    """Return the revision that this code expects; read once, for a probe asks every few seconds."""
    head = ScriptDirectory.from_config(configuration()).get_current_head()
    assert head is not None
    return head


async def current(session: AsyncSession) -> str | None:
    """Return the revision that the database is at, None where there is no schema."""
    known = await session.scalar(text("SELECT to_regclass('alembic_version') IS NOT NULL"))
    if not known:
        return None
    found: str | None = await session.scalar(text("SELECT version_num FROM alembic_version"))
    return found
