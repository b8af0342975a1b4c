"""All that a page or a paper tells of a batch or of a lot: one assembly for both."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.scope import Reach
from app.custody.corrections import Corrected, corrections_of
from app.custody.destinations import Destination, destinations_of, ends_of
from app.custody.differences import differences_of
from app.custody.drawn import Picture
from app.custody.lineage import own_among
from app.custody.lot import Lot
from app.custody.members import Members, members_of
from app.custody.picture import Shown, picture_of
from app.custody.sources import Group, Sources, grouped, places_of, sources_of
from app.custody.trace import Trace
from app.custody.walk import Walk, walk

FEW = 50
"""Rows of a table on a page; the rest is on pages of its own."""


@dataclass(frozen=True)
class Told:
    """A batch's lineage in words and pictures, beside its trace."""

    picture: Picture | None
    sources: Sources
    townships: Sequence[Group]
    destinations: Sequence[Destination]
    corrections: Sequence[Corrected]
    members: Members | None


async def told_of(session: AsyncSession, reach: Reach, found: Trace) -> Told:
    """Return what is told of a traced batch beyond its own steps."""
    code = found.batch.code
    walked = await walk(session, [code], found.cut, known=found.nodes)
    corrections = await corrections_of(session, reach, found)
    if found.batch.kind == "container":
        members = await members_of(session, reach, found, FEW)
        return Told(None, Sources((), 0, complete=True), (), (), corrections, members)
    node = walked.nodes.get(code)
    held = {code: Fraction(node.mass_g)} if node else {}
    sources = await sources_of(session, walked, held, found.cut)
    went = await destinations_of(session, walked, code) if node else []
    picture = await drawn(session, reach, walked, [code], found.cut)
    return Told(picture, sources, grouped(sources, "township"), went, corrections, None)


async def drawn(
    session: AsyncSession, reach: Reach, found: Walk, here: Sequence[str], size: int | None
) -> Picture | None:
    """Return the picture of a walk, with all that it needs in four statements."""
    nodes = found.nodes.values()
    ends = await ends_of(session, nodes)
    sites = {site for node in nodes for site in (node.site, node.collector) if site}
    sites |= {one.site for one in found.repacks.values()}
    sites |= {end.body["site"] for end in ends.values()}
    shown = Shown(
        await places_of(session, sites),
        ends,
        await differences_of(session, list(found.nodes), size),
        await own_among(session, reach, list(found.nodes)),
    )
    return picture_of(found, shown, here)


@dataclass(frozen=True)
class LotTold:
    """A lot with where it came from."""

    lot: Lot
    sources: Sources
    picture: Picture | None

    def totals(self, by: str) -> list[Group]:
        """Return its sources by point, township or county, the largest first."""
        return sorted(grouped(self.sources, by), key=lambda one: (-one.mass_g, one.key))


async def told_of_lot(session: AsyncSession, reach: Reach, lot: Lot, size: int | None) -> LotTold:
    """Return what a page or a paper tells of a lot."""
    sources = await sources_of(session, lot.found, lot.held, size)
    picture = await drawn(session, reach, lot.found, list(lot.held), size)
    return LotTold(lot, sources, picture)
