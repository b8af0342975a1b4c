"""What happened last, for home pages: at one site, or to the bags of an area."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.names import county_names
from app.areas.scope import Reach
from app.batches.models import Batch
from app.batches.stock import SEALED
from app.custody.latest import latest_batches
from app.events.offered import site_names
from app.events.state import state_from_json
from app.events.story import codes_in, mass_in
from app.ledger.leaf import read_leaf
from app.ledger.models import Event, EventBatch

SEEN_MOVING = (*SEALED, "in_transit", "disposed")
"""Statuses that officials watch; each of fifteen hand-ins into an open bag would drown the rest."""


@dataclass(frozen=True)
class Movement:
    """One event; `code` is its first bag, `more` how many others it names."""

    kind: str
    effective_at: datetime
    code: str
    more: int
    mass_g: int | None


@dataclass(frozen=True)
class Change:
    """What brought a bag into its present state."""

    kind: str
    effective_at: datetime
    code: str
    site: str
    site_name: str
    county_name: str
    mass_g: int
    flags: tuple[str, ...]


async def latest_at(session: AsyncSession, site: str, limit: int) -> list[Movement]:
    """Return the latest events at a site, newest first."""
    query = (
        select(Event.kind, Event.effective_at, Event.leaf)
        .where(Event.site == site)
        .order_by(Event.occurred_on.desc(), Event.effective_at.desc())
        .limit(limit)
    )
    return [_movement(*row) for row in await session.execute(query)]


def _movement(kind: str, effective_at: datetime, leaf: str) -> Movement:
    parts = read_leaf(leaf)
    codes = codes_in(parts["event"])
    weighed = [mass_in(batch)[0] for batch in parts["event"]["batches"]]
    counted = sum((parts["stamps"].get("counted") or {}).get("scopes", {}).values())
    known = [grams for grams in weighed if grams is not None]
    mass_g = sum(known) if known and len(known) == len(weighed) else counted or None
    return Movement(kind, effective_at, codes[0], len(codes) - 1, mass_g)


async def latest_changes(session: AsyncSession, reach: Reach, limit: int) -> list[Change]:
    """Return the latest changes of sealed bags in reach, newest first."""
    bags = await latest_batches(session, reach, statuses=SEEN_MOVING, limit=limit)
    states = [state_from_json(bag.state) for bag in bags]
    ids = {UUID(state.last_event) for state in states if state.last_event}
    rows = await session.execute(
        select(Event.id, Event.kind, Event.effective_at, Event.site).where(Event.id.in_(ids))
    )
    events = {str(event): (kind, at, site) for event, kind, at, site in rows}
    names = await site_names(session, [site for _, _, site in events.values() if site])
    counties = await county_names(session, {(site or "")[:6] for _, _, site in events.values()})
    changes = []
    for bag, state in zip(bags, states, strict=True):
        kind, at, site = events[state.last_event or ""]
        changes.append(
            Change(
                kind=kind,
                effective_at=at,
                code=bag.code,
                site=site or "",
                site_name=names.get(site or "", ""),
                county_name=counties.get((site or "")[:6], ""),
                mass_g=bag.mass_g,
                flags=tuple(flag for event, flag in state.flags if event == state.last_event),
            )
        )
    return changes


async def open_bag_at(session: AsyncSession, site: str) -> Batch | None:
    """Return the bag that a point filled last and has not sealed."""
    query = (
        select(Batch)
        .where(Batch.site == site, Batch.status == "open")
        .order_by(Batch.updated_at.desc())
        .limit(1)
    )
    return await session.scalar(query)


async def hand_ins_on(session: AsyncSession, site: str, code: str, day: date) -> int:
    """Return how many hand-ins went into a bag on a day."""
    query = (
        select(func.count())
        .select_from(Event)
        .join(EventBatch, EventBatch.event_id == Event.id)
        .where(
            Event.site == site,
            Event.occurred_on == day,
            Event.kind == "hand_in",
            EventBatch.batch_code == code,
        )
    )
    return int(await session.scalar(query) or 0)
