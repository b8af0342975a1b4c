"""Where the mass of a batch, or of a whole treatment lot, was taken back: every original bag.

An original bag is one that no repack made: it was collected, or found as opening stock. What is
told of it is its point, township and county and how many hand-ins it holds, never who handed in.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import County
from app.custody.nodes import Node
from app.custody.shares import Held, grams_of, sum_of, trace_back
from app.custody.stories import counts_at
from app.custody.walk import Walk
from app.ledger.models import Event, EventBatch, Leaf
from app.orm import among
from app.parties.models import Site


@dataclass(frozen=True)
class Where:
    """A point in words: its township and its county."""

    site: str | None = None
    site_name: str | None = None
    township: str | None = None
    county: str | None = None
    county_name: str | None = None


NOWHERE, NONE = Where(), Fraction(0)


@dataclass(frozen=True)
class Source:
    """One original bag in what is looked at.

    `kind` is `collected`, `opening`, `unknown` (nobody has told how it began) or `not_followed`
    (beyond where the walk stopped). `share` is exact, of the whole; `mass_g` that in grams, so
    that all sources sum to the whole; `materials` the grams of each material that was sorted out.
    """

    code: str
    kind: str
    amount: Fraction
    """Exact grams of the whole that came from it."""
    whole_g: int
    mass_g: int
    materials: tuple[tuple[str, int], ...]
    hand_ins: int
    own_mass_g: int | None
    where: Where = NOWHERE

    @property
    def share(self) -> Fraction:
        """Return its exact part of the whole."""
        return self.amount / self.whole_g if self.whole_g else Fraction(0)


@dataclass(frozen=True)
class Sources:
    """All original bags by code, and the whole that they sum to."""

    items: tuple[Source, ...]
    mass_g: int
    complete: bool


async def sources_of(session: AsyncSession, found: Walk, held: Held, size: int | None) -> Sources:
    """Return the original bags of what is held in a walk's first batches, by code.

    `held` are grams by batch. Two statements, however many bags: their beginnings where no
    collector is known, and their places.
    """
    amounts = trace_back(held, found.made)
    total_g = int(sum_of(held.values()))
    grams = grams_of(total_g, amounts)
    by_code: dict[str, Fraction] = {}
    masses: dict[str, int] = defaultdict(int)
    materials: dict[str, dict[str, int]] = defaultdict(dict)
    for (code, material), amount in amounts.items():
        by_code[code] = by_code[code] + amount if code in by_code else amount
        masses[code] += grams[code, material]
        if material:
            materials[code][material] = grams[code, material]
    points = await _points(session, found.nodes, by_code, size)
    places = await places_of(session, set(points.values()))
    items = tuple(
        Source(
            code,
            _kind(found.nodes.get(code)),
            amount,
            total_g,
            masses[code],
            tuple(sorted(materials[code].items())),
            found.nodes[code].hand_ins if code in found.nodes else 0,
            found.nodes[code].mass_g if code in found.nodes else None,
            places.get(points.get(code, ""), NOWHERE),
        )
        for code, amount in sorted(by_code.items())
    )
    return Sources(items, total_g, found.whole)


def _kind(node: Node | None) -> str:
    if node is None or node.born:
        return "not_followed"
    if node.collector:
        return "collected"
    return "opening" if node.told else "unknown"


async def _points(
    session: AsyncSession, nodes: Mapping[str, Node], codes: Iterable[str], size: int | None
) -> dict[str, str]:
    """Return the site at which each original bag began: its collector, else its first event's."""
    known = [nodes[code] for code in codes if code in nodes]
    found = {node.code: node.collector for node in known if node.collector}
    lacking = [node.code for node in known if not node.collector]
    return found | (await first_sites(session, lacking, size) if lacking else {})


async def first_sites(
    session: AsyncSession, codes: Collection[str], size: int | None
) -> dict[str, str]:
    """Return the site of the first event in force that names each code."""
    happened = or_(Event.kind != "correct", Event.leaf.contains('"replacement":'))
    query = (
        select(EventBatch.batch_code, Event.site)
        .join(Event, Event.id == EventBatch.event_id)
        .outerjoin(Leaf, Leaf.event_id == Event.id)
        .where(among(EventBatch.batch_code, codes), happened, *counts_at(size))
        .ext(distinct_on(EventBatch.batch_code))
        .order_by(EventBatch.batch_code, Event.effective_at, Event.id)
    )
    return {code: site for code, site in await session.execute(query) if site}


async def places_of(session: AsyncSession, sites: Collection[str]) -> dict[str, Where]:
    """Return sites in words."""
    if not sites:
        return {}
    rows = await session.execute(
        select(Site.code, Site.name, Site.township, Site.county, County.name)
        .join(County, County.code == Site.county)
        .where(among(Site.code, sites))
    )
    return {row[0]: Where(*row) for row in rows}


@dataclass(frozen=True)
class Group:
    """Original bags of one point, township or county, or all of one material, together."""

    key: str
    name: str
    where: Where
    bags: int
    hand_ins: int
    share: Fraction
    mass_g: int
    materials: tuple[tuple[str, int], ...]


_BY: dict[str, Any] = {
    "point": lambda w: (w.site or "", w.site_name or "", w),
    "township": lambda w: (
        f"{w.county}:{w.township}" if w.county else "",
        w.township or "",
        Where(None, None, w.township, w.county, w.county_name),
    ),
    "county": lambda w: (
        w.county or "",
        w.county_name or "",
        Where(None, None, None, w.county, w.county_name),
    ),
}
GROUPS = tuple(_BY)


def grouped(sources: Sources, by: str) -> list[Group]:
    """Return the sources added up by point, township or county, by key; unknown places first."""
    together: dict[str, list[Source]] = defaultdict(list)
    names: dict[str, tuple[str, Where]] = {}
    for source in sources.items:
        key, name, where = _BY[by](source.where)
        together[key].append(source)
        names[key] = (name, where)
    return [
        Group(
            key,
            *names[key],
            bags=len(items),
            hand_ins=sum(one.hand_ins for one in items),
            share=sum_of(one.amount for one in items) / sources.mass_g if sources.mass_g else NONE,
            mass_g=sum(one.mass_g for one in items),
            materials=materials_in(items),
        )
        for key, items in sorted(together.items())
    ]


def materials_in(items: Iterable[Source]) -> tuple[tuple[str, int], ...]:
    """Add up grams by material, over original bags."""
    sums: dict[str, int] = defaultdict(int)
    for item in items:
        for material, grams in item.materials:
            sums[material] += grams
    return tuple(sorted(sums.items()))
