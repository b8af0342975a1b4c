"""The stories of bags as they were told by each leaf: what was known then, and no more.

The follower may be far behind the writers, in a rebuild by the whole log: `batch` says what is
known now, so the story is read from the log and folded again. Shares of weighings and repacks are
those that the leaves booked.
"""

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
from app.events.fold import Folded
from app.events.happening import Happening, codes_in
from app.events.shelf import settled
from app.events.state import LabelFacts, State, Step
from app.events.story import members_at, story_of
from app.events.together import fold_together
from app.ledger.leaf import read_leaf
from app.ledger.models import Event, EventBatch, Leaf
from app.orm import among


@dataclass
class Stories:
    """Labels, and for each bag and container what leaves tell of it, in leaf order."""

    labels: dict[str, LabelFacts] = field(default_factory=dict)
    told: dict[str, list[Told]] = field(default_factory=dict)
    touched: dict[int, list[str]] = field(default_factory=dict)
    """Bags that each leaf of the part touches."""
    corrects: dict[str, str] = field(default_factory=dict)
    """By a correction's id, the id of the event that it takes back."""
    booked: dict[str, list[tuple[int, Transfer]]] = field(default_factory=dict)
    """What leaves booked for bags that shared a weighing or a repack with others."""
    _known: dict[str, tuple[list[Step], Folded]] = field(default_factory=dict)
    """The story of each bag that was folded last."""

    def folded(self, code: str, size: int) -> Folded | None:
        """Return a bag's story by the first `size` leaves, folded; None before it begins."""
        own = self._in_force(code, size)
        if not own:
            return None
        boxes = {box: self._in_force(box, size) for box in _boxes(own)}
        booked = [transfer for index, transfer in self.booked.get(code, ()) if index < size]
        story = settled(code, story_of(code, own, boxes), booked)
        return self._fold(code, sorted(story, key=lambda step: step.order))

    def _fold(self, code: str, story: list[Step]) -> Folded | None:
        """Fold a story; most leaves tell what comes after all that was folded before."""
        known, before = self._known.get(code, ([], Folded(State())))
        if story[: len(known)] != known:
            known, before = [], Folded(State())
        further, start = {code: story[len(known) :]}, {code: before.state}
        found = fold_together({code: self.labels[code]}, further, start)
        if not isinstance(found, dict):
            return None
        one = found[code]
        folded = Folded(one.state, before.transfers + one.transfers, before.taken + one.taken)
        self._known[code] = story, folded
        return folded

    def is_filling(self, code: str, size: int) -> bool:
        """Tell whether the first `size` leaves tell of hand-ins alone: nothing can be wrong yet."""
        return all(one.kind == "hand_in" for one in self.told[code] if one.leaf_index < size)

    def was_grouped(self, code: str) -> bool:
        """Tell whether a bag was ever weighed with others."""
        return any(h.ties and h.kind != "repack" for h in self._around(code))

    def members(self, container: str, happening: Happening, size: int) -> set[str]:
        """Return the bags in a container just before an event, by the first `size` leaves."""
        return members_at(container, self._in_force(container, size), happening.order)

    def shares(self, code: str) -> bool:
        """Tell whether others had a say in a bag's mass at any time."""
        return any(h.ties for h in self._around(code))

    def _around(self, code: str) -> list[Happening]:
        own = self.happenings(code)
        return [*own, *(h for box in _boxes(own) for h in self.happenings(box))]

    def happenings(self, code: str) -> list[Happening]:
        """Return all that leaves tell of a bag or container, what is corrected by now included."""
        return [one.happening for one in self.told.get(code, ()) if one.happening]

    def _in_force(self, code: str, size: int) -> list[Happening]:
        told = [one for one in self.told.get(code, ()) if one.leaf_index < size]
        undone = {self.corrects.get(one.id) for one in told}
        return [one.happening for one in told if one.happening and one.id not in undone]


def _boxes(happenings: Iterable[Happening]) -> set[str]:
    return {h.body["container"] for h in happenings if h.kind == "pack"}


async def load_stories(session: AsyncSession, part: Sequence[Told]) -> Stories:
    """Load what the log tells, up to the last leaf of a part, of every bag that the part touches.

    A bag is touched by an event that names it, by one that names the container it is in, and by one
    that rebooks it.
    """
    mine = {UUID(one.id): one for one in part}
    touched: dict[int, set[str]] = {one.leaf_index: _named(one) for one in part}
    booked = await session.execute(
        select(Posting.cause, Posting.batch_code).where(among(Posting.cause, mine)).distinct()
    )
    for event, code in booked:
        touched[mine[event].leaf_index].add(code)
    stories = Stories(corrects={one.id: one.undone.id for one in part if one.undone})
    kinds = await _labels(session, stories, set().union(*touched.values()) if touched else set())
    containers = {code for code, kind in kinds.items() if kind == "container"}
    await _read(session, stories, part, containers)
    for one in part:
        touched[one.leaf_index] -= containers
        touched[one.leaf_index] |= _reached(stories, one)
    bags = set().union(*touched.values()) if touched else set()
    await _labels(session, stories, bags - stories.labels.keys())
    await _read(session, stories, part, bags)
    boxes = {box for code in bags for box in _boxes(stories.happenings(code))}
    await _read(session, stories, part, boxes - stories.told.keys())
    await _book(session, stories, part, {code for code in bags if stories.shares(code)})
    stories.touched = {index: sorted(codes) for index, codes in touched.items()}
    return stories


def _named(one: Told) -> set[str]:
    """Return the codes that an event names, and the one that it takes back."""
    return {*codes_in(one.event), *(codes_in(one.undone.event) if one.undone else ())}


def _reached(stories: Stories, one: Told) -> set[str]:
    """Return the bags that an event, or the one it takes back, reaches through containers."""
    happenings = (one.happening, one.undone.happening if one.undone else None)
    size = one.leaf_index + 1
    return {
        code
        for happening in happenings
        if happening
        for container in happening.containers
        for code in stories.members(container, happening, size)
    }


async def _labels(
    session: AsyncSession, stories: Stories, codes: Collection[str]
) -> dict[str, str]:
    """Load labels and return their kinds."""
    if not codes:
        return {}
    rows = (await session.scalars(select(Label).where(among(Label.code, codes)))).all()
    stories.labels |= {row.code: LabelFacts(row.county, row.scope) for row in rows}
    return {row.code: row.kind for row in rows}


async def _read(
    session: AsyncSession, stories: Stories, part: Sequence[Told], codes: Collection[str]
) -> None:
    """Load what the log tells of bags or containers, up to a part's last leaf."""
    if not codes:
        return
    rows = (
        await session.execute(
            select(EventBatch.batch_code, EventBatch.event_id, Leaf.leaf_index)
            .join(Leaf, Leaf.event_id == EventBatch.event_id)
            .where(among(EventBatch.batch_code, codes), Leaf.leaf_index <= part[-1].leaf_index)
            .order_by(Leaf.leaf_index)
        )
    ).all()
    known = {UUID(one.id): one for told in stories.told.values() for one in told}
    known |= {UUID(one.id): one for one in part}
    earlier = {event: index for _, event, index in rows if event not in known}
    if earlier:
        leaves = await session.execute(
            select(Event.id, Event.leaf).where(among(Event.id, list(earlier)))
        )
        for id_, leaf in leaves:
            parts = read_leaf(leaf)
            known[id_] = told_of(earlier[id_], parts)
            if "corrects" in parts["event"]:
                stories.corrects[str(id_)] = parts["event"]["corrects"]
    for code in codes:
        stories.told[code] = []
    for code, event, _ in rows:
        stories.told[code].append(known[event])


async def _book(
    session: AsyncSession, stories: Stories, part: Sequence[Told], codes: Collection[str]
) -> None:
    """Load what is booked for bags, up to a part's last leaf, by the leaf that booked it."""
    if not codes:
        return
    rows = await session.execute(
        select(Posting, Leaf.leaf_index)
        .join(Leaf, Leaf.event_id == Posting.cause)
        .where(among(Posting.batch_code, codes), Leaf.leaf_index <= part[-1].leaf_index)
    )
    for posting, index in rows:
        stories.booked.setdefault(posting.batch_code, []).append((index, transfer_of(posting)))
