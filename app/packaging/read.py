"""The packaging vocabularies and the unit weights in force on a day."""

from collections.abc import Sequence
from datetime import date
from typing import Literal

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.packaging.models import Term, UnitWeight, UnitWeightVersion

Vocabulary = Literal["material", "form", "size"]
Piece = tuple[str, str, str]
"""Slugs of material, form and size."""


async def list_terms(
    session: AsyncSession, vocabulary: Vocabulary, *, after: int = -1, limit: int
) -> Sequence[Term]:
    """Return the words of a vocabulary in their order, after position `after`."""
    query = (
        select(Term)
        .where(Term.vocabulary == vocabulary, Term.position > after)
        .order_by(Term.position)
        .limit(limit)
    )
    return (await session.scalars(query)).all()


async def version_on(session: AsyncSession, on: date) -> UnitWeightVersion | None:
    """Return the version of the unit weights in force on a day, None before the first."""
    query = (
        select(UnitWeightVersion)
        .where(UnitWeightVersion.valid_from <= on)
        .order_by(UnitWeightVersion.valid_from.desc(), UnitWeightVersion.version.desc())
        .limit(1)
    )
    found: UnitWeightVersion | None = await session.scalar(query)
    return found


async def list_unit_weights(
    session: AsyncSession, version: int, *, after: Piece = ("", "", ""), limit: int
) -> Sequence[UnitWeight]:
    """Return a version's unit weights by material, form and size after `after`."""
    piece = tuple_(UnitWeight.material, UnitWeight.form, UnitWeight.size)
    query = (
        select(UnitWeight)
        .where(UnitWeight.version == version, piece > after)
        .order_by(UnitWeight.material, UnitWeight.form, UnitWeight.size)
        .limit(limit)
    )
    return (await session.scalars(query)).all()
