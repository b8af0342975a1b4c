"""Stories as they were told by each leaf, read from the log and folded again: nothing later.

The follower may be far behind the writers, in a rebuild by the whole log: `batch` says what is
known now. Only what cannot go on from what is kept of a bag (touched.py) is read like this. Shares
of weighings and repacks are those that the leaves booked.
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
from app.events.fold import Folded
from app.events.happening import Happening
from app.events.shelf import settled
from app.events.state import LabelFacts, State, Step
from app.events.story import members_at, story_of
from app.events.together import fold_together
from app.ledger.leaf import read_leaf
from app.ledger.models import Event, EventBatch, Leaf
from app.orm import among


@dataclass
class Stories:
    """What leaves tell of some bags and containers, in leaf order."""

    told: dict[str, list[Told]] = field(default_factory=dict)
    corrects: dict[str, str] = field(default_factory=dict)
    """By a correction's id, the id of the event that it takes back."""
    booked: dict[str, list[tuple[int, Transfer]]] = field(default_factory=dict)
    """What leaves booked for bags that shared a weighing or a repack with others."""
    _known: dict[str, tuple[list[Step], Folded]] = field(default_factory=dict)
    """The story of each bag that was folded last."""

    def folded(self, code: str, label: LabelFacts, size: int) -> Folded | None:
        """Return a bag's story by the first `size` leaves, folded; None before it begins."""
        own = self._in_force(code, size)
        if not own:
            return None
        boxes = {box: self._in_force(box, size) for box in _boxes(own)}
        booked = [transfer for index, transfer in self.booked.get(code, ()) if index < size]
        story = settled(code, story_of(code, own, boxes), booked)
        return self._fold(code, label, sorted(story, key=lambda step: step.order))

    def _fold(self, code: str, label: LabelFacts, story: list[Step]) -> Folded | None:
        """Fold a story; what is told last often comes after all that was folded before."""
        known, before = self._known.get(code, ([], Folded(State())))
        if story[: len(known)] != known:
            known, before = [], Folded(State())
        further, start = {code: story[len(known) :]}, {code: before.state}
        found = fold_together({code: label}, further, start)
        if not isinstance(found, dict):
            return None
        one = found[code]
        folded = Folded(one.state, before.transfers + one.transfers, before.taken + one.taken)
        self._known[code] = story, folded
        return folded

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

    async def read(
        self, session: AsyncSession, part: Sequence[Told], codes: Collection[str]
    ) -> None:
        """Read what the log tells of bags or containers, up to a part's last leaf."""
        codes = set(codes) - self.told.keys()
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
        known = {UUID(one.id): one for told in self.told.values() for one in told}
        known |= {UUID(one.id): one for one in part}
        self.corrects |= {one.id: one.undone.id for one in part if one.undone}
        earlier = {event: index for _, event, index in rows if event not in known}
        if earlier:
            leaves = await session.execute(
                select(Event.id, Event.leaf).where(among(Event.id, list(earlier)))
            )
            for id_, leaf in leaves:
                parts = read_leaf(leaf)
                known[id_] = told_of(earlier[id_], parts)
                if "corrects" in parts["event"]:
                    self.corrects[str(id_)] = parts["event"]["corrects"]
        self.told |= {code: [] for code in codes}
        for code, event, _ in rows:
            self.told[code].append(known[event])

    async def read_whole(
        self, session: AsyncSession, part: Sequence[Told], codes: Collection[str]
    ) -> None:
        """Read all that bears on bags: the containers they were in, and what was booked for them."""
        await self.read(session, part, codes)
        boxes = {box for code in codes for box in _boxes(self.happenings(code))}
        await self.read(session, part, boxes)
        sharing = [code for code in codes if self.shares(code)]
        if not sharing:
            return
        rows = await session.execute(
            select(Posting, Leaf.leaf_index)
            .join(Leaf, Leaf.event_id == Posting.cause)
            .where(among(Posting.batch_code, sharing), Leaf.leaf_index <= part[-1].leaf_index)
        )
        for posting, index in rows:
            booked = self.booked.setdefault(posting.batch_code, [])
            booked.append((index, transfer_of(posting)))


def _boxes(happenings: Iterable[Happening]) -> set[str]:
    return {h.body["container"] for h in happenings if h.kind == "pack"}
