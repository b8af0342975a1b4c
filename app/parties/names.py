"""What sites are called: a name on a sign is public, whoever asks."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.parties.models import Site


async def site_names(session: AsyncSession, codes: Iterable[str]) -> dict[str, str]:
    """Return the names of sites by code."""
    query = select(Site.code, Site.name).where(Site.code.in_(set(codes)))
    return {row.code: row.name for row in await session.execute(query)}
