"""What a container holds now, and what it weighs empty."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.scope import Reach
from app.batches.models import Batch, Label
from app.batches.read import batches_within

SHOWN = 500


@dataclass(frozen=True)
class Holds:
    """The bags in a container that are in the reader's reach, the first of them by code."""

    bags: int
    mass_g: int
    shown: list[tuple[str, int]]
    """(code, grams) of at most SHOWN."""
    tare_g: int | None


async def holds_of(session: AsyncSession, reach: Reach, container: str) -> Holds:
    """Return what a container holds; two statements however much that is."""
    inside = (Batch.container == container, batches_within(reach))
    totals = select(func.count(), func.coalesce(func.sum(Batch.mass_g), 0)).where(*inside)
    tare = select(Label.tare_g).where(Label.code == container).scalar_subquery()
    bags, mass_g, tare_g = (await session.execute(totals.add_columns(tare))).one()
    query = select(Batch.code, Batch.mass_g).where(*inside).order_by(Batch.code).limit(SHOWN)
    shown = [(code, grams) for code, grams in await session.execute(query)]
    return Holds(bags, int(mass_g), shown, tare_g)
