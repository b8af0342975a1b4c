"""Judges the chains of phones: what was edited, dropped or put in between shows in the next event."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.alerts.rules.bounds import named
from app.alerts.rules.device import Head, Link, Run, gaps, misdated, place
from app.alerts.rules.mark import Mark, seers
from app.alerts.rules.openings import Change
from app.alerts.running import AlertDeviceRun
from app.alerts.scene import Scene
from app.alerts.told import Told
from app.ledger.models import Event, Leaf
from app.orm import among
from app.transparency.models import LogCheckpoint, LogHead

BROKEN, SKIPPED = "device-chain-broken", "device-sequence-skipped"


class Devices:
    """What is known of each phone."""

    def __init__(
        self, scene: Scene, runs: dict[str, tuple[Run, ...]], heads: dict[int, Head] | None
    ) -> None:
        self._scene = scene
        self._runs = runs
        self._heads = heads
        self._changed: set[str] = set()

    @classmethod
    async def load(cls, session: AsyncSession, part: Sequence[Told], scene: Scene) -> "Devices":
        """Load the runs of a part's phones."""
        devices = {one.link.device for one in part if one.link}
        runs: dict[str, list[Run]] = defaultdict(list)
        if devices:
            rows = await session.scalars(
                select(AlertDeviceRun)
                .where(among(AlertDeviceRun.device, devices))
                .order_by(AlertDeviceRun.device, AlertDeviceRun.first)
            )
            for row in rows:
                runs[row.device].append(Run(row.first, row.prev, row.event, row.last, row.hash))
        seen = {one.link.seen.size for one in part if one.link and one.link.seen}
        heads = await _heads(session, seen) if seen else {}
        return cls(scene, {device: tuple(found) for device, found in runs.items()}, heads)

    def judge(self, told: Told) -> Iterator[Change]:
        """Yield what a leaf changes. What was recorded stays recorded: corrections change nothing."""
        link = told.link
        if link is None:
            return
        yield from self._misdated(told, link)
        before = self._runs.get(link.device, ())
        placed = place(before, link)
        self._runs[link.device] = placed.runs
        self._changed.add(link.device)
        for seq, event in placed.broken:
            yield Change(self._mark(BROKEN, told, link, event, seq=seq), stands=True)
        if placed.repeated:
            figures = {"seq": link.seq, "repeated": True}
            yield Change(self._mark(BROKEN, told, link, link.event, **figures), stands=True)
        yield from self._skipped(told, link, gaps(before), gaps(placed.runs))

    def _misdated(self, told: Told, link: Link) -> Iterator[Change]:
        """Yield what the head that the phone had seen says against the event's own time."""
        if link.seen is None or self._heads is None:
            return
        # A correction speaks of another day, by right.
        at = told.recorded_at if told.undone else told.claimed_at
        head = self._heads.get(link.seen.size)
        if wrong := misdated(link.seen, head, leaf_index=told.leaf_index, at=at):
            figures = {"seq": link.seq, "not_before": wrong, "log_size": link.seen.size}
            yield Change(self._mark(BROKEN, told, link, link.event, **figures), stands=True)

    def _skipped(
        self, told: Told, link: Link, before: dict[str, int], after: dict[str, int]
    ) -> Iterator[Change]:
        """Yield gaps that closed or opened: one that closes was only late."""
        for event in sorted(before.keys() - after.keys()):
            yield Change(self._mark(SKIPPED, told, link, event), stands=False)
        at = self._scene.at((told.site or "")[:6], told.on, told.recorded_at)
        wait = at.bound(SKIPPED, "wait")
        if wait is None or link.event not in after:
            return
        figures = {"seq": link.seq, "missing": after[link.event], "thresholds": named(wait)}
        due_at = told.recorded_at + timedelta(days=wait.value)
        mark = self._mark(SKIPPED, told, link, link.event, due_at=due_at, **figures)
        yield Change(mark, stands=True)

    def _mark(
        self, rule: str, told: Told, link: Link, event: str, due_at: Any = None, **figures: Any
    ) -> Mark:
        site = told.site or ""
        seen_by = seers([self._scene.places.get(site)])
        return Mark(
            rule, link.device, "", site[:6], site or None, seen_by, figures,
            event=event, due_at=due_at,
        )  # fmt: skip

    async def save(self, session: AsyncSession) -> None:
        """Write what changed: the runs of a phone are few, and replaced together."""
        if not self._changed:
            return
        await session.execute(
            delete(AlertDeviceRun).where(among(AlertDeviceRun.device, self._changed))
        )
        rows = [
            {
                "device": device, "first": run.first, "prev": run.prev, "event": run.event,
                "last": run.last, "hash": run.hash,
            }
            for device in sorted(self._changed)
            for run in self._runs[device]
        ]  # fmt: skip
        await session.execute(insert(AlertDeviceRun), rows)


async def _heads(session: AsyncSession, sizes: set[int]) -> dict[int, Head] | None:
    """Return the published heads of some sizes; None where the log was never published."""
    rows = await session.execute(
        select(LogHead.size, LogHead.root, Event.recorded_at)
        .join(LogCheckpoint, LogCheckpoint.size == LogHead.size)
        .join(Leaf, Leaf.leaf_index == LogHead.size - 1)
        .join(Event, Event.id == Leaf.event_id)
        .where(among(LogHead.size, sizes))
    )
    found = {size: Head(root.hex(), at) for size, root, at in rows}
    if not found and await session.scalar(select(LogCheckpoint.size).limit(1)) is None:
        return None
    return found
