"""What happened last, for home pages: at one site, or to the bags of an area."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.names import county_names
from app.areas.scope import Reach
from app.batches.models import Batch
from app.batches.read import latest_batches
from app.batches.stock import SEALED
from app.events.happening import codes_in, happening_of, mass_in
from app.ledger.leaf import read_leaf
from app.ledger.models import Correction, Event, EventBatch
from app.parties.models import Site
from app.parties.read import sites_within

SEEN_MOVING = (*SEALED, "in_transit", "disposed", "written_off")
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
    """Return the latest events at a site, newest first; a correction instead of what it corrects.

    Declarations and a till's sales move nothing.
    """
    gone = select(Correction.corrects).where(Correction.corrects == Event.id)
    query = (
        select(Event.id, Event.kind, Event.effective_at, Event.leaf)
        .where(Event.site == site, Event.kind.not_in(("declare", "deposit_sale")), ~gone.exists())
        .order_by(Event.occurred_on.desc(), Event.effective_at.desc())
        .limit(limit)
    )
    rows = (await session.execute(query)).all()
    # What only takes an event back names no bags itself: they stand beside it.
    bare = [row.id for row in rows if happening_of(read_leaf(row.leaf)) is None]
    named: dict[UUID, list[str]] = {}
    if bare:
        beside = select(EventBatch.event_id, EventBatch.batch_code).where(
            EventBatch.event_id.in_(bare)
        )
        for event, code in await session.execute(beside.order_by(EventBatch.batch_code)):
            named.setdefault(event, []).append(code)
    told = (_movement(r.kind, r.effective_at, r.leaf, named.get(r.id, [])) for r in rows)
    return [movement for movement in told if movement]


def _movement(
    kind: str, effective_at: datetime, leaf: str, beside: Sequence[str]
) -> Movement | None:
    happening = happening_of(read_leaf(leaf))
    if happening is None or not codes_in(happening.body):
        return Movement(kind, effective_at, beside[0], len(beside) - 1, None) if beside else None
    body = happening.body
    codes = codes_in(body)
    # What goes into a repack comes out of it again: its outputs are what it is about.
    about = body.get("outputs") or body.get("batches", ())
    weighed = [mass_in(batch)[0] for batch in about]
    counted = sum((happening.stamps.get("counted") or {}).get("scopes", {}).values())
    known = [grams for grams in weighed if grams is not None]
    mass_g = sum(known) if known and len(known) == len(weighed) else counted or _together(body)
    first = about[0]["code"] if about else codes[0]
    count = len(about) if "outputs" in body else len(codes) - ("container" in body)
    return Movement(kind, effective_at, first, max(count, 1) - 1, mass_g)


def _together(body: dict[str, Any]) -> int | None:
    """Return the net grams of what was weighed together."""
    if "group_mass_g" in body:
        return int(body["group_mass_g"])
    weighed = body.get("weighed", {})
    if "tare_g" in weighed:
        return int(weighed["gross_g"] - weighed["tare_g"])
    return None


async def latest_changes(session: AsyncSession, reach: Reach, limit: int) -> list[Change]:
    """Return the latest changes of sealed bags in reach, newest first, one an event."""
    bags = await latest_batches(session, reach, statuses=SEEN_MOVING, limit=limit * BAGS_A_CHANGE)
    together: dict[str, list[Batch]] = {}
    for bag in (bag for bag in bags if bag.kind == "bag"):
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
