"""A treatment lot: one `dispose` event and all bags that it treated, named or in a container."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.scope import Reach
from app.custody.lineage import own_among
from app.custody.shares import Held, sum_of
from app.custody.sources import NOWHERE, Where, places_of
from app.custody.stories import counts_at, stories_of
from app.custody.walk import Walk, walk
from app.events.happening import Happening, happening_of
from app.events.story import members_at
from app.ledger.leaf import read_leaf
from app.ledger.models import Correction, Event, Leaf
from app.parties.models import Site
from app.parties.read import sites_within


@dataclass(frozen=True)
class Lot:
    """What was treated together. `partial` where the reader sees only some of its bags.

    `held` are the grams treated, by bag; `found` walks up from them.
    """

    event: str
    happening: Happening
    plant: Where
    at: datetime
    recorded_at: datetime
    leaf_index: int | None
    partial: bool
    held: Held
    found: Walk

    @property
    def mass_g(self) -> int:
        """Grams treated, of the bags that the reader sees."""
        return int(sum_of(self.held.values()))


async def lot_of(session: AsyncSession, reach: Reach, event: UUID, size: int | None) -> Lot | None:
    """Return a lot as of a size of the log; None where there is none in reach.

    Whose scope holds the plant sees all of it, others the bags that they see. An event that was
    corrected stands for what took its place.
    """
    row = await _in_force(session, event, size)
    if row is None or row[0].kind != "dispose":
        return None
    happening, recorded_at, leaf_index = row
    codes = await _treated(session, happening, size)
    site = happening.body["site"]
    own = await session.scalar(select(Site.code).where(Site.code == site, sites_within(reach)))
    seen = codes if own else await own_among(session, reach, sorted(codes))
    if not own and not seen:
        return None
    found = await walk(session, seen, size, down=False)
    held = {
        code: Fraction(found.nodes[code].mass_g)
        for code in sorted(found.seeds)
        if code in found.nodes and found.nodes[code].last_event == happening.event
    }
    plant = (await places_of(session, {site})).get(site, NOWHERE)
    at = datetime.fromisoformat(happening.stamps["effective_at"])
    return Lot(
        happening.event, happening, plant, at, recorded_at, leaf_index,
        len(seen) < len(codes), held, found,
    )  # fmt: skip


async def _in_force(
    session: AsyncSession, event: UUID, size: int | None
) -> tuple[Happening, datetime, int | None] | None:
    """Return an event, or what took its place; None where there is none or it was taken back."""
    wanted: UUID | None = event
    while wanted is not None:
        query = (
            select(Event.leaf, Event.recorded_at, Leaf.leaf_index)
            .outerjoin(Leaf, Leaf.event_id == Event.id)
            .where(Event.id == wanted, *counts_at(size))
        )
        row = (await session.execute(query)).first()
        if row is not None:
            leaf, recorded_at, leaf_index = row
            happening = happening_of(read_leaf(leaf))
            return (happening, recorded_at, leaf_index) if happening else None
        wanted = await session.scalar(
            select(Correction.event_id).where(Correction.corrects == wanted)
        )
    return None


async def _treated(session: AsyncSession, happening: Happening, size: int | None) -> set[str]:
    """Return the bags that a treatment named, and those that were in the containers it named."""
    bags = set(happening.bags)
    if happening.containers:
        stories = await stories_of(session, happening.containers, size)
        for container in happening.containers:
            bags |= members_at(container, stories.own(container), happening.order)
    return bags
