"""The stories of bags as they were told by each leaf: what was known then, and no more.

The follower may be far behind the writers, in a rebuild by the whole log: `batch` says what is
known now, so the story is read from the log and folded again.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.alerts.told import Told, told_of
from app.balance.booked import transfer_of
from app.balance.models import Posting
from app.balance.postings import Transfer
from app.batches.models import Label
from app.events.fold import KINDS, Folded, fold
from app.events.shelf import settled
from app.events.state import LabelFacts
from app.events.story import Happening, codes_in, story_of
from app.ledger.leaf import read_leaf
from app.ledger.models import Event, EventBatch, Leaf
from app.orm import among


@dataclass
class Stories:
    """Labels, and for each bag and each container it was in what leaves tell, in leaf order."""

    labels: dict[str, LabelFacts]
    containers: set[str]
    told: dict[str, list[Told]]
    """By bag."""
    around: dict[str, list[Told]]
    """By container."""
    touched: dict[int, list[str]]
    """Bags that each leaf of the part touches."""
    corrects: dict[str, str]
    """By a correction's id, the id of the event that it takes back."""
    booked: dict[str, list[tuple[int, Transfer]]]
    """By bag, with the leaf that booked it."""
    happenings: dict[str, Happening] = field(default_factory=dict)

    def folded(self, code: str, size: int) -> Folded | None:
        """Return a bag's story by the first `size` leaves, folded; None before it begins."""
        own = self._in_force(self.told[code], size)
        if not own:
            return None
        boxes = {h.body["container"] for h in own if h.kind == "pack"}
        around = {box: self._in_force(self.around.get(box, ()), size) for box in boxes}
        booked = [t for index, t in self.booked.get(code, ()) if index < size]
        found = fold(self.labels[code], settled(code, story_of(code, own, around), booked))
        return found if isinstance(found, Folded) else None

    def is_filling(self, code: str, size: int) -> bool:
        """Tell whether the first `size` leaves tell of hand-ins alone: nothing can be wrong yet."""
        return all(one.kind == "hand_in" for one in self.told[code] if one.leaf_index < size)

    def was_grouped(self, code: str) -> bool:
        """Tell whether a bag was ever weighed with others."""
        boxes = {one.event.get("container") for one in self.told[code]}
        around = (one for box in boxes if box for one in self.around.get(box, ()))
        return any(
            self._happening(one).ties for one in (*self.told[code], *around) if _happens(one)
        )

    def _in_force(self, told: Iterable[Told], size: int) -> list[Happening]:
        """Return what counts of some events by the first `size` leaves."""
        known = [one for one in told if one.leaf_index < size]
        undone = {self.corrects.get(one.id) for one in known}
        return [self._happening(one) for one in known if _happens(one) and one.id not in undone]

    def _happening(self, one: Told) -> Happening:
        if one.id not in self.happenings:
            root = one.stamps.get("root", one.id)
            self.happenings[one.id] = Happening(one.id, root, one.event, one.stamps)
        return self.happenings[one.id]


def _happens(one: Told) -> bool:
    return one.kind in KINDS


async def load_stories(session: AsyncSession, part: Sequence[Told]) -> Stories:
    """Load what the log tells, up to the last leaf of a part, of every bag that the part touches.

    A bag is touched by an event that names it and by one that rebooks it.
    """
    mine = {UUID(one.id): one for one in part}
    touched: dict[int, set[str]] = {one.leaf_index: _named(one) for one in part}
    booked = await session.execute(
        select(Posting.cause, Posting.batch_code).where(among(Posting.cause, mine)).distinct()
    )
    for event, code in booked:
        touched[mine[event].leaf_index].add(code)
    codes = set().union(*touched.values()) if touched else set()
    labels = (await session.scalars(select(Label).where(among(Label.code, codes)))).all()
    containers = {row.code for row in labels if row.kind == "container"}
    bags = {row.code for row in labels} - containers
    last = part[-1].leaf_index if part else -1
    known: dict[str, Told] = {one.id: one for one in part}
    told = await _told(session, bags, last, known)
    boxes = {one.event["container"] for some in told.values() for one in some if one.kind == "pack"}
    around = await _told(session, boxes, last, known)
    return Stories(
        {row.code: LabelFacts(row.county, row.scope) for row in labels},
        containers,
        told,
        around,
        {index: sorted(found & bags) for index, found in touched.items()},
        {one.id: str(one.corrects) for one in known.values() if one.corrects},
        await _booked(session, bags, last),
    )


def _named(one: Told) -> set[str]:
    """Return the codes of an event, and of the one that it takes back."""
    return {*codes_in(one.event), *(codes_in(one.undone.event) if one.undone else ())}


async def _told(
    session: AsyncSession, codes: Collection[str], last: int, known: dict[str, Told]
) -> dict[str, list[Told]]:
    """Return the events that name codes, up to a leaf, in leaf order; `known` gains them."""
    found: dict[str, list[Told]] = defaultdict(list)
    if not codes:
        return found
    rows = await session.execute(
        select(EventBatch.batch_code, EventBatch.event_id, Leaf.leaf_index)
        .join(Leaf, Leaf.event_id == EventBatch.event_id)
        .where(among(EventBatch.batch_code, codes), Leaf.leaf_index <= last)
        .order_by(Leaf.leaf_index)
    )
    named = rows.all()
    earlier = {event: index for _, event, index in named if str(event) not in known}
    leaves = await session.execute(
        select(Event.id, Event.leaf).where(among(Event.id, list(earlier)))
    )
    known |= {str(id_): told_of(earlier[id_], read_leaf(leaf)) for id_, leaf in leaves}
    for code, event, _ in named:
        found[code].append(known[str(event)])
    return found


async def _booked(
    session: AsyncSession, bags: Collection[str], last: int
) -> dict[str, list[tuple[int, Transfer]]]:
    """Return what is booked for bags up to a leaf, each with its leaf."""
    rows = await session.execute(
        select(Posting, Leaf.leaf_index)
        .join(Leaf, Leaf.event_id == Posting.cause)
        .where(among(Posting.batch_code, bags), Leaf.leaf_index <= last)
    )
    found: dict[str, list[tuple[int, Transfer]]] = defaultdict(list)
    for posting, index in rows:
        found[posting.batch_code].append((index, transfer_of(posting)))
    return found
