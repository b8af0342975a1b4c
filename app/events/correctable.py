"""Which events may be corrected, by whom, and what has happened to their bags since."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.scope import reach_of
from app.auth.caller import OFFICIALS, Caller
from app.auth.permissions import allows
from app.batches.models import Batch
from app.errors import NotFound
from app.events.answered import in_degrees
from app.events.correct import COUNTY_AND_ABOVE, FOR_THE_AUTHOR
from app.events.happening import Happening, happening_of
from app.events.schemas import KINDS
from app.ledger.leaf import read_leaf
from app.ledger.models import Correction, Event, EventBatch, EventPrivate
from app.orm import among
from app.parties.models import Site

MOST_LATER = 8
"""Later events that are named on the form: the newest has to be undone first."""


@dataclass(frozen=True)
class Standing:
    """A custody event in the log: what counts of it, and what a correction has to know."""

    event: UUID
    happening: Happening | None
    """None for a correction that only took back."""
    recorded_at: datetime
    actor: UUID
    site: Site
    corrects: UUID | None
    corrected_by: UUID | None
    private: dict[str, Any]
    """Giver, driver and note, while they are held: a replacement takes them along."""

    @property
    def body(self) -> dict[str, Any]:
        """What was sent, as it would be sent again."""
        assert self.happening is not None, "the caller looks"
        return {**in_degrees(self.happening.body), **self.private}


@dataclass(frozen=True)
class Later:
    """An event in force that came to the same bags later."""

    id: UUID
    kind: str
    effective_at: datetime


TILLS = "deposit_sale"
"""A till's own kind: there is no form for it, its corrections come by the API."""


async def standing(session: AsyncSession, event_id: UUID) -> Standing:
    """Return a custody event; NotFound for what is none. Sight is the caller's to ask."""
    by = select(Correction.event_id).where(Correction.corrects == event_id).scalar_subquery()
    of = select(Correction.corrects).where(Correction.event_id == event_id).scalar_subquery()
    query = (
        select(Event, Site, EventPrivate.private, by, of)
        .join(Site, Site.code == Event.site)
        .outerjoin(EventPrivate, EventPrivate.event_id == Event.id)
        .where(Event.id == event_id, Event.kind.in_(KINDS))
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise NotFound(what=str(event_id))
    event, site, private, corrected_by, corrects = row
    known = private or {}
    if event.kind == "correct":
        known = known.get("replacement", {})
    return Standing(
        event=event_id,
        happening=happening_of(read_leaf(event.leaf)),
        recorded_at=event.recorded_at,
        actor=event.actor,
        site=site,
        corrects=corrects,
        corrected_by=corrected_by,
        private=known,
    )


async def may_correct(
    session: AsyncSession, caller: Caller, found: Standing, now: datetime
) -> bool:
    """Tell whether the caller may correct an event: its author for a day, then the county and up.

    The same rules as in correct.py, asked before anything is typed.
    """
    if found.happening is None or found.corrected_by or not allows(caller, "event.correct"):
        return False
    if found.happening.kind == TILLS:
        return False
    own = found.actor == caller.id and now - found.recorded_at <= FOR_THE_AUTHOR
    if not own and caller.role not in COUNTY_AND_ABOVE:
        return False
    if caller.role not in OFFICIALS:
        return caller.site in (None, found.site.code)
    reach = await reach_of(session, caller)
    return reach.holds_site(found.site.code, found.site.county, found.site.township)


async def own_of_today(
    session: AsyncSession, caller: Caller, events: Iterable[str], now: datetime
) -> set[str]:
    """Return which events the caller recorded within the time in which authors correct."""
    query = select(Event.id).where(
        among(Event.id, [UUID(event) for event in events]),
        Event.actor == caller.id,
        Event.recorded_at >= now - FOR_THE_AUTHOR,
    )
    return {str(event) for event in await session.scalars(query)}


async def later_than(session: AsyncSession, happening: Happening) -> list[Later]:
    """Return the newest events in force that name the same bags, or their containers, later."""
    codes = set(happening.named)
    inside = select(Batch.code).where(among(Batch.container, codes))
    codes |= set(await session.scalars(inside))
    boxes = select(Batch.container).where(among(Batch.code, codes), Batch.container.is_not(None))
    codes |= {box for box in await session.scalars(boxes) if box}
    gone = select(Correction.corrects).where(Correction.corrects == Event.id)
    named = select(EventBatch.event_id).where(among(EventBatch.batch_code, codes))
    at = datetime.fromisoformat(happening.stamps["effective_at"])
    query = (
        select(Event.id, Event.effective_at, Event.leaf)
        .where(
            Event.id.in_(named),
            Event.effective_at > at,
            Event.kind.in_(KINDS),
            ~gone.exists(),
        )
        .order_by(Event.effective_at.desc(), Event.id.desc())
        .limit(2 * MOST_LATER)
    )
    rows = await session.execute(query)
    told = ((id_, at, happening_of(read_leaf(leaf))) for id_, at, leaf in rows)
    return [Later(id_, one.kind, at) for id_, at, one in told if one][:MOST_LATER]
