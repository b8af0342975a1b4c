"""Judges bags: after each leaf that touches a bag, what speaks against it and what no longer does."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.alerts.booked import Booked
from app.alerts.groups import Group, save_groups
from app.alerts.keep import marks_where
from app.alerts.kept import Kept, save_kept
from app.alerts.rules.bag import (
    OF_A_STEP,
    Known,
    concerned,
    marks_of,
    standing_marks,
    step_marks,
)
from app.alerts.rules.mark import Item, Mark
from app.alerts.rules.openings import Change
from app.alerts.rules.trail import Shares, is_shared
from app.alerts.rules.weights import difference
from app.alerts.running import AlertMark
from app.alerts.scene import Scene
from app.alerts.told import Told
from app.alerts.touched import ITSELF, Touched
from app.balance.postings import Transfer
from app.events.fold import advance
from app.events.shelf import filled
from app.events.state import Step
from app.events.taking import Conflict
from app.events.together import with_share
from app.logging import log
from app.orm import among


class Bags:
    """What stands of the bags of a part."""

    def __init__(
        self,
        scene: Scene,
        touched: Touched,
        booked: Booked,
        marks: dict[str, dict[Item, Mark]],
    ) -> None:
        self._touched = touched
        self._booked = booked
        self._marks = marks
        self._groups = touched.groups
        self._scene = scene
        self._known = Known(scene.places, scene.trips, scene.at)
        self._kept: dict[str, Kept | None] = dict(touched.kept)
        self._changed: set[str] = set()
        self._weighed: set[str] = set()

    @classmethod
    async def load(
        cls, session: AsyncSession, scene: Scene, touched: Touched, booked: Booked
    ) -> "Bags":
        """Load the marks that stand of the bags concerned."""
        marks: dict[str, dict[Item, Mark]] = defaultdict(dict)
        bags = touched.kept.keys() | touched.whole
        for mark, _ in await marks_where(session, among(AlertMark.batch, bags)):
            marks[mark.batch][mark.item] = mark
        return cls(scene, touched, booked, marks)

    def judge(self, told: Told) -> Iterator[Change]:
        """Yield what a leaf changes of the bags that it touches."""
        self._weighed.clear()
        for code, way in self._touched.ways[told.leaf_index].items():
            if code in self._touched.filling:
                continue
            kept = self._kept_for(code, way, told)
            if way is None or kept is None:
                marks = self._told_anew(code, told)
            else:
                marks = self._told_on(code, way, told, kept)
            yield from self._differences(code, marks)
        for weighing in sorted(self._weighed):
            yield self._group(weighing)

    def _kept_for(self, code: str, way: str | None, told: Told) -> Kept | None:
        """Return what a leaf goes on from; None where it changes what was before."""
        kept = self._kept.get(code)
        if kept is None:
            return None if code in self._touched.whole else Kept()
        happening, last = told.happening, kept.state.last
        if way is None or told.undone or happening is None:
            return None
        return kept if last is None or happening.order > last else None

    def _told_on(self, code: str, way: str, told: Told, kept: Kept) -> list[Mark]:
        """Take one step more, and return what then speaks against a bag."""
        step = with_share(self._step(code, way, told, kept), kept.state)
        moved = advance(self._touched.labels[code], kept.state, step)
        if isinstance(moved, Conflict):
            # It was decided to fit; a bag that it does not fit stays as it was.
            log.error("alerts: a step does not fit", batch=code, leaf=told.leaf_index)
            return list(self._marks[code].values())
        lasting = [m for m in self._marks[code].values() if m.rule in OF_A_STEP]
        at = told.recorded_at
        found = step_marks(code, kept.state, kept.trail, step, moved, self._known, at)
        whom = concerned(kept.state, step, self._known) if is_shared(step) else ()
        now = Kept(moved.state, kept.trail.after(kept.state, step, moved, at, whom))
        self._keep(code, kept.trail.shares, now)
        return [*lasting, *found, *standing_marks(code, now.state, now.trail, self._known)]

    def _step(self, code: str, way: str, told: Told, kept: Kept) -> Step:
        happening = told.happening
        assert happening is not None, "a leaf that reaches a bag tells of it"
        via = happening.reaches(code, kept.state.container) if way == ITSELF else way
        step = happening.step(code, via)
        if step.group or step.repacking:
            return filled(code, step, self._booked_for(code, told))
        return step

    def _booked_for(self, code: str, told: Told) -> list[Transfer]:
        return [transfer for bag, transfer in self._booked.get(told.id, ()) if bag == code]

    def _told_anew(self, code: str, told: Told) -> list[Mark]:
        """Fold a bag's whole story, and return what then speaks against it."""
        stories, label = self._touched.stories, self._touched.labels[code]
        before = self._shares_of(code, told.leaf_index)
        folded = stories.folded(code, label, told.leaf_index + 1)
        if folded is None:
            self._keep(code, before, None)
            return []
        marks, trail = marks_of(code, folded, self._known, self._told_at)
        self._keep(code, before, Kept(folded.state, trail))
        return marks

    def _shares_of(self, code: str, size: int) -> Shares:
        """Return a bag's shares of weighings by the first `size` leaves."""
        kept = self._kept.get(code)
        if kept:
            return kept.trail.shares
        stories = self._touched.stories
        if not stories.was_grouped(code):
            return {}
        folded = stories.folded(code, self._touched.labels[code], size)
        return marks_of(code, folded, self._known, self._told_at)[1].shares if folded else {}

    def _told_at(self, event: str) -> datetime:
        return self._touched.told[event].recorded_at

    def _keep(self, code: str, before: Shares, now: Kept | None) -> None:
        """Keep a bag, and bring the sums of shared weighings from what it had in them to what it has."""
        self._kept[code] = now
        after = now.trail.shares if now else {}
        for weighing in before.keys() | after.keys():
            was, has = before.get(weighing), after.get(weighing)
            if was == has:
                continue
            group = self._groups.setdefault(weighing, Group())
            for share, sign in ((was, -1), (has, 1)):
                if share:
                    group.add(share, sign)
            self._weighed.add(weighing)
            self._changed.add(weighing)

    def _differences(self, code: str, marks: Sequence[Mark]) -> Iterator[Change]:
        before, now = self._marks[code], {mark.item: mark for mark in marks}
        for item in sorted(before.keys() - now.keys()):
            yield Change(before[item], stands=False)
        for item in sorted(now):
            if before.get(item) != now[item]:
                yield Change(now[item], stands=True)
        self._marks[code] = now

    def _group(self, weighing: str) -> Change:
        """Judge all bags of one weighing together, after the leaf is taken whole."""
        event, _, container = weighing.partition("/")
        told = self._touched.told[event]
        site = told.site or ""
        at = self._scene.at(site[:6], told.on, told.recorded_at)
        group = self._groups[weighing]
        off = difference(group.before_g, group.after_g, at)
        trip = self._scene.trips.get(told.stamps.get("trip") or "")
        number = {"trip": trip.number} if trip else {}
        mark = Mark(
            "weight-difference", told.stamps.get("trip") or site, event, site[:6], site,
            frozenset(group.seen_by),
            number | (off or {}) | {"weighed": "group"}, event=event, batch=container,
        )  # fmt: skip
        return Change(mark, stands=off is not None)

    async def save(self, session: AsyncSession) -> None:
        """Write what has changed of bags and of shared weighings."""
        kept: Mapping[str, Kept | None] = {
            code: one for code, one in self._kept.items() if one is not self._touched.kept.get(code)
        }
        await save_kept(session, kept)
        await save_groups(session, {name: self._groups[name] for name in self._changed})
