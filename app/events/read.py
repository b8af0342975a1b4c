"""Read events and refused bodies, within the caller's reach."""

import json
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.scope import reach_of, within
from app.auth.caller import Caller
from app.batches.models import Batch
from app.batches.read import batches_within
from app.errors import NotFound
from app.events.declare import of_counties
from app.events.models import Refusal
from app.events.story import answer_of, codes_in, trip_of
from app.ledger.leaf import read_leaf
from app.ledger.models import Event, Leaf
from app.pagination import after_row, micros_of, page
from app.parties.models import Site
from app.parties.read import sites_within
from app.trips.open import numbers_of

FOREIGN = ("id", "kind", "site", "recorded_at", "effective_at", "trip", "leaf_hash", "leaf_index")
"""What a step at somebody else's site tells besides its batches: where and when, never people."""


async def event(session: AsyncSession, caller: Caller, event_id: UUID) -> dict[str, Any]:
    """Return an event whose site or batch the caller may see, with its `leaf_index`.

    `postings` is the JCS text whose SHA-256 stands in the leaf. Of a step at a site out of reach
    only place, time and the batches in reach are told.
    """
    row = (
        await session.execute(
            select(Event.site, Event.leaf, Event.leaf_hash, Event.postings, Leaf.leaf_index)
            .outerjoin(Leaf, Leaf.event_id == Event.id)
            .where(Event.id == event_id)
        )
    ).first()
    if row is None:
        raise NotFound(what=str(event_id))
    site, leaf, leaf_hash, postings, leaf_index = row
    parts = read_leaf(leaf)
    own, seen = await _sight(session, caller, site, parts["event"])
    if not own and not seen:
        raise NotFound(what=str(event_id))
    trip = trip_of(parts)
    numbers = await numbers_of(session, [trip] if trip else [])
    shown = answer_of(parts, leaf, leaf_hash, numbers.get(trip) if trip else None)
    shown |= {"leaf_index": leaf_index, "postings": postings}
    if site:
        shown["site"] = site  # a correction need not name it
    if own:
        return shown
    body = shown.get("replacement", shown)
    named = {field: body[field] for field in ("batches", "inputs", "outputs") if field in body}
    in_reach = {
        field: [batch for batch in batches if batch["code"] in seen]
        for field, batches in named.items()
    }
    return {"batches": [], **{key: shown[key] for key in FOREIGN if key in shown}, **in_reach}


async def _sight(
    session: AsyncSession, caller: Caller, site: str | None, public: dict[str, Any]
) -> tuple[bool, set[str]]:
    """Tell whether an event's site is in reach, and which of its batches are.

    Declarations have no site: reference data is everyone's, a county's supply its officials'.
    """
    reach = await reach_of(session, caller)
    if site is None:
        whose = {row["county"] for row in public["rows"]} if of_counties(public) else set()
        return all(map(reach.holds_county, whose)), set()
    in_site = select(Site.code).where(Site.code == site, sites_within(reach))
    in_batch = select(Batch.code).where(Batch.code.in_(codes_in(public)), batches_within(reach))
    found = set(await session.scalars(in_site.union(in_batch)))
    return site in found, found - {site}


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
    before = after_row(cursor)
    if before:
        query = query.where(tuple_(Refusal.at, Refusal.id) < before)
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
