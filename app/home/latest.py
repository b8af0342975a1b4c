"""What happened last, for home pages: at one site, or to the bags of an area."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.names import county_names
from app.areas.scope import Reach
from app.batches.models import Batch
from app.batches.read import latest_batches
from app.batches.stock import SEALED
from app.events.schemas import KINDS
from app.events.story import codes_in, mass_in
from app.ledger.leaf import read_leaf
from app.ledger.models import Event, EventBatch
from app.parties.models import Site
from app.parties.read import sites_within

SEEN_MOVING = (*SEALED, "in_transit", "disposed")
"""Statuses that officials watch; each of fifteen hand-ins into an open bag would drown the rest."""
BAGS_A_CHANGE = 10
"""So many bags are read for each line: a load of forty is one line, and rarely all are."""


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
    """What brought bags into their present state; `code` is the first, `more` the others.

    `within` tells whether the site's own page is in reach: a bag may have left for elsewhere.
    """

    kind: str
    effective_at: datetime
    code: str
    more: int
    site: str
    site_name: str
    within: bool
    county_name: str
    mass_g: int
    flags: tuple[str, ...]


async def latest_at(session: AsyncSession, site: str, limit: int) -> list[Movement]:
    """Return the latest events at a site, newest first."""
    query = (
        select(Event.kind, Event.effective_at, Event.leaf)
        .where(Event.site == site, Event.kind.in_(KINDS))
        .order_by(Event.occurred_on.desc(), Event.effective_at.desc())
        .limit(limit)
    )
    found = [_movement(*row) for row in await session.execute(query)]
    return [movement for movement in found if movement]


def _movement(kind: str, effective_at: datetime, leaf: str) -> Movement | None:
    """Return an event as a line; None for a correction that only takes back."""
    parts = read_leaf(leaf)
    body = parts["event"].get("replacement", parts["event"])
    codes = codes_in(body)
    if not codes:
        return None
    weighed = [mass_in(ref)[0] for ref in body.get("batches") or body.get("inputs", ())]
    counted = sum((parts["stamps"].get("counted") or {}).get("scopes", {}).values())
    known = [grams for grams in weighed if grams is not None]
    mass_g = sum(known) if known and len(known) == len(weighed) else counted or None
    if body.get("group_mass_g"):
        mass_g = body["group_mass_g"]
    return Movement(kind, effective_at, codes[0], len(codes) - 1, mass_g)


async def latest_changes(session: AsyncSession, reach: Reach, limit: int) -> list[Change]:
    """Return the latest changes of sealed bags in reach, newest first, one an event."""
    bags = await latest_batches(session, reach, statuses=SEEN_MOVING, limit=limit * BAGS_A_CHANGE)
    together: dict[str, list[Batch]] = {}
    for bag in (one for one in bags if one.kind == "bag"):
        together.setdefault(bag.state["last_event"], []).append(bag)
    loads = dict(list(together.items())[:limit])
    rows = await session.execute(
        select(Event.id, Event.kind, Event.effective_at, Event.site).where(
            Event.id.in_([UUID(event) for event in loads])
        )
    )
    events = {str(row.id): row for row in rows}
    sites = [row.site for row in events.values()]
    seen = sites_within(reach).label("seen")
    found = await session.execute(select(Site.code, Site.name, seen).where(Site.code.in_(sites)))
    names = {row.code: row for row in found}
    counties = await county_names(session, {site[:6] for site in sites})
    return [
        Change(
            kind=events[event].kind,
            effective_at=events[event].effective_at,
            code=load[0].code,
            more=len(load) - 1,
            site=events[event].site,
            site_name=names[events[event].site].name,
            within=names[events[event].site].seen,
            county_name=counties[events[event].site[:6]],
            mass_g=sum(bag.mass_g for bag in load),
            flags=_flags(load, event),
        )
        for event, load in loads.items()
    ]


def _flags(bags: Sequence[Batch], event: str) -> tuple[str, ...]:
    """Return what did not fit when an event named these bags, each once."""
    flagged = (pair for bag in bags for pair in bag.state["flags"])
    return tuple(dict.fromkeys(flag for cause, flag in flagged if cause == event))


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
