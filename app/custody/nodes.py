"""How batches stand that a lineage passes through: as they are, or as the log told them once."""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.batches.models import Batch
from app.custody.stories import booked_of, folded, stories_of
from app.events.state import LabelFacts, State, Vector
from app.ledger.models import Event, Leaf
from app.orm import among, among_given
from app.prepared import Prepared

FOLDED_AT_ONCE = 1_000
"""Batches whose stories are held in memory while they are folded again."""


@dataclass(frozen=True)
class Node:
    """A batch in a lineage.

    `born` is the repack that it came out of, `went` the one that it went into. `site` holds it,
    sent it, or saw it last; `collector` took its packaging back, at `hand_ins` hand-ins.
    """

    code: str
    status: str
    site: str | None
    mass_g: int
    container: str | None
    trip: str | None
    born: str | None
    last_event: str | None
    collector: str | None
    hand_ins: int
    materials: Vector
    told: bool
    """False where its collect, or whatever it began with, is still missing."""

    @property
    def went(self) -> str | None:
        """Return the repack that it went into."""
        return self.last_event if self.status == "repacked" else None


async def nodes_of(
    session: AsyncSession, codes: Collection[str], size: int | None
) -> dict[str, Node]:
    """Return batches by code, as of a size of the log; None means now.

    One statement for now, however many codes; for then the stories of those that have changed
    since are folded again.
    """
    if not codes:
        return {}
    if size is None:
        return await _stored(session, codes)
    found = await _stored(session, codes, size)
    for some in _pieces(sorted(set(codes) - found.keys())):
        found |= await _folded(session, some, size)
    return found


_OF_STATE = ("trip", "born", "last_event", "collector", "hand_ins", "materials")
_COLUMNS: tuple[Any, ...] = (
    Batch.code,
    Batch.status,
    Batch.site,
    Batch.mass_g,
    Batch.container,
    *(Batch.state[key].astext for key in _OF_STATE),
    Batch.state["flags"].astext.contains("missing-collect"),
)
"""As text: most of it is empty, and to read thousands of rows as JSON takes most of the time."""
_BY_CODE = select(*_COLUMNS).where(among_given(Batch.code, "codes"))
_STORED = Prepared(_BY_CODE)
_CHANGED = select(Batch.updated_at).where(among_given(Batch.code, "codes"))
_UNCHANGED_SINCE = Prepared(_BY_CODE.where(
    Batch.updated_at.not_in(
        select(Event.recorded_at)
        .outerjoin(Leaf, Leaf.event_id == Event.id)
        .where(
            Event.recorded_at.in_(_CHANGED),
            or_(
                Leaf.leaf_index.is_(None), Leaf.leaf_index >= bindparam("size", type_=BigInteger())
            ),
        )
    )
))  # fmt: skip
"""A row changed last with the event recorded at its `updated_at`, and events of one batch stand in
the log in the order in which they changed it: where that one lies below a size, all of them do."""


async def _stored(
    session: AsyncSession, codes: Collection[str], size: int | None = None
) -> dict[str, Node]:
    """Return batches as their rows say; with a size only those that have not changed since."""
    if size is None:
        rows = await _STORED.rows(session, codes=list(codes))
    else:
        rows = await _UNCHANGED_SINCE.rows(session, codes=list(codes), size=size)
    return {row[0]: _node(*row) for row in rows}


def _node(*row: Any) -> Node:
    *plain, hand_ins, materials, untold = row
    counted = () if materials == "[]" else tuple((m, grams) for m, grams in json.loads(materials))
    values: list[Any] = [*plain, int(hand_ins), counted, not untold]
    return Node(*values)


async def _folded(session: AsyncSession, codes: list[str], size: int) -> dict[str, Node]:
    labels = await session.execute(
        select(Batch.code, Batch.state["label"]).where(among(Batch.code, codes))
    )
    stories = await stories_of(session, codes, size)
    booked = await booked_of(session, codes, size)
    found = {}
    for code, label in labels:
        if code not in stories.named:
            continue
        told = folded(code, LabelFacts(**label), stories.story(code, booked.get(code, [])))
        found[code] = node_of(code, told.state)
    return found


def node_of(code: str, state: State) -> Node:
    """Return a folded state as a node."""
    return Node(
        code, state.status, state.site, state.mass_g, state.container, state.trip,
        state.born, state.last_event, state.collector, state.hand_ins, state.materials,
        _told(state.flags),
    )  # fmt: skip


def _told(flags: Iterable[tuple[str, str]]) -> bool:
    return all(flag != "missing-collect" for _, flag in flags)


def _pieces(codes: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(codes), FOLDED_AT_ONCE):
        yield codes[start : start + FOLDED_AT_ONCE]
