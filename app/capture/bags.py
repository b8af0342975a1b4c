"""The bags that a phone takes along: on their way to its site, held there, and near by to be fetched.

Each sort has its own bound, so that none crowds out another: a store with thousands of bags still
sees every lorry that comes.
"""

from typing import Any

from sqlalchemy import ColumnElement, and_, case, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.batches.models import Batch
from app.events.held import SEALED

MOST_COMING = 5_000
"""Ten full lorries."""
MOST_BAGS = 1_000
HELD = ("open", *SEALED)


async def bags_of(session: AsyncSession, site: str) -> dict[str, Any]:
    """Return `bags`, those on their way to a site and those held there, newest first in each.

    `coming_cut` and `bags_cut` tell that there are more.
    """
    bound_for_here = and_(
        Batch.seen_by.contains([site]),
        Batch.status == "in_transit",
        Batch.state["destination"].astext == site,
    )
    coming, coming_cut = await _newest(session, bound_for_here, MOST_COMING)
    here = and_(Batch.site == site, Batch.status.in_(HELD))
    held, held_cut = await _newest(session, here, MOST_BAGS)
    return {"bags": [*coming, *held], "coming_cut": coming_cut, "bags_cut": held_cut}


async def _newest(
    session: AsyncSession, which: ColumnElement[bool], most: int
) -> tuple[list[dict[str, Any]], bool]:
    """Return the bags that moved last, at most so many, and whether there are more."""
    contents = case((Batch.status == "open", Batch.state["contents"]))
    query = (
        select(
            Batch.code, Batch.kind, Batch.status, Batch.site, Batch.mass_g, Batch.container,
            Batch.state["trip"].astext.label("trip"), Batch.state["hand_ins"].label("hand_ins"),
            contents.label("contents"),
        )
        .where(which)
        .order_by(Batch.updated_at.desc(), Batch.code)
        .limit(most + 1)
    )  # fmt: skip
    rows = (await session.execute(query)).all()
    bags = [
        {
            "code": row.code,
            "kind": row.kind,
            "status": row.status,
            "site": row.site,
            "mass_g": row.mass_g,
            "container": row.container,
            "trip": row.trip,
            "hand_ins": row.hand_ins,
            "pieces": sum(line[-1] for line in row.contents or ()),
        }
        for row in rows[:most]
    ]
    return bags, len(rows) > most
