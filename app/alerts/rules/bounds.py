"""Which threshold is in force: dated rows by area and season; the most specific one wins. Pure."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class Bound:
    """One row of thresholds."""

    id: UUID
    rule: str
    key: str
    value: int
    unit: str
    area: str | None
    season: tuple[int, ...] | None
    """Months; None for the whole year."""
    valid_from: date
    valid_to: date | None
    source: str
    entered_at: datetime

    @cached_property
    def shown(self) -> dict[str, Any]:
        """The row as a finding's figures name it."""
        return {
            "id": str(self.id),
            "value": self.value,
            "unit": self.unit,
            "area": self.area,
            "valid_from": self.valid_from.isoformat(),
            "source": self.source,
        }


class Bounds:
    """All rows; `areas` says to which reporting area a county reports."""

    def __init__(self, rows: Iterable[Bound], areas: Mapping[str, str]) -> None:
        self._rows: dict[tuple[str, str], list[Bound]] = defaultdict(list)
        for row in rows:
            self._rows[row.rule, row.key].append(row)
        self._entered = sorted({row.entered_at for found in self._rows.values() for row in found})
        self._known: dict[tuple[str, date, int], At] = {}
        self._areas = areas

    def at(self, county: str, on: date, known_at: datetime) -> "At":
        """Return the rows for a county and a day, of those entered by `known_at`."""
        # Between two entries nothing changes: the answer is the same for all that is recorded then.
        asked = (county, on, bisect_right(self._entered, known_at))
        found = self._known.get(asked)
        if found is None:
            found = self._known[asked] = At(self, county, on, known_at)
        return found

    def of(self, rule: str, key: str, *, county: str, on: date, known_at: datetime) -> Bound | None:
        """Return the row for a county and a day, of those entered by `known_at`; None for none.

        A county's row comes before its reporting area's, that before the province's; a season's
        before the whole year's; then the one that began last, and of those the one entered last.
        """
        fitting = [
            row for row in self._rows.get((rule, key), ()) if self._fits(row, county, on, known_at)
        ]
        return max(fitting, key=lambda row: self._rank(row, county), default=None)

    def _fits(self, row: Bound, county: str, on: date, known_at: datetime) -> bool:
        return (
            row.entered_at <= known_at
            and row.valid_from <= on
            and (row.valid_to is None or on <= row.valid_to)
            and (row.season is None or on.month in row.season)
            and row.area in (None, county, self._areas.get(county))
        )

    @staticmethod
    def _rank(row: Bound, county: str) -> tuple[bool, bool, bool, date, datetime, UUID]:
        return (
            row.area == county,
            row.area is not None,
            row.season is not None,
            row.valid_from,
            row.entered_at,
            row.id,
        )


@dataclass(frozen=True)
class At:
    """Thresholds for one county and day, as they are known when a leaf is recorded."""

    bounds: Bounds
    county: str
    on: date
    known_at: datetime
    _one: dict[tuple[str, str], Bound | None] = field(
        default_factory=dict, compare=False, repr=False
    )
    _several: dict[tuple[str, ...], tuple[Bound, ...] | None] = field(
        default_factory=dict, compare=False, repr=False
    )

    def bound(self, rule: str, key: str) -> Bound | None:
        """Return the row in force; None where the rule is not judged here and now."""
        if (rule, key) not in self._one:
            self._one[rule, key] = self.bounds.of(
                rule, key, county=self.county, on=self.on, known_at=self.known_at
            )
        return self._one[rule, key]

    def all(self, rule: str, *keys: str) -> tuple[Bound, ...] | None:
        """Return the rows of several keys; None where one is missing: then nothing is judged."""
        asked = (rule, *keys)
        if asked not in self._several:
            found = tuple(b for b in (self.bound(rule, key) for key in keys) if b)
            self._several[asked] = found if len(found) == len(keys) else None
        return self._several[asked]


def named(*bounds: Bound | None) -> dict[str, Any]:
    """Return thresholds as figures name them, by key."""
    return {b.key: b.shown for b in bounds if b}
