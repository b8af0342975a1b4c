"""Walk a lineage level by level: up through the repacks that made a batch, down through its own.

Each level is a fixed number of statements, however many batches stand on it.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.custody.nodes import Node, nodes_of
from app.custody.shares import Repacked, repacked
from app.events.happening import Happening, happening_of
from app.events.state import Repacking
from app.ledger.leaf import read_leaf
from app.ledger.models import Event
from app.orm import among_given
from app.prepared import Prepared

MOST_BATCHES = 50_000
"""Where a walk stops. No lot of a plant is as large; what lies beyond is said to be not followed."""


@dataclass
class Walk:
    """What was reached: batches by level (0 the first ones, −1 their inputs, 1 their outputs)."""

    seeds: frozenset[str]
    nodes: dict[str, Node] = field(default_factory=dict)
    level: dict[str, int] = field(default_factory=dict)
    repacks: dict[str, Repacked] = field(default_factory=dict)
    whole: bool = True
    """False where it stopped before its end."""
    bodies: dict[str, Happening] = field(default_factory=dict)
    """The repacks as they were told."""
    beside: dict[str, Node] = field(default_factory=dict)
    """Inputs of a sort that are not part of the lineage: what they hold has a say in it."""

    @property
    def made(self) -> list[Repacked]:
        """The repacks that made the first batches, or what went into them."""
        return [r for r in self.repacks.values() if self._level_of(r.outputs, up=True)]

    @property
    def took(self) -> list[Repacked]:
        """The repacks that took in the first batches, or what came of them."""
        return [r for r in self.repacks.values() if self._level_of(r.inputs, up=False)]

    def inside(self, repack: Repacked) -> tuple[list[str], list[str]]:
        """Return the inputs and outputs of a repack that are part of the lineage.

        Above the first batches these are all inputs of what came to them, below all outputs.
        """
        return (
            [code for code in repack.inputs if code in self.level],
            [code for code in repack.outputs if code in self.level],
        )

    def _level_of(self, codes: Iterable[str], *, up: bool) -> bool:
        levels = (self.level[code] for code in codes if code in self.level)
        return any(level <= 0 if up else level >= 0 for level in levels)


async def walk(
    session: AsyncSession,
    seeds: Collection[str],
    size: int | None,
    *,
    up: bool = True,
    down: bool = True,
    known: Mapping[str, Node] | None = None,
    most: int = MOST_BATCHES,
) -> Walk:
    """Walk from batches as of a size of the log; None means now. `known` are the seeds, if loaded."""
    found = Walk(frozenset(seeds))
    if known is None:
        await _reach(session, found, dict.fromkeys(seeds, 0), (), size)
    else:
        found.nodes, found.level = dict(known), dict.fromkeys(known, 0)
    above, below = set(found.nodes) if up else set(), set(found.nodes) if down else set()
    while above or below:
        made_by = {code: found.nodes[code].born for code in above}
        went_into = {code: found.nodes[code].went for code in below}
        wanted = {one for one in (*made_by.values(), *went_into.values()) if one}
        await _load(session, found, wanted)
        onward: dict[str, int] = {}
        for code, event in made_by.items():
            for other, _ in _body(found, event).inputs if event else ():
                onward.setdefault(other, found.level[code] - 1)
        for code, event in went_into.items():
            for output in _body(found, event).outputs if event else ():
                onward.setdefault(output.code, found.level[code] + 1)
        onward = {code: level for code, level in onward.items() if code not in found.level}
        if len(found.level) + len(onward) > most:
            found.whole = False
            onward = {}
        beside = {
            code
            for event in wanted
            if _body(found, event).mode == "sort"
            for code, _ in _body(found, event).inputs
        }
        await _reach(session, found, onward, beside, size)
        _divide(found, wanted)
        above = {code for code, level in onward.items() if level < 0 and code in found.nodes}
        below = {code for code, level in onward.items() if level > 0 and code in found.nodes}
    return found


async def _reach(
    session: AsyncSession,
    found: Walk,
    onward: dict[str, int],
    beside: Collection[str],
    size: int | None,
) -> None:
    """Load the next level, and what else has a say in its sorts."""
    more = set(beside) - onward.keys() - found.nodes.keys() - found.beside.keys()
    loaded = await nodes_of(session, onward.keys() | more, size)
    for code, node in loaded.items():
        if code in onward:
            found.nodes[code], found.level[code] = node, onward[code]
        else:
            found.beside[code] = node


_LEAVES = Prepared(select(Event.leaf).where(among_given(Event.id, "events")))


async def _load(session: AsyncSession, found: Walk, events: set[str]) -> None:
    wanted = [UUID(event) for event in events - found.bodies.keys()]
    if not wanted:
        return
    for (leaf,) in await _LEAVES.rows(session, events=wanted):
        happening = happening_of(read_leaf(leaf))
        assert happening is not None, "a bag was born of what happened"
        found.bodies[happening.event] = happening


def _body(found: Walk, event: str) -> Repacking:
    happening = found.bodies[event]
    body = happening.repacking
    assert body is not None, f"{event} is no repack"
    return body


def _divide(found: Walk, events: Iterable[str]) -> None:
    for event in events:
        if event in found.repacks:
            continue
        happening = found.bodies[event]
        body = _body(found, event)
        known = found.nodes | found.beside if body.mode == "sort" else {}
        counted = {code: known[code].materials for code, _ in body.inputs if code in known}
        found.repacks[event] = repacked(
            event, happening.order, happening.body["site"], body, counted,
            happening.body.get("reason"),
        )  # fmt: skip
