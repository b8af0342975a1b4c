"""The bags that a phone takes along: on their way to its site, held there, and near by to be fetched.

Each sort has its own bound, so that none crowds out another: a store with thousands of bags still
sees every lorry that comes.
"""

from typing import Any

from sqlalchemy import ColumnElement, and_, case, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.caller import Caller
from app.batches.models import Batch
from app.events.held import SEALED
from app.parties.models import Site

MOST_COMING = 5_000
"""Ten full lorries."""
MOST_BAGS = 1_000
MOST_NEAR = 300
HELD = ("open", *SEALED)
FETCHES_FROM = {"carrier": ("P", "S"), "keeper": ("P",), "plant": ("P",)}
"""Kinds of sites whose sealed bags somebody picks up, or sees come before the phone there has spoken."""


async def bags_of(session: AsyncSession, caller: Caller, county: str) -> dict[str, Any]:
    """Return `bags`: on their way to the caller's site, held there, and sealed near by.

    The newest come first in each; `coming_cut`, `bags_cut` and `near_cut` tell that there are more.
    """
    near, near_cut = await _near(session, caller, county)
    here = await _at(session, caller.site) if caller.site else NOTHING_HERE
    return {**here, "bags": [*here["bags"], *near], "near_cut": near_cut}


NOTHING_HERE: dict[str, Any] = {"bags": [], "coming_cut": False, "bags_cut": False}


async def _near(
    session: AsyncSession, caller: Caller, county: str
) -> tuple[list[dict[str, Any]], bool]:
    """Return the sealed bags at the county's sites that the caller fetches from."""
    kinds = FETCHES_FROM.get(caller.role)
    if not kinds:
        return [], False
    sites = select(Site.code).where(
        Site.county == county, Site.kind.in_(kinds), Site.code != (caller.site or "")
    )
    near = and_(Batch.site.in_(sites), Batch.status.in_(SEALED), Batch.container.is_(None))
    return await _newest(session, near, MOST_NEAR)


async def _at(session: AsyncSession, site: str) -> dict[str, Any]:
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
