"""How far a target has come. Pure: what is asked for and what is known in, a judgement out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

State = Literal["reached", "behind", "underway", "no_data", "unquantified"]
STATE_NAMES: Mapping[State, str] = {
    "reached": "已达到",
    "behind": "未达到",
    "underway": "推进中",
    "no_data": "缺数据",
    "unquantified": "未量化",
}
ZERO = Decimal(0)


@dataclass(frozen=True)
class Goal:
    """What a target asks for: `bound` is its value or the low end of its range, in `unit`.

    `due` is the printed target year, or the last year of the plan's period where none is printed.
    """

    meaning: str | None
    bound: Decimal | None
    high: Decimal | None
    unit: str | None
    base_year: int | None
    due: int
    due_printed: bool
    responsible: str
    """Who must enter what is missing, in words."""


@dataclass(frozen=True)
class Point:
    """What the indicator came to in a year, and where that stands."""

    year: int
    value: Decimal
    source: str


@dataclass(frozen=True)
class Reached:
    """A point of the trend. For a reduction `amount` is what was used, `value` by how much less.

    `value` is None where the baseline is missing.
    """

    year: int
    value: Decimal | None
    source: str
    amount: Decimal | None = None


@dataclass(frozen=True)
class Assessment:
    """What a target has come to: `value` of `year` from `source`; None where `why` says why.

    `gap` is what is missing in the target's unit, 0 where it is reached; `share` is value ÷ bound,
    not capped. `notes` are sentences that must be read with the value.
    """

    state: State
    value: Decimal | None = None
    year: int | None = None
    source: str | None = None
    amount: Decimal | None = None
    baseline: Point | None = None
    gap: Decimal | None = None
    share: float | None = None
    trend: Sequence[Reached] = ()
    why: str | None = None
    notes: Sequence[str] = ()


def assess(
    goal: Goal,
    points: Sequence[Point],
    *,
    on_year: int,
    why: str | None = None,
    standing: bool = False,
) -> Assessment:
    """Judge what is known up to a year against what is asked for.

    The value that counts is that of the target year, else of the latest year with data; a list
    (`standing`) counts as it stands. A value is a goal reached from the bound on, in every
    meaning; a reduction is what the amount fell by since the base year. After the target year
    what is not reached is behind. `why` says why there are no points.
    """
    known = sorted((p for p in points if p.year <= on_year), key=lambda point: point.year)
    baseline = next((p for p in known if p.year == goal.base_year), None)
    trend = [_reached(goal, point, baseline) for point in known]
    counted = [one for one in trend if one.value is not None and one.year > (goal.base_year or 0)]
    if not counted:
        missing = why or _missing(goal, baseline, trend)
        state: State = "unquantified" if goal.meaning is None else "no_data"
        latest = max((one for one in trend if one.amount is not None), key=_year, default=None)
        return Assessment(
            state,
            year=latest.year if latest else None,
            amount=latest.amount if latest else None,
            source=latest.source if latest else None,
            baseline=baseline,
            trend=trend,
            why=missing,
            notes=_notes(goal, None, None, on_year=on_year, standing=standing),
        )
    due = [one for one in counted if one.year == goal.due and not standing]
    chosen = due[0] if due else counted[-1]
    value = chosen.value
    assert value is not None
    return Assessment(
        _state(goal, value, on_year),
        value=value,
        year=chosen.year,
        source=chosen.source,
        amount=chosen.amount,
        baseline=baseline,
        gap=None if goal.bound is None else max(goal.bound - value, ZERO),
        share=float(value / goal.bound) if goal.bound else None,
        trend=trend,
        notes=_notes(goal, value, chosen.year, on_year=on_year, standing=standing),
    )


def _year(one: Reached) -> int:
    return one.year


def _reached(goal: Goal, point: Point, baseline: Point | None) -> Reached:
    if goal.meaning != "reduce_by":
        return Reached(point.year, point.value, point.source)
    fallen = None if baseline is None else baseline.value - point.value
    return Reached(point.year, fallen, point.source, amount=point.value)


def _state(goal: Goal, value: Decimal, on_year: int) -> State:
    if goal.bound is None:
        return "unquantified"
    if value >= goal.bound:
        return "reached"
    return "behind" if on_year > goal.due else "underway"


def _missing(goal: Goal, baseline: Point | None, trend: Sequence[Reached]) -> str:
    who = f"待{goal.responsible}填报并注明出处" if goal.responsible else "方案没有印出由谁负责"
    if goal.meaning == "reduce_by" and baseline is None:
        return f"{goal.base_year} 年基数缺少，{who}"
    if trend:
        return f"只有 {goal.base_year} 年基数，以后各年的数据{who}"
    return f"还没有数据，{who}" if goal.meaning else f"还没有进展说明，{who}"


def _notes(
    goal: Goal, value: Decimal | None, year: int | None, *, on_year: int, standing: bool
) -> list[str]:
    notes = []
    if goal.meaning and not goal.due_printed:
        notes.append(f"文件没有印出目标年份，按方案期末 {goal.due} 年衡量")
    if goal.meaning and not standing and year not in {None, goal.due} and on_year >= goal.due:
        notes.append(f"{goal.due} 年没有数据，这是 {year} 年的数字")
    if value is not None and goal.high is not None and value > goal.high:
        notes.append(f"高于印出的上限 {goal.high:f}{goal.unit}")
    return notes
