"""Read events and refused bodies, within the caller's reach."""

import json
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.scope import reach_of, within
from app.auth.caller import Caller
from app.batches.models import Batch
from app.errors import NotFound
from app.events.models import Refusal
from app.events.story import answer_of, codes_in, trip_of
from app.ledger.leaf import read_leaf
from app.ledger.models import Event, Leaf
from app.pagination import decode_cursor, instant_in, micros_of, page, uuid_in
from app.parties.models import Site
from app.trips.open import numbers_of


async def event(session: AsyncSession, caller: Caller, event_id: UUID) -> dict[str, Any]:
    """Return an event whose site or batch the caller may see, with its `leaf_index`."""
    row = (
        await session.execute(
            select(Event.site, Event.leaf, Event.leaf_hash, Leaf.leaf_index)
            .outerjoin(Leaf, Leaf.event_id == Event.id)
            .where(Event.id == event_id)
        )
    ).first()
    if row is None:
        raise NotFound(what=str(event_id))
    site, leaf, leaf_hash, leaf_index = row
    parts = read_leaf(leaf)
    if not await _sees(session, caller, site, codes_in(parts["event"])):
        raise NotFound(what=str(event_id))
    trip = trip_of(parts)
    numbers = await numbers_of(session, [trip] if trip else [])
    shown = answer_of(parts, leaf, leaf_hash, numbers.get(trip) if trip else None)
    return {**shown, "leaf_index": leaf_index}


async def _sees(session: AsyncSession, caller: Caller, site: str | None, codes: list[str]) -> bool:
    """Tell whether an event's site or one of its batches is in reach; declarations are public."""
    if site is None:
        return True
    reach = await reach_of(session, caller)
    in_site = select(Site.code).where(
        Site.code == site,
        within(reach, county=Site.county, site=Site.code, township=Site.township),
    )
    in_batch = select(Batch.code).where(Batch.code.in_(codes), within(reach, seen_by=Batch.seen_by))
    seen: bool = (await session.execute(select(in_site.exists() | in_batch.exists()))).scalar_one()
    return seen


async def refusals(
    session: AsyncSession, caller: Caller, limit: int, cursor: str | None
) -> dict[str, Any]:
    """Return refused bodies of the caller's own sites and counties, newest first."""
    reach = await reach_of(session, caller)
    mine = Refusal.actor == caller.id
    query = (
        select(Refusal)
        .where(mine | within(reach, county=Refusal.county, site=Refusal.site))
        .order_by(Refusal.at.desc(), Refusal.id.desc())
        .limit(limit + 1)
    )
    if cursor:
        at, last = decode_cursor(cursor, int, str)
        query = query.where(tuple_(Refusal.at, Refusal.id) < (instant_in(at), uuid_in(last)))
    rows = (await session.scalars(query)).all()
    return page(rows, limit, lambda r: (micros_of(r.at), str(r.id)), _shown)


def _shown(refusal: Refusal) -> dict[str, Any]:
    return {
        "id": str(refusal.id),
        "event": refusal.event_id,
        "at": refusal.at.isoformat(),
        "site": refusal.site,
        "device": refusal.device,
        "body": json.loads(refusal.body),
        "problem": refusal.problem,
    }
