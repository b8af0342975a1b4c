"""Judges the chains of phones: what was edited, dropped or put in between shows in the next event."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.alerts.rules.bounds import named
from app.alerts.rules.device import Link, Run, gaps, place
from app.alerts.rules.mark import Mark, seers
from app.alerts.rules.openings import Change
from app.alerts.running import AlertDeviceRun
from app.alerts.scene import Scene
from app.alerts.told import Told
from app.orm import among

BROKEN, SKIPPED = "device-chain-broken", "device-sequence-skipped"


class Devices:
    """What is known of each phone."""

    def __init__(self, scene: Scene, runs: dict[str, tuple[Run, ...]]) -> None:
        self._scene = scene
        self._runs = runs
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
        return cls(scene, {device: tuple(found) for device, found in runs.items()})

    def judge(self, told: Told) -> Iterator[Change]:
        """Yield what a leaf changes. What was recorded stays recorded: corrections change nothing."""
        link = told.link
        if link is None:
            return
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
