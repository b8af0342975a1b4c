"""Adds up counties' years: what came back beside what came onto the market, in grams and pieces."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from app.alerts.added_up import AddedUp
from app.alerts.rules.bounds import named
from app.alerts.rules.masses import over
from app.alerts.running import AlertYear
from app.alerts.scene import Scene
from app.alerts.told import Told
from app.pagination import EPOCH, micros_of
from app.reports.formulae import METHOD
from app.reports.masses import SCOPE
from app.supply.models import SupplyRow

Broken = tuple[str, dict[str, Any] | None, datetime | None]
"""A rule, its figures where its bound is broken, and from when that counts."""


class Years:
    """The years of the counties of a part."""

    def __init__(self, scene: Scene, sums: AddedUp, replaced: Mapping[str, SupplyRow]) -> None:
        self._scene = scene
        self._sums = sums
        self._replaced = replaced
        self._changed: set[tuple[str, int]] = set()

    def _add(
        self,
        county: str,
        year: int,
        *,
        back_g: int = 0,
        sold_g: int = 0,
        back: int = 0,
        sold: int = 0,
    ) -> None:
        self._sums.add(AlertYear, (county, year), back_g, sold_g, back, sold, 0, 0)
        self._changed.add((county, year))

    def take_back(self, county: str, on: date, grams: int) -> None:
        """Add what came back from the field on a day."""
        self._add(county, on.year, back_g=grams)

    def count(self, one: Told, sign: int) -> None:
        """Add the pieces that a record counts."""
        lines = one.event.get("contents") or ()
        pieces = sum(line["pieces"] for line in lines if line.get("scope") == SCOPE)
        if pieces and one.site:
            self._add(one.site[:6], one.on.year, back=sign * pieces)

    def declare(self, told: Told) -> None:
        """Add what a declaration says was sold, instead of what it replaces."""
        if told.event.get("subject") != "supply":
            return
        for row in told.event["rows"]:
            self._sell(row["county"], date.fromisoformat(row["on"]), row, 1)
            old = self._replaced.get(row.get("replaces", ""))
            if old:
                was = {"method": old.method, "mass_g": old.mass_g, "units": old.units}
                self._sell(old.county, old.on_day, was, -1)

    def _sell(self, county: str, on: date, row: Mapping[str, Any], sign: int) -> None:
        grams = sign * row["mass_g"] if row["method"] == METHOD else 0
        units = sign * row.get("units", 0) if row["method"] == "A" else 0
        self._add(county, on.year, sold_g=grams, sold=units)

    def judge(self, told: Told) -> Iterator[tuple[str, int, Broken]]:
        """Yield how the years that a leaf changed stand, by rule."""
        for county, year in sorted(self._changed):
            for broken in self._judge(county, year, told):
                yield county, year, broken
        self._changed.clear()

    def _judge(self, county: str, year: int, told: Told) -> Iterator[Broken]:
        """Judge a county's year by its two ratios; each counts once it has held long enough.

        Counties declare month by month what was sold: for some weeks more has come back than has
        been declared, and nothing is wrong.
        """
        row = self._sums.add(AlertYear, (county, year), 0, 0, 0, 0, 0, 0)
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
                yield rule, None, None
                continue
            row[n] = row[n] or micros_of(told.recorded_at)
            since = EPOCH + timedelta(microseconds=row[n])
            bounds = found["thresholds"] | named(wait)
            figures = found | {"since": since.isoformat(), "thresholds": bounds}
            yield rule, figures, since + timedelta(days=wait.value)
