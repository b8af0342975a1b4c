"""What a container holds now, and what it weighs empty."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.scope import Reach
from app.batches.models import Batch, Label
from app.batches.read import batches_within


@dataclass(frozen=True)
class Holds:
    """How many bags in the reader's reach a container holds, and their grams."""

    bags: int
    mass_g: int
    tare_g: int | None


async def holds_of(session: AsyncSession, reach: Reach, container: str) -> Holds:
    """Return what a container holds; one statement however much that is."""
    inside = (Batch.container == container, batches_within(reach))
    totals = select(func.count(), func.coalesce(func.sum(Batch.mass_g), 0)).where(*inside)
    tare = select(Label.tare_g).where(Label.code == container).scalar_subquery()
    bags, mass_g, tare_g = (await session.execute(totals.add_columns(tare))).one()
    return Holds(bags, int(mass_g), tare_g)
