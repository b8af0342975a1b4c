"""Thresholds as people read them: which row holds where and when, and what became of the others."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from app.alerts.models import Threshold
from app.alerts.said import ASSUMED, UNITS, label_of
from app.alerts.thresholds import rank

Standing = Literal["holds", "coming", "over", "replaced"]
STANDING_NAMES: dict[Standing, str] = {
    "holds": "现行",
    "coming": "尚未开始",
    "over": "已过期",
    "replaced": "已被替代",
}
ALL_YEAR = 12


@dataclass(frozen=True)
class Row:
    """One row of thresholds."""

    key: str
    label: str
    value: str
    area: str
    """Empty for the whole province."""
    season: str
    valid_from: date
    valid_to: date | None
    source: str
    assumed: bool
    standing: Standing
    entered_on: date | None
    entered_by: str


def months(season: Iterable[int] | None) -> str:
    """Say which months a row is for, those that follow each other as a span; empty for the year."""
    given = sorted(set(season or ()))
    if not given or len(given) == ALL_YEAR:
        return ""
    spans: list[list[int]] = []
    for month in given:
        if spans and spans[-1][-1] == month - 1:
            spans[-1].append(month)
        else:
            spans.append([month])
    told = [f"{s[0]}–{s[-1]}" if len(s) > 1 else f"{s[0]}" for s in spans]
    return "、".join(told) + " 月"


def rows_of(
    rule: str,
    rows: Sequence[Threshold],
    *,
    on: date,
    areas: Mapping[str, str],
    people: Mapping[object, str],
) -> list[Row]:
    """Return the rows of a rule as of a day: those that hold first, then those to come."""
    order: dict[Standing, int] = {"holds": 0, "coming": 1, "replaced": 2, "over": 3}
    own = [row for row in rows if row.rule == rule]
    shown = [
        Row(
            key=row.key,
            label=label_of(rule, row.key),
            value=UNITS.get(row.unit, str)(row.value),
            area=areas.get(row.area, row.area) if row.area else "",
            season=months(row.season),
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            source=row.source.removeprefix(ASSUMED).strip(),
            assumed=row.source.startswith(ASSUMED),
            standing=_standing(row, own, on),
            entered_on=row.entered_at.date() if row.entered_by else None,
            entered_by=people.get(row.entered_by, "") if row.entered_by else "",
        )
        for row in sorted(own, key=rank, reverse=True)
    ]
    keys = list(dict.fromkeys(row.key for row in rows if row.rule == rule))
    return sorted(shown, key=lambda row: (order[row.standing], keys.index(row.key)))


def _standing(row: Threshold, rows: Iterable[Threshold], on: date) -> Standing:
    """Tell whether a row is used on a day, among those for the same area and season."""
    if row.valid_from > on:
        return "coming"
    if row.valid_to is not None and row.valid_to < on:
        return "over"
    alike = [
        other
        for other in rows
        if (other.key, other.area, other.season) == (row.key, row.area, row.season)
        and other.valid_from <= on
        and (other.valid_to is None or on <= other.valid_to)
    ]
    return "holds" if max(alike, key=rank) is row else "replaced"
