"""Judges single events: where and when they were recorded, by which phone, for which receiver."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.alerts.booked import Booked
from app.alerts.keep import marks_where, upsert
from app.alerts.rules.mark import Mark, seers
from app.alerts.rules.movement import NIGHT_KINDS, Fix, night_of, off_site, too_fast
from app.alerts.rules.openings import Change
from app.alerts.running import AlertContainer, AlertFix, AlertMark, AlertUnitCode
from app.alerts.scanned import codes_of, fix_of, movers_of, named_containers
from app.alerts.scene import Scene
from app.alerts.told import Told
from app.batches.models import Label
from app.events.answered import E7
from app.orm import among

RECEIVER = ("receiver-not-listed", "receiver-permit-not-in-force")
OWN = (
    *RECEIVER, "off-site-scan", "night-entries", "impossible-speed", "repeated-unit-code",
    "container-at-two-places",
)  # fmt: skip
PAIRS = ("impossible-speed", "container-at-two-places")
"""Rules about two events; their marks name the earlier one as `other_event`."""
NOWHERE: tuple[str | None, Any, str] = (None, None, "")
"""A container of which nothing is known."""


class Movements:
    """Where phones, accounts and containers were last, and which bottles have been seen."""

    def __init__(
        self,
        scene: Scene,
        fixes: dict[str, Fix],
        codes: dict[str, dict[str, tuple[int, str, int]]],
        containers: dict[str, tuple[str | None, Any, str]],
        said: dict[str, list[Mark]],
        booked: Booked,
    ) -> None:
        self._scene = scene
        self._booked = booked
        self._said = said
        self._fixes = fixes
        self._codes = codes
        self._containers = containers
        self._moved: set[str] = set()
        self._scanned: set[tuple[str, str]] = set()
        self._placed: set[str] = set()

    @classmethod
    async def load(
        cls,
        session: AsyncSession,
        part: Sequence[Told],
        scene: Scene,
        booked: Booked,
    ) -> "Movements":
        """Load the running state that a part's leaves concern."""
        undone = [one.undone for one in part if one.undone]
        both = [*part, *undone]
        movers = {mover for one in both if fix_of(one) for mover in movers_of(one)}
        fixes = {}
        for mover, at, lat_e7, lon_e7, off_cm, event, site in await session.execute(
            select(*AlertFix.__table__.columns).where(among(AlertFix.mover, movers))
        ):
            fixes[mover] = Fix(at, lat_e7 / E7, lon_e7 / E7, off_cm / 100, event, site)
        scanned = {code for one in both for code in codes_of(one)}
        codes: dict[str, dict[str, tuple[int, str, int]]] = defaultdict(dict)
        if scanned:
            for use in await session.scalars(
                select(AlertUnitCode).where(among(AlertUnitCode.code, scanned))
            ):
                codes[use.code][str(use.event)] = (use.leaf_index, use.site, use.times)
        named = {code for one in both for code in named_containers(one)}
        containers: dict[str, tuple[str | None, Any, str]] = {}
        if named:
            boxes = select(Label.code).where(Label.kind == "container", among(Label.code, named))
            containers = dict.fromkeys(await session.scalars(boxes), NOWHERE)
        if containers:
            for box in await session.scalars(
                select(AlertContainer).where(among(AlertContainer.code, list(containers)))
            ):
                containers[box.code] = (box.site, box.at, box.event)
        said = await _said_by(session, [one.id for one in undone])
        return cls(scene, fixes, codes, containers, said, booked)

    def judge(self, told: Told) -> Iterator[Change]:
        """Yield what a leaf changes; a correction first takes back what its event said."""
        if told.undone:
            for mark in self._said.pop(told.undone.id, ()):
                yield Change(mark, stands=False)
            self._forget(told.undone)
            for code in sorted(codes_of(told.undone)):
                self._codes[code].pop(told.undone.id, None)
                self._scanned.add((code, told.undone.id))
                yield from self._first(code)
        for mark in (
            *self._plain(told),
            *self._fast(told),
            *self._repeats(told),
            *self._boxes(told),
        ):
            self._said[told.id].append(mark)
            if mark.rule in PAIRS:
                self._said[mark.figures["other_event"]].append(mark)
            yield Change(mark, stands=True)

    def _forget(self, undone: Told) -> None:
        """Forget where an event that is taken back said that phones and containers were."""
        for mover in movers_of(undone):
            fix = self._fixes.get(mover)
            if fix and fix.event == undone.id:
                del self._fixes[mover]
                self._moved.add(mover)
        for code in named_containers(undone):
            if self._containers.get(code, NOWHERE)[2] == undone.id:
                self._containers[code] = NOWHERE
                self._placed.add(code)

    def _trip_of(self, told: Told) -> str | None:
        """Return the trip of an event: as it says, or, where a receiver did not, as was booked."""
        accounts = (t.source for _, t in self._booked.get(told.id, ()))
        moved = (a.removeprefix("transit/") for a in accounts if a.startswith("transit/"))
        return told.stamps.get("trip") or next(moved, None)

    def _mark(
        self, rule: str, told: Told, subject: str, window: str, figures: dict[str, Any], **more: Any
    ) -> Mark:
        site = told.site or ""
        places = [self._scene.places.get(s) for s in (site, told.event.get("destination", ""))]
        trip = self._scene.trips.get(self._trip_of(told) or "")
        seen_by = seers(places, trip.carrier if trip else None)
        return Mark(rule, subject, window, site[:6], site, seen_by, figures, event=told.id, **more)

    def _plain(self, told: Told) -> Iterator[Mark]:
        """Yield what an event's own content says that is wrong."""
        if told.site is None:
            return
        at = self._scene.at(told.site[:6], told.on, told.recorded_at)
        for flag in told.stamps.get("flags", ()):
            if flag in RECEIVER:
                trip = self._trip_of(told) or told.id
                receiver = told.event.get("destination") or told.site
                figures = {"receiver": receiver, "on": told.on.isoformat(), "kind": told.kind}
                yield self._mark(flag, told, trip, "", figures)
        fix, place = fix_of(told), self._scene.places.get(told.site)
        away = off_site(fix, place, at) if fix and place else None
        if away:
            need = away["thresholds"]["count"]["value"]
            yield self._mark(
                "off-site-scan", told, told.site, told.on.isoformat(), away, need=max(need, 1)
            )
        if told.kind in NIGHT_KINDS and told.event.get("channel") not in ("paper", "office"):
            night = night_of(told.effective_at, at)
            if night:
                on, need, figures = night
                yield self._mark(
                    "night-entries", told, told.site, on.isoformat(), figures, need=max(need, 1)
                )

    def _fast(self, told: Told) -> Iterator[Mark]:
        """Compare with where the phone, or else the account, was last; one finding is enough."""
        fix = fix_of(told)
        if fix is None:
            return
        at = self._scene.at(fix.site[:6], told.on, told.recorded_at)
        found = False
        for mover in movers_of(told):
            last = self._fixes.get(mover)
            fast = too_fast(last, fix, at) if last and not found else None
            if last and fast:
                found = True
                figures = fast | {"other_event": last.event}
                yield self._mark("impossible-speed", told, mover, told.id, figures)
            if last is None or last.at <= fix.at:
                self._fixes[mover] = fix
                self._moved.add(mover)

    def _repeats(self, told: Told) -> Iterator[Mark]:
        for code, times in sorted(codes_of(told).items()):
            earlier = min(self._codes[code].items(), key=lambda use: use[1], default=None)
            self._codes[code][told.id] = (told.leaf_index, told.site or "", times)
            self._scanned.add((code, told.id))
            if earlier or times > 1:
                event, (_, site, _) = earlier or (told.id, (0, told.site, 0))
                figures = {"first_event": event, "first_site": site, "times": times}
                yield self._mark("repeated-unit-code", told, code, "", figures)

    def _first(self, code: str) -> Iterator[Change]:
        """Let what has become a bottle's first hand-in speak no more: the one before is undone."""
        uses = self._codes[code]
        event = min(uses, key=lambda e: uses[e], default=None)
        if event and uses[event][2] == 1:
            site = uses[event][1]
            mark = Mark(
                "repeated-unit-code", code, "", site[:6], site, frozenset(), {}, event=event
            )
            yield Change(mark, stands=False)

    def _boxes(self, told: Told) -> Iterator[Mark]:
        """Flag a container that is named where it is not, and has not come by a trip."""
        for code in named_containers(told):
            if code not in self._containers:
                continue
            site, at, last = self._containers[code]
            if at is not None and told.effective_at < at:
                continue  # a late one: what is known to be later says where the box is
            if site and site != told.site and told.kind != "arrive":
                figures = {"site": told.site, "other_site": site, "other_event": last}
                yield self._mark("container-at-two-places", told, code, "", figures)
            here = None if told.kind == "depart" else told.site
            self._containers[code] = (here, told.effective_at, told.id)
            self._placed.add(code)

    async def save(self, session: AsyncSession) -> None:
        """Write the running state."""
        fixes = [(mover, self._fixes[mover]) for mover in sorted(self._moved & self._fixes.keys())]
        await upsert(
            session,
            AlertFix,
            [
                {
                    "mover": mover, "at": fix.at, "lat_e7": round(fix.lat * E7),
                    "lon_e7": round(fix.lon * E7), "accuracy_cm": round(fix.accuracy_m * 100),
                    "event": fix.event, "site": fix.site,
                }
                for mover, fix in fixes
            ],
        )  # fmt: skip
        await _remove(session, AlertFix.mover, self._moved - self._fixes.keys())
        await self._save_codes(session)
        placed = {code for code in self._placed if self._containers[code] != NOWHERE}
        await upsert(
            session,
            AlertContainer,
            [
                {"code": code, "site": site, "at": at, "event": event}
                for code in sorted(placed)
                for site, at, event in [self._containers[code]]
            ],
        )
        await _remove(session, AlertContainer.code, self._placed - placed)

    async def _save_codes(self, session: AsyncSession) -> None:
        rows, gone = [], []
        for code, event in sorted(self._scanned):
            use = self._codes[code].get(event)
            if use is None:
                gone.append(UUID(event))
                continue
            values = dict(zip(("leaf_index", "site", "times"), use, strict=True))
            rows.append({"code": code, "event": UUID(event), **values})
        if gone:
            codes = {code for code, _ in self._scanned}
            await session.execute(
                delete(AlertUnitCode).where(
                    among(AlertUnitCode.code, codes), among(AlertUnitCode.event, gone)
                )
            )
        await upsert(session, AlertUnitCode, rows)


async def _said_by(session: AsyncSession, undone: Sequence[str]) -> dict[str, list[Mark]]:
    """Return what events that are taken back have said, and what was said by comparing with them."""
    said: dict[str, list[Mark]] = defaultdict(list)
    if not undone:
        return said
    of_events = AlertMark.batch == "", among(AlertMark.rule, OWN)
    for mark, _ in await marks_where(session, among(AlertMark.event, undone), *of_events):
        said[mark.event].append(mark)
    other = AlertMark.figures["other_event"].astext
    of_pairs = AlertMark.batch == "", among(AlertMark.rule, PAIRS)
    for mark, _ in await marks_where(session, among(other, undone), *of_pairs):
        said[mark.figures["other_event"]].append(mark)
    return said


async def _remove(session: AsyncSession, column: Any, keys: set[str]) -> None:
    if keys:
        await session.execute(delete(column.class_).where(among(column, keys)))
