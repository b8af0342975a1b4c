"""Batches by their latest change, newest first: what people look for on a page."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.expression import cast
from sqlalchemy.types import Text

from app.areas.scope import Reach
from app.batches.models import Batch
from app.batches.read import batches_within


async def latest_batches(
    session: AsyncSession,
    reach: Reach,
    *,
    counties: Collection[str] = (),
    site: str = "",
    statuses: Collection[str] = (),
    before: tuple[datetime, str] | None = None,
    limit: int,
) -> Sequence[Batch]:
    """Return batches in reach by (updated_at, code) backwards, before `before`.

    `counties` keeps those with an origin or a step in one of them; `site` those it holds or sent.
    """
    query = (
        select(Batch)
        .where(batches_within(reach))
        .order_by(Batch.updated_at.desc(), Batch.code.desc())
        .limit(limit)
    )
    if counties:
        query = query.where(Batch.seen_by.op("&&")(cast(sorted(counties), ARRAY(Text()))))
    if site:
        query = query.where(Batch.site == site)
    if statuses:
        query = query.where(Batch.status.in_(statuses))
    if before is not None:
        query = query.where(tuple_(Batch.updated_at, Batch.code) < before)
    return (await session.scalars(query)).all()
