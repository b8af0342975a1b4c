"""What leaves booked, as far as sums look at it: plain tuples, thousands of them a turn."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.balance.models import Posting
from app.balance.postings import MEMO
from app.orm import among


class Booked(NamedTuple):
    """One posting."""

    origin: str
    from_account: str
    to_account: str
    mass_g: int
    occurred_on: date


async def booked_by(session: AsyncSession, causes: Iterable[str]) -> dict[str, list[Booked]]:
    """Return what each event booked, memo transfers left out."""
    rows = await session.execute(
        select(
            Posting.cause,
            Posting.origin,
            Posting.from_account,
            Posting.to_account,
            Posting.mass_g,
            Posting.occurred_on,
        ).where(among(Posting.cause, [UUID(cause) for cause in causes]))
    )
    found: dict[str, list[Booked]] = defaultdict(list)
    for cause, origin, source, target, mass_g, on in rows:
        if source not in MEMO:
            found[str(cause)].append(Booked(origin, source, target, mass_g, on))
    return found
