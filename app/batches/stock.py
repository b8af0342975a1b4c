"""What a site holds now, from the current state of its bags."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.batches.models import Batch

SEALED = ("collected", "stored", "received")
HELD = ("open", *SEALED)


@dataclass(frozen=True)
class Stock:
    """Bags, their grams, and whole days since the one longest here last changed."""

    bags: int
    mass_g: int
    oldest_days: int | None


async def stock_of(
    session: AsyncSession, site: str, now: datetime, statuses: Collection[str] = HELD
) -> Stock:
    """Return what stands at a site in some statuses."""
    since_us = cast(Batch.state["last"][0].astext, BigInteger)
    query = select(
        func.count(), func.coalesce(func.sum(Batch.mass_g), 0), func.min(since_us)
    ).where(Batch.site == site, Batch.status.in_(statuses))
    bags, mass_g, oldest_us = (await session.execute(query)).one()
    days = None
    if oldest_us is not None:
        days = max(0, (now - datetime.fromtimestamp(oldest_us / 1e6, UTC)).days)
    return Stock(bags, int(mass_g), days)
