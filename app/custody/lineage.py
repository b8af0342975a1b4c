"""The lineage of one batch as it is answered: which batches went into which, and how much of each.

What one answer carries is bounded; beyond that it tells how much there is, and the lists of
sources and destinations are paged.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.scope import Reach
from app.batches.models import Batch
from app.batches.read import batches_within
from app.custody.nodes import Node
from app.custody.shares import Edge
from app.custody.trace import Trace
from app.custody.walk import Walk, walk
from app.events.state import STAGES
from app.orm import among

MOST_NODES = 500
MOST_EDGES = 2_000
"""What one answer carries."""


@dataclass(frozen=True)
class LineageBatch:
    """A batch of the lineage: never who handled it."""

    code: str
    level: int
    status: str
    stage: str | None
    site: str | None
    county: str | None
    mass_g: int
    container: str | None


@dataclass(frozen=True)
class Lineage:
    """Which batches went into which; the batch alone, where nothing was repacked.

    `nodes` are the nearest ones, `edges` those between them; `node_count` and `edge_count` tell
    of all, and `complete` whether these are they.
    """

    nodes: tuple[str, ...]
    edges: tuple[Edge, ...] = ()
    batches: tuple[LineageBatch, ...] = ()
    node_count: int = 1
    edge_count: int = 0
    complete: bool = True


async def lineage_of(session: AsyncSession, told: Trace) -> Lineage:
    """Return the lineage of a traced batch, as of the same size of the log."""
    code = told.batch.code
    found = await walk(session, [code], told.cut, known=told.nodes)
    nearest = sorted(found.level, key=lambda c: (abs(found.level[c]), found.level[c], c))
    nodes = nearest[:MOST_NODES] or [code]
    kept = set(nodes)
    edges = [e for e in islice(edges_of(found), MOST_EDGES) if {e.input, e.output} <= kept]
    count = edge_count(found)
    return Lineage(
        tuple(nodes),
        tuple(edges),
        tuple(_shown(found.nodes[c], found.level[c]) for c in nodes if c in found.nodes),
        max(len(found.level), 1),
        count,
        found.whole and len(found.level) <= len(nodes) and count == len(edges),
    )


def edges_of(found: Walk) -> Iterator[Edge]:
    """Yield what went from batches of a walk into batches of it, nearest repacks first."""
    near = sorted(
        found.repacks.values(),
        key=lambda r: (min(abs(found.level[c]) for c in _both(found, r.event)), r.order, r.event),
    )
    for repack in near:
        yield from repack.edges(*found.inside(repack))


def edge_count(found: Walk) -> int:
    """Return how many edges there are, without making them."""
    total = 0
    for repack in found.repacks.values():
        inputs, outputs = found.inside(repack)
        for part in repack.parts.values():
            total += sum(c in part.ins for c in inputs) * sum(c in part.outs for c in outputs)
    return total


def _both(found: Walk, event: str) -> list[str]:
    inputs, outputs = found.inside(found.repacks[event])
    return [*inputs, *outputs]


async def own_among(session: AsyncSession, reach: Reach, codes: list[str]) -> set[str]:
    """Return which of the batches are in reach by themselves."""
    if reach.everything or not codes:
        return set(codes)
    query = select(Batch.code).where(among(Batch.code, codes), batches_within(reach))
    return set(await session.scalars(query))


def _shown(node: Node, level: int) -> LineageBatch:
    return LineageBatch(
        node.code,
        level,
        node.status,
        STAGES.get(node.status),
        node.site,
        node.site[:6] if node.site else None,
        node.mass_g,
        node.container,
    )
