"""Judges single events: where and when they were recorded, by which phone, for which receiver."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.alerts.booked import Booked
from app.alerts.keep import mark_of, upsert
from app.alerts.rules.mark import Mark, seers
from app.alerts.rules.movement import NIGHT_KINDS, Fix, night_of, off_site, too_fast
from app.alerts.rules.openings import Change
from app.alerts.running import AlertContainer, AlertFix, AlertMark, AlertUnitCode
from app.alerts.scene import Scene
from app.alerts.told import Told
from app.batches.models import Label
from app.events.answered import E7
from app.orm import among
from app.packaging.unit_code import unit_code

RECEIVER = ("receiver-not-listed", "receiver-permit-not-in-force")
OWN = (
    *RECEIVER, "off-site-scan", "night-entries", "impossible-speed", "repeated-unit-code",
    "container-at-two-places",
)  # fmt: skip
NO_ACCURACY_M = 100
"""Taken where a phone did not say how far off it may be."""


def fix_of(told: Told) -> Fix | None:
    """Return where the phone was that recorded an event; None where it did not say."""
    position = told.event.get("position")
    if position is None or told.site is None:
        return None
    accuracy_m = position.get("accuracy_cm", NO_ACCURACY_M * 100) / 100
    lat, lon = position["lat_e7"] / E7, position["lon_e7"] / E7
    return Fix(told.effective_at, lat, lon, accuracy_m, told.id, told.site)


def movers_of(told: Told) -> list[str]:
    """Return who moved with an event: the phone, and the account that used it."""
    device = told.event.get("device")
    return [*([f"device:{device['id']}"] if device else []), f"account:{told.stamps['actor']}"]


def codes_of(told: Told) -> dict[str, int]:
    """Return the bottles' codes that a hand-in scanned, and how often each."""
    found: dict[str, int] = defaultdict(int)
    for payload in told.event.get("unit_codes") or ():
        code = unit_code(payload)
        if code:
            found[code] += 1
    return dict(found)


def named_containers(told: Told) -> list[str]:
    """Return what an event may name as a container: the codes of its fields and of its list."""
    weighed = told.event.get("weighed") or {}
    named = [told.event.get("container"), weighed.get("container")]
    listed = [one["code"] for one in told.event.get("batches") or ()] if told.site else []
    return [code for code in (*named, *listed) if code]


class Movements:
    """Where phones, accounts and containers were last, and which bottles have been seen."""

    def __init__(
        self,
        scene: Scene,
        fixes: dict[str, Fix],
        codes: dict[str, dict[str, tuple[int, str, int]]],
        containers: dict[str, tuple[str | None, Any, str]],
        said: dict[str, list[Mark]],
        booked: Mapping[str, Sequence[Booked]],
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
        booked: Mapping[str, Sequence[Booked]],
    ) -> "Movements":
        """Load the running state that a part's leaves concern."""
        both = [*part, *(one.undone for one in part if one.undone)]
        movers = {mover for one in part if fix_of(one) for mover in movers_of(one)}
        fixes = {}
        if movers:
            for row in await session.scalars(select(AlertFix).where(among(AlertFix.mover, movers))):
                lat, lon, off_m = row.lat_e7 / E7, row.lon_e7 / E7, row.accuracy_cm / 100
                fixes[row.mover] = Fix(row.at, lat, lon, off_m, row.event, row.site)
        scanned = {code for one in both for code in codes_of(one)}
        codes: dict[str, dict[str, tuple[int, str, int]]] = defaultdict(dict)
        if scanned:
            for use in await session.scalars(
                select(AlertUnitCode).where(among(AlertUnitCode.code, scanned))
            ):
                codes[use.code][str(use.event)] = (use.leaf_index, use.site, use.times)
        named = {code for one in part for code in named_containers(one)}
        containers: dict[str, tuple[str | None, Any, str]] = {}
        if named:
            boxes = select(Label.code).where(Label.kind == "container", among(Label.code, named))
            containers = dict.fromkeys(await session.scalars(boxes), (None, None, ""))
        if containers:
            for box in await session.scalars(
                select(AlertContainer).where(among(AlertContainer.code, list(containers)))
            ):
                containers[box.code] = (box.site, box.at, box.event)
        said: dict[str, list[Mark]] = defaultdict(list)
        undone = [one.undone.id for one in part if one.undone]
        if undone:
            of_events = AlertMark.batch == "", AlertMark.rule.in_(OWN)
            for one in await session.scalars(
                select(AlertMark).where(among(AlertMark.event, undone), *of_events)
            ):
                said[one.event].append(mark_of(one))
        return cls(scene, fixes, codes, containers, said, booked)

    def judge(self, told: Told) -> Iterator[Change]:
        """Yield what a leaf changes; a correction first takes back what its event said."""
        if told.undone:
            for mark in self._said.pop(told.undone.id, ()):
                yield Change(mark, stands=False)
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
            yield Change(mark, stands=True)

    def _trip_of(self, told: Told) -> str | None:
        """Return the trip of an event: as it says, or, where a receiver did not, as was booked."""
        accounts = (b.from_account for b in self._booked.get(told.id, ()))
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
        fixes = [(mover, self._fixes[mover]) for mover in sorted(self._moved)]
        if fixes:
            rows = [
                {
                    "mover": mover, "at": fix.at, "lat_e7": round(fix.lat * E7),
                    "lon_e7": round(fix.lon * E7), "accuracy_cm": round(fix.accuracy_m * 100),
                    "event": fix.event, "site": fix.site,
                }
                for mover, fix in fixes
            ]  # fmt: skip
            await upsert(session, AlertFix, rows)
        await self._save_codes(session)
        boxes = [
            {"code": code, "site": site, "at": at, "event": event}
            for code in sorted(self._placed)
            for site, at, event in [self._containers[code]]
        ]
        if boxes:
            await upsert(session, AlertContainer, boxes)

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
        if rows:
            await upsert(session, AlertUnitCode, rows)
