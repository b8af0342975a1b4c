"""The stories of bags as they were told by each leaf: what was known then, and no more.

The follower may be far behind the writers, in a rebuild by the whole log: `batch` says what is
known now, so the story is read from the log and folded again.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.alerts.told import Told, told_of
from app.balance.models import Posting
from app.batches.models import Label
from app.events.fold import KINDS, Folded, fold
from app.events.state import LabelFacts, Step
from app.events.story import step_of
from app.ledger.leaf import read_leaf
from app.ledger.models import Event, EventBatch, Leaf
from app.orm import among


@dataclass
class Stories:
    """Labels, and for each bag what leaves tell of it, in leaf order."""

    labels: dict[str, LabelFacts]
    containers: set[str]
    told: dict[str, list[Told]]
    touched: dict[int, list[str]]
    """Bags that each leaf of the part touches."""
    corrects: dict[str, str]
    """By a correction's id, the id of the event that it takes back."""
    steps: dict[tuple[str, str], Step] = field(default_factory=dict)

    def folded(self, code: str, size: int) -> Folded | None:
        """Return a bag's story by the first `size` leaves, folded; None before it begins."""
        told = [one for one in self.told[code] if one.leaf_index < size]
        undone = {self.corrects.get(one.id) for one in told}
        story = [
            self._step(one, code) for one in told if one.kind in KINDS and one.id not in undone
        ]
        if not story:
            return None
        found = fold(self.labels[code], story)
        return found if isinstance(found, Folded) else None

    def is_filling(self, code: str, size: int) -> bool:
        """Tell whether the first `size` leaves tell of hand-ins alone: nothing can be wrong yet."""
        return all(one.kind == "hand_in" for one in self.told[code] if one.leaf_index < size)

    def was_grouped(self, code: str) -> bool:
        """Tell whether a bag was ever weighed with others."""
        return any("group_mass_g" in t.event or "weighed" in t.event for t in self.told[code])

    def _step(self, one: Told, code: str) -> Step:
        key = (one.id, code)
        if key not in self.steps:
            self.steps[key] = step_of(one.event, one.stamps, code)
        return self.steps[key]


async def load_stories(session: AsyncSession, part: Sequence[Told]) -> Stories:
    """Load what the log tells, up to the last leaf of a part, of every bag that the part touches.

    A bag is touched by an event that names it and by one that rebooks it.
    """
    mine = {UUID(one.id): one for one in part}
    named = await session.execute(
        select(EventBatch.event_id, EventBatch.batch_code).where(among(EventBatch.event_id, mine))
    )
    booked = await session.execute(
        select(Posting.cause, Posting.batch_code).where(among(Posting.cause, mine)).distinct()
    )
    touched: dict[int, set[str]] = defaultdict(set)
    for event, code in (*named, *booked):
        touched[mine[event].leaf_index].add(code)
    codes = set().union(*touched.values()) if touched else set()
    labels = (await session.scalars(select(Label).where(among(Label.code, codes)))).all()
    containers = {row.code for row in labels if row.kind == "container"}
    bags = codes - containers
    rows = (
        await session.execute(
            select(EventBatch.batch_code, EventBatch.event_id, Leaf.leaf_index)
            .join(Leaf, Leaf.event_id == EventBatch.event_id)
            .where(among(EventBatch.batch_code, bags), Leaf.leaf_index <= part[-1].leaf_index)
            .order_by(Leaf.leaf_index)
        )
    ).all()
    earlier = {event: index for _, event, index in rows if event not in mine}
    leaves = await session.execute(
        select(Event.id, Event.leaf).where(among(Event.id, list(earlier)))
    )
    parts = {id_: read_leaf(leaf) for id_, leaf in leaves}
    known = mine | {id_: told_of(earlier[id_], one) for id_, one in parts.items()}
    told: dict[str, list[Told]] = defaultdict(list)
    for code, event, _ in rows:
        told[code].append(known[event])
    corrects = {
        str(id_): one["event"]["corrects"]
        for id_, one in parts.items()
        if "corrects" in one["event"]
    }
    corrects |= {one.id: one.undone.id for one in part if one.undone}
    return Stories(
        {row.code: LabelFacts(row.county, row.scope) for row in labels},
        containers,
        told,
        {index: sorted(found - containers) for index, found in touched.items()},
        corrects,
    )
