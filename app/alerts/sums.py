"""Judges sums: a store, a point's month and quarter, a site's digits, a county's year."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.alerts.added_up import AddedUp
from app.alerts.booked import Booked
from app.alerts.keep import marks_where
from app.alerts.months import beginning, name_of, silent
from app.alerts.rules.bounds import At
from app.alerts.rules.mark import Key, Mark, seers
from app.alerts.rules.masses import burst, full_store, quarter_name, quarter_of
from app.alerts.rules.openings import Change
from app.alerts.rules.weights import CLASSES, digit_of, round_weights
from app.alerts.running import (
    AlertDigits,
    AlertMark,
    AlertMonth,
    AlertQuarter,
    AlertStock,
)
from app.alerts.scene import Scene
from app.alerts.told import Told
from app.alerts.years import Years
from app.balance.postings import FIELD, Transfer
from app.events.happening import mass_in
from app.orm import among
from app.reports.masses import SCOPE
from app.supply.models import SupplyRow

TAKEN_BACK = frozenset({"hand_in", "collect"})
STATES = (
    "full-store",
    "quarter-end-burst",
    "round-weights",
    "rate-over-100",
    "recovered-over-sold",
)
"""Rules of which a sum either breaks a bound or does not: one mark a key."""


class Sums:
    """Running sums of the sites and counties of a part, and which of them have changed."""

    def __init__(self, scene: Scene, booked: Booked) -> None:
        self._scene = scene
        self._booked = booked
        self._sums = AddedUp()
        self._years = Years(scene, self._sums, {})
        self._standing: dict[Key, Mark] = {}

    @classmethod
    async def load(
        cls, session: AsyncSession, part: Sequence[Told], scene: Scene, booked: Booked
    ) -> "Sums":
        """Load the sums that a part's leaves may change; `booked` is what each of them booked."""
        sums = cls(scene, booked)
        replaced = await _replaced(session, part)
        sites, counties = sums._concerned(part)
        counties |= {row.county for row in replaced.values()}
        sums._sums = await AddedUp.load(session, sites, counties)
        sums._years = Years(scene, sums._sums, replaced)
        for mark, _ in await marks_where(
            session,
            among(AlertMark.rule, STATES),
            among(AlertMark.subject, sites | counties),
            AlertMark.event == "",
            AlertMark.batch == "",
        ):
            sums._standing[mark.key] = mark
        return sums

    def _concerned(self, part: Sequence[Told]) -> tuple[set[str], set[str]]:
        both = [*part, *(one.undone for one in part if one.undone)]
        sites = {one.site for one in both if one.site}
        counties = {code[:6] for code in sites}
        for transfers in self._booked.values():
            for _, t in transfers:
                accounts = (t.source, t.target)
                sites |= {account[5:] for account in accounts if account.startswith("site/")}
                counties.add(t.origin[:6])
        for one in part:
            if one.event.get("subject") == "supply":
                counties |= {row["county"] for row in one.event["rows"]}
        return sites, counties

    def judge(self, told: Told) -> Iterator[Change]:
        """Yield what a leaf changes of the sums."""
        yield from self._booked_by(told)
        yield from self._digits(told)
        yield from self._months(told)
        for one, sign in self._and_undone(told):
            if one.kind in TAKEN_BACK:
                self._years.count(one, sign)
        self._years.declare(told)
        for county, year, (rule, found, due_at) in self._years.judge(told):
            yield from self._say(rule, county, str(year), found, due_at=due_at)

    def _say(
        self, rule: str, subject: str, window: str, found: dict[str, Any] | None, **more: Any
    ) -> Iterator[Change]:
        """Yield what is new about a bound that a sum breaks, or no longer breaks."""
        standing = self._standing.get((rule, subject, window))
        if found is None:
            if standing:
                del self._standing[standing.key]
                yield Change(standing, stands=False)
            return
        site = subject if "-" in subject else None
        seen_by = seers([self._scene.places.get(subject)], subject[:6])
        mark = Mark(rule, subject, window, subject[:6], site, seen_by, found, **more)
        if mark != standing:
            self._standing[mark.key] = mark
            yield Change(mark, stands=True)

    def _booked_by(self, told: Told) -> Iterator[Change]:
        """Add what a leaf booked to stores, to quarters and to years."""
        moved: dict[str, int] = defaultdict(int)
        quarters: dict[tuple[str, date], date] = {}
        for _, t in self._booked.get(told.id, ()):
            for account, sign in ((t.target, 1), (t.source, -1)):
                if account.startswith("site/"):
                    moved[account[5:]] += sign * t.mass_g
            if t.source == FIELD:
                self._taken_back(t, t.target, t.mass_g, quarters)
            elif t.target == FIELD:
                self._taken_back(t, t.source, -t.mass_g, quarters)
        for site in sorted(moved):
            yield from self._stock(site, moved[site], told)
        for (site, first), last in sorted(quarters.items()):
            before_g, last_g = self._sums.add(AlertQuarter, (site, first), 0, 0)
            days = self._as_it_began(site, first).bound("quarter-end-burst", "days")
            at = self._scene.at(site[:6], last, told.recorded_at)
            found = burst(before_g, last_g, first, last, days, at)
            yield from self._say("quarter-end-burst", site, quarter_name(first), found)

    def _stock(self, site: str, moved_g: int, told: Told) -> Iterator[Change]:
        (held_g,) = self._sums.add(AlertStock, (site,), moved_g)
        place = self._scene.places.get(site)
        if place is None or not place.capacity_g:
            return
        # What is held now is judged by the bound of today, however late it is told of.
        at = self._scene.at(site[:6], told.recorded_on, told.recorded_at)
        yield from self._say("full-store", site, "", full_store(held_g, place.capacity_g, at))

    def _taken_back(
        self,
        t: Transfer,
        account: str,
        grams: int,
        quarters: dict[tuple[str, date], date],
    ) -> None:
        """Add what came from the field, or went back to it, to its county's year and its quarter."""
        county, _, scope = t.origin.partition("/")
        if scope == SCOPE:
            self._years.take_back(county, t.occurred_on, grams)
        site = account.removeprefix("site/")
        if site[7:8] != "P":
            return
        first, last = quarter_of(t.occurred_on)
        days = self._as_it_began(site, first).bound("quarter-end-burst", "days")
        ends = days is not None and t.occurred_on > last - timedelta(days=days.value)
        self._sums.add(AlertQuarter, (site, first), 0 if ends else grams, grams if ends else 0)
        quarters[site, first] = last

    def _as_it_began(self, site: str, first: date) -> At:
        """Return the bounds of a window as they were known on its first day.

        What sorts the window's records must not change while they are added up.
        """
        return self._scene.at(site[:6], first, beginning(first))

    def _digits(self, told: Told) -> Iterator[Change]:
        for one, sign in self._and_undone(told):
            masses = [
                mass_g
                for named in one.event.get("batches") or ()
                if named["code"] not in one.stamps.get("containers", {})
                for mass_g, source in [mass_in(named)]
                if mass_g and source == "weighed"
            ]
            if not masses or one.site is None:
                continue
            year = one.on.year
            place = self._as_it_began(one.site, date(year, 1, 1)).bound("round-weights", "digit")
            if place is None:
                continue
            counts = [0] * CLASSES
            for mass_g in masses:
                counts[digit_of(mass_g, place.value)] += sign
            all_counts = self._sums.add(AlertDigits, (one.site, year), *counts)
            at = self._scene.at(one.site[:6], date(year, 12, 31), told.recorded_at)
            found = round_weights(all_counts, place, at)
            yield from self._say("round-weights", one.site, str(year), found)

    def _months(self, told: Told) -> Iterator[Change]:
        """Let a point's month be silent no longer, or once more; most records change nothing."""
        months: dict[tuple[str, date], int] = {}
        for site, month, sign in self._told_of(told):
            (now,) = self._sums.add(AlertMonth, (site, month), sign)
            months.setdefault((site, month), now - sign)
        for (site, month), before in sorted(months.items()):
            (now,) = self._sums.add(AlertMonth, (site, month), 0)
            if (before > 0) == (now > 0):
                continue
            mark = silent(self._scene, site, month, told.recorded_at)
            if now > 0:
                gone = Mark("silent-point", site, name_of(month), site[:6], site, frozenset(), {})
                yield Change(mark or gone, stands=False)
            elif mark and beginning(month) <= told.recorded_at:
                yield Change(mark, stands=True)

    def _told_of(self, told: Told) -> Iterator[tuple[str, date, int]]:
        """Yield the points and months of which a leaf tells, or tells no longer."""
        for one, sign in self._and_undone(told):
            if one.site is None or one.site[7] != "P":
                continue
            if one.kind in TAKEN_BACK:
                yield one.site, one.on.replace(day=1), sign
            elif one.event.get("subject") == "zero_report":
                for row in one.event["rows"]:
                    yield one.site, date.fromisoformat(row["month"] + "-01"), sign

    @staticmethod
    def _and_undone(told: Told) -> list[tuple[Told, int]]:
        return [*([(told.undone, -1)] if told.undone else []), (told, 1)]

    async def save(self, session: AsyncSession) -> None:
        """Write the sums that have changed."""
        await self._sums.save(session)


async def _replaced(session: AsyncSession, part: Sequence[Told]) -> dict[str, SupplyRow]:
    """Return the rows of supply that a part's declarations replace, by id."""
    ids = [
        row["replaces"]
        for one in part
        if one.event.get("subject") == "supply"
        for row in one.event["rows"]
        if "replaces" in row
    ]
    if not ids:
        return {}
    rows = await session.scalars(select(SupplyRow).where(among(SupplyRow.id, ids)))
    return {row.id: row for row in rows}
