"""Judges bags: after each leaf that touches a bag, what speaks against it and what no longer does."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.alerts.keep import mark_of, upsert
from app.alerts.rules.bag import Known, Share, grouped, marks_of
from app.alerts.rules.mark import Item, Mark
from app.alerts.rules.openings import Change
from app.alerts.rules.weights import difference
from app.alerts.running import AlertGroup, AlertMark
from app.alerts.scene import Scene
from app.alerts.stories import Stories
from app.alerts.told import Told
from app.orm import among

Shares = dict[str, Share]
"""What a bag had in weighings that it shared, by the event that weighed."""


@dataclass
class _Group:
    """The sums of a weighing over its bags, and whom it concerns: whoever one of them concerned."""

    before_g: int = 0
    after_g: int = 0
    seen_by: set[str] = field(default_factory=set)

    def add(self, share: Share | None, sign: int) -> None:
        """Add a bag's share, or take it out again."""
        if share:
            self.before_g += sign * share.before_g
            self.after_g += sign * share.after_g
            self.seen_by |= share.seen_by


class Bags:
    """What stands of the bags of a part."""

    def __init__(
        self,
        scene: Scene,
        stories: Stories,
        marks: dict[str, dict[Item, Mark]],
        groups: dict[str, "_Group"],
        weighings: dict[str, Told],
    ) -> None:
        self._scene = scene
        self._stories = stories
        self._marks = marks
        self._groups = groups
        self._weighings = weighings
        self._shares: dict[str, Shares] = {}
        self._changed: set[str] = set()

    @classmethod
    async def load(cls, session: AsyncSession, scene: Scene, stories: Stories) -> "Bags":
        """Load the marks that stand of the bags concerned, and the weighings they shared."""
        marks: dict[str, dict[Item, Mark]] = defaultdict(dict)
        rows = await session.scalars(
            select(AlertMark).where(
                AlertMark.batch != "", among(AlertMark.batch, list(stories.told))
            )
        )
        for row in rows:
            mark = mark_of(row)
            marks[row.batch][mark.item] = mark
        weighings = {one.id: one for told in stories.told.values() for one in told}
        groups = await session.scalars(
            select(AlertGroup).where(among(AlertGroup.event, list(weighings)))
        )
        sums = {g.event: _Group(g.before_g, g.after_g, set(g.seen_by)) for g in groups}
        return cls(scene, stories, marks, sums, weighings)

    def judge(self, told: Told) -> Iterator[Change]:
        """Yield what a leaf changes of the bags that it touches."""
        weighed: set[str] = set()
        known = Known(
            self._scene.places,
            self._scene.trips,
            lambda county, on: self._scene.at(county, on, told.recorded_at),
        )
        for code in self._stories.touched.get(told.leaf_index, ()):
            if self._stories.is_filling(code, told.leaf_index + 1) and not self._marks[code]:
                continue
            shared = self._stories.was_grouped(code)
            before = self._shares_of(code, told.leaf_index, known) if shared else {}
            folded = self._stories.folded(code, told.leaf_index + 1)
            marks = {m.item: m for m in marks_of(code, folded, known)} if folded else {}
            yield from self._differences(code, marks)
            if shared:
                after = grouped(folded, known) if folded else {}
                self._shares[code] = after
                weighed |= self._move(before, after)
        for event in sorted(weighed):
            yield self._group(event, told)

    def _differences(self, code: str, marks: dict[Item, Mark]) -> Iterator[Change]:
        before = self._marks[code]
        for item in sorted(before.keys() - marks.keys()):
            yield Change(before[item], stands=False)
        for item in sorted(marks):
            if before.get(item) != marks[item]:
                yield Change(marks[item], stands=True)
        self._marks[code] = marks

    def _shares_of(self, code: str, size: int, known: Known) -> Shares:
        if code not in self._shares:
            folded = self._stories.folded(code, size)
            self._shares[code] = grouped(folded, known) if folded else {}
        return self._shares[code]

    def _move(self, before: Shares, after: Shares) -> set[str]:
        """Bring the sums of shared weighings from what a bag had in them to what it has."""
        changed = {e for e in before.keys() | after.keys() if before.get(e) != after.get(e)}
        for event in changed:
            group = self._groups.setdefault(event, _Group())
            group.add(before.get(event), -1)
            group.add(after.get(event), 1)
        self._changed |= changed
        return changed

    def _group(self, event: str, told: Told) -> Change:
        """Judge all bags of one weighing together, after the leaf is taken whole."""
        weighing = self._weighings[event]
        site = weighing.site or ""
        at = self._scene.at(site[:6], weighing.on, told.recorded_at)
        group = self._groups[event]
        off = difference(group.before_g, group.after_g, at)
        trip = weighing.stamps.get("trip")
        mark = Mark(
            "weight-difference", trip or site, event, site[:6], site, frozenset(group.seen_by),
            (off or {}) | {"weighed": "group"}, event=event,
        )  # fmt: skip
        return Change(mark, stands=off is not None)

    async def save(self, session: AsyncSession) -> None:
        """Write the sums of shared weighings."""
        rows = [
            {
                "event": e,
                "before_g": one.before_g,
                "after_g": one.after_g,
                "seen_by": sorted(one.seen_by),
            }
            for e, one in sorted(self._groups.items())
            if e in self._changed
        ]
        if rows:
            await upsert(session, AlertGroup, rows)
