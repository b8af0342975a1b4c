"""Cosignatures of witnesses: kept beside the checkpoint, and served under it."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.transparency.models import LogCheckpoint, LogCosignature


async def keep_cosignatures(session: AsyncSession, size: int, lines: Mapping[str, str]) -> None:
    """Keep verified lines, each with its newline, by verifier key, of a checkpoint that is there.

    A witness that cosigned this checkpoint before keeps its first line.
    """
    for vkey, line in lines.items():
        await session.execute(
            insert(LogCosignature).values(size=size, vkey=vkey, line=line).on_conflict_do_nothing()
        )


async def served_note(session: AsyncSession, checkpoint: LogCheckpoint) -> str:
    """Return a checkpoint's note with the lines of its witnesses, in the order of their keys."""
    query = select(LogCosignature).where(LogCosignature.size == checkpoint.size)
    # Sorted here: the order of a database's texts depends on its settings.
    kept = sorted(await session.scalars(query), key=lambda one: one.vkey)
    return "".join([checkpoint.note, *(one.line for one in kept)])
