"""Judges sums: a store, a point's month and quarter, a site's digits, a county's year."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.alerts.booked import Booked
from app.alerts.keep import upsert
from app.alerts.months import beginning, name_of, silent
from app.alerts.rules.bounds import named
from app.alerts.rules.mark import Mark, seers
from app.alerts.rules.masses import burst, full_store, over, quarter_name, quarter_of
from app.alerts.rules.openings import Change
from app.alerts.rules.weights import CLASSES, digit_of, round_weights
from app.alerts.running import AlertDigits, AlertMonth, AlertQuarter, AlertStock, AlertYear
from app.alerts.scene import Scene
from app.alerts.told import Told
from app.balance.postings import FIELD
from app.events.happening import mass_in
from app.orm import among
from app.pagination import EPOCH, micros_of
from app.reports.formulae import METHOD
from app.reports.masses import SCOPE
from app.supply.models import SupplyRow

_REST = (0, 0, 0, 0, 0)
TAKEN_BACK = frozenset({"hand_in", "collect"})


class Sums:
    """Running sums of the sites and counties of a part, and which of them have changed."""

    def __init__(self, scene: Scene, booked: Mapping[str, Sequence[Booked]]) -> None:
        self._scene = scene
        self._postings = booked
        self._replaced: dict[str, SupplyRow] = {}
        self._rows: dict[tuple[Any, ...], list[int]] = {}
        """By table and primary key."""
        self._changed: set[tuple[Any, ...]] = set()

    @classmethod
    async def load(
        cls,
        session: AsyncSession,
        part: Sequence[Told],
        scene: Scene,
        booked: Mapping[str, Sequence[Booked]],
    ) -> "Sums":
        """Load the sums that a part's leaves may change; `booked` is what each of them booked."""
        sums = cls(scene, booked)
        replaced = [
            row["replaces"]
            for one in part
            if one.event.get("subject") == "supply"
            for row in one.event["rows"]
            if "replaces" in row
        ]
        if replaced:
            for row in await session.scalars(
                select(SupplyRow).where(among(SupplyRow.id, replaced))
            ):
                sums._replaced[row.id] = row
        sites, counties = sums._concerned(part)
        loads: list[tuple[Any, Any, set[str]]] = [
            (AlertStock, AlertStock.site, sites),
            (AlertMonth, AlertMonth.site, sites),
            (AlertQuarter, AlertQuarter.site, sites),
            (AlertDigits, AlertDigits.site, sites),
            (AlertYear, AlertYear.county, counties),
        ]
        for table, column, codes in loads:
            for found in await session.scalars(select(table).where(among(column, codes))):
                key, values = _split(found)
                sums._rows[table, *key] = values
        return sums

    def _concerned(self, part: Sequence[Told]) -> tuple[set[str], set[str]]:
        both = [*part, *(one.undone for one in part if one.undone)]
        sites = {one.site for one in both if one.site}
        counties = {code[:6] for code in sites}
        for postings in self._postings.values():
            for p in postings:
                accounts = (p.from_account, p.to_account)
                sites |= {account[5:] for account in accounts if account.startswith("site/")}
                counties.add(p.origin[:6])
        for one in part:
            if one.event.get("subject") == "supply":
                counties |= {row["county"] for row in one.event["rows"]}
        counties |= {row.county for row in self._replaced.values()}
        return sites, counties

    def judge(self, told: Told) -> Iterator[Change]:
        """Yield what a leaf changes of the sums."""
        years: set[tuple[str, int]] = set()
        yield from self._stocks(told)
        yield from self._quarters(told, years)
        yield from self._digits(told)
        yield from self._months(told)
        self._pieces(told, years)
        self._supply(told, years)
        for county, year in sorted(years):
            yield from self._year(county, year, told)

    def _add(self, table: Any, key: tuple[Any, ...], *added: int) -> list[int]:
        row = self._rows.setdefault((table, *key), [0] * len(added))
        for n, grams in enumerate(added):
            row[n] += grams
        self._changed.add((table, *key))
        return row

    def _stocks(self, told: Told) -> Iterator[Change]:
        moved: dict[str, int] = defaultdict(int)
        for p in self._postings.get(told.id, ()):
            for account, sign in ((p.to_account, 1), (p.from_account, -1)):
                if account.startswith("site/"):
                    moved[account[5:]] += sign * p.mass_g
        for site in sorted(moved):
            place = self._scene.places.get(site)
            (held_g,) = self._add(AlertStock, (site,), moved[site])
            if place is None or not place.capacity_g:
                continue
            at = self._scene.at(site[:6], told.on, told.recorded_at)
            full = full_store(held_g, place.capacity_g, at)
            mark = Mark("full-store", site, "", site[:6], site, seers([place]), full or {})
            yield Change(mark, stands=full is not None)

    def _quarters(self, told: Told, years: set[tuple[str, int]]) -> Iterator[Change]:
        touched: dict[tuple[str, date], date] = {}
        for p in self._postings.get(told.id, ()):
            if FIELD not in (p.from_account, p.to_account):
                continue
            sign = 1 if p.from_account == FIELD else -1
            account = p.to_account if sign > 0 else p.from_account
            county, _, scope = p.origin.partition("/")
            if scope == SCOPE:
                self._add(AlertYear, (county, p.occurred_on.year), sign * p.mass_g, *_REST)
                years.add((county, p.occurred_on.year))
            site = account.removeprefix("site/")
            if site[7:8] != "P":
                continue
            first, last = quarter_of(p.occurred_on)
            at = self._scene.at(site[:6], p.occurred_on, told.recorded_at)
            days = at.bound("quarter-end-burst", "days")
            ends = days is not None and p.occurred_on > last - timedelta(days=days.value)
            grams = sign * p.mass_g
            self._add(AlertQuarter, (site, first), 0 if ends else grams, grams if ends else 0)
            touched[site, first] = last
        for (site, first), last in sorted(touched.items()):
            before_g, last_g = self._rows[AlertQuarter, site, first]
            at = self._scene.at(site[:6], last, told.recorded_at)
            found = burst(before_g, last_g, first, last, at)
            yield self._state("quarter-end-burst", site, quarter_name(first), found)

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
            at = self._scene.at(one.site[:6], one.on, told.recorded_at)
            place = at.bound("round-weights", "digit")
            if place is None:
                continue
            counts = [0] * CLASSES
            for mass_g in masses:
                counts[digit_of(mass_g, place.value)] += sign
            all_counts = self._add(AlertDigits, (one.site, one.on.year), *counts)
            found = round_weights(all_counts, at)
            yield self._state("round-weights", one.site, str(one.on.year), found)

    def _months(self, told: Told) -> Iterator[Change]:
        months: set[tuple[str, date]] = set()
        for one, sign in self._and_undone(told):
            if one.site is None or one.site[7] != "P":
                continue
            if one.kind in TAKEN_BACK:
                months.add(self._tell(one.site, one.on.replace(day=1), sign))
            elif one.event.get("subject") == "zero_report":
                for row in one.event["rows"]:
                    first = date.fromisoformat(row["month"] + "-01")
                    months.add(self._tell(one.site, first, sign))
        for site, month in sorted(months):
            mark = silent(self._scene, site, month, told.recorded_at)
            if self._rows[AlertMonth, site, month][0] > 0:
                gone = Mark("silent-point", site, name_of(month), site[:6], site, frozenset(), {})
                yield Change(mark or gone, stands=False)
            elif mark and beginning(month) <= told.recorded_at:
                yield Change(mark, stands=True)

    def _tell(self, site: str, month: date, sign: int) -> tuple[str, date]:
        self._add(AlertMonth, (site, month), sign)
        return site, month

    def _pieces(self, told: Told, years: set[tuple[str, int]]) -> None:
        for one, sign in self._and_undone(told):
            lines = one.event.get("contents") if one.kind in TAKEN_BACK else None
            pieces = sum(line["pieces"] for line in lines or () if line.get("scope") == SCOPE)
            if pieces and one.site:
                self._add(AlertYear, (one.site[:6], one.on.year), 0, 0, sign * pieces, 0, 0, 0)
                years.add((one.site[:6], one.on.year))

    def _supply(self, told: Told, years: set[tuple[str, int]]) -> None:
        if told.event.get("subject") != "supply":
            return
        for row in told.event["rows"]:
            self._sold(row["county"], date.fromisoformat(row["on"]), row, 1, years)
            old = self._replaced.get(row.get("replaces", ""))
            if old:
                was = {"method": old.method, "mass_g": old.mass_g, "units": old.units}
                self._sold(old.county, old.on_day, was, -1, years)

    def _sold(
        self, county: str, on: date, row: dict[str, Any], sign: int, years: set[tuple[str, int]]
    ) -> None:
        generated = sign * row["mass_g"] if row["method"] == METHOD else 0
        units = sign * row.get("units", 0) if row["method"] == "A" else 0
        self._add(AlertYear, (county, on.year), 0, generated, 0, units, 0, 0)
        years.add((county, on.year))

    def _year(self, county: str, year: int, told: Told) -> Iterator[Change]:
        """Judge a county's year by its two ratios; each counts once it has held long enough.

        Counties declare month by month what was sold: for some weeks more has come back than has
        been declared, and nothing is wrong.
        """
        row = self._rows[AlertYear, county, year]
        collected_g, generated_g, pieces, units = row[:4]
        at = self._scene.at(county, date(year, 12, 31), told.recorded_at)
        for n, rule, part, whole, names in (
            (4, "rate-over-100", collected_g, generated_g, ("collected_g", "generated_g")),
            (5, "recovered-over-sold", pieces, units, ("pieces", "units")),
        ):
            found = over(rule, part, whole, names, at)
            wait = at.bound(rule, "wait")
            if found is None or wait is None:
                row[n] = 0
                yield self._state(rule, county, str(year), None)
                continue
            row[n] = row[n] or micros_of(told.recorded_at)
            since = EPOCH + timedelta(microseconds=row[n])
            found = found | {"since": since.isoformat()}
            found["thresholds"] |= named(wait)
            mark = self._state(rule, county, str(year), found).mark
            yield Change(replace(mark, due_at=since + timedelta(days=wait.value)), stands=True)

    def _state(self, rule: str, subject: str, window: str, found: dict[str, Any] | None) -> Change:
        site = subject if "-" in subject else None
        places = [self._scene.places.get(subject)]
        seen_by = seers(places, subject[:6])
        mark = Mark(rule, subject, window, subject[:6], site, seen_by, found or {})
        return Change(mark, stands=found is not None)

    @staticmethod
    def _and_undone(told: Told) -> list[tuple[Told, int]]:
        return [*([(told.undone, -1)] if told.undone else []), (told, 1)]

    async def save(self, session: AsyncSession) -> None:
        """Write the sums that have changed."""
        by_table: dict[Any, list[dict[str, Any]]] = defaultdict(list)
        for table, *key in sorted(self._changed, key=str):
            by_table[table].append(_joined(table, key, self._rows[table, *key]))
        for table, rows in by_table.items():
            await upsert(session, table, rows)


def _split(row: Any) -> tuple[tuple[Any, ...], list[int]]:
    keys = [column.name for column in row.__table__.primary_key]
    others = [c.name for c in row.__table__.columns if c.name not in keys]
    values = [getattr(row, name) for name in others]
    flat = list(values[0]) if isinstance(values[0], list) else values
    return tuple(getattr(row, name) for name in keys), flat


def _joined(table: Any, key: Sequence[Any], values: list[int]) -> dict[str, Any]:
    keys = [column.name for column in table.__table__.primary_key]
    others = [c.name for c in table.__table__.columns if c.name not in keys]
    told = [values] if table is AlertDigits else values
    return dict(zip(keys, key, strict=True)) | dict(zip(others, told, strict=True))
