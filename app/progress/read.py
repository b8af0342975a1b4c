"""方案进展: every target of the plan with what it has come to, as anyone or as the caller sees it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.caller import Caller
from app.events.happening import day_of
from app.plan.linked import API, Row
from app.plan.linked_duties import number, target
from app.plan.read import Plan, plan_on
from app.plan.tables import PlanTarget
from app.progress.actuals import responsible_for
from app.progress.assess import STATE_NAMES, Assessment, Goal, Point, Reached, assess
from app.progress.entries import standing_actuals
from app.progress.lists import INDUSTRIES, CountsByYear, counts_to, list_known
from app.progress.live import Known, recovery_known
from app.progress.models import PlanActual
from app.reports.recovery import reported_size


@dataclass(frozen=True)
class Progress:
    """The plan on a day, the size of the log that live figures stand for, a row a target."""

    plan: Plan
    log_size: int
    rows: Sequence[Row]

    @property
    def summary(self) -> dict[str, int]:
        """How many targets there are in each state."""
        states = [row["actual"]["state"] for row in self.rows]
        return {state: states.count(state) for state in STATE_NAMES}

    def as_json(self) -> Row:
        """Return the wire form."""
        return {
            "on": self.plan.on,
            "log": {"size": self.log_size},
            "summary": self.summary,
            "items": list(self.rows),
        }


async def progress_on(
    session: AsyncSession, caller: Caller | None, *, on: date, now: datetime
) -> Progress:
    """Return every target in force on a day with what is known of the years up to it.

    The rate is that of the caller's own reach; lists are counted as they stand on the day.
    """
    plan = await plan_on(session, on)
    entered = await standing_actuals(session)
    counts = await counts_to(session, on, this_year=day_of(now).year)
    rows = []
    for one in plan.targets:
        if one.source == "recovery":
            known = await recovery_known(session, caller, on=on, now=now)
        else:
            known = _known(plan, one, counts, entered.get(one.code, []))
        judged = assess(
            goal_of(plan, one),
            known.points,
            on_year=on.year,
            why=known.why,
            standing=known.standing,
        )
        said = actual(one, known, judged)
        if one.source == "recovery":
            _mark_partial(said, day_of(now).year)
        if one.meaning is None and one.source == "entries":
            said |= _statement(entered.get(one.code, []), on)
        rows.append({**target(plan, one), "actual": said})
    return Progress(plan, await reported_size(session), rows)


def _known(
    plan: Plan, one: PlanTarget, counts: CountsByYear, entries: Sequence[PlanActual]
) -> Known:
    if one.source == "register":
        return list_known(plan, one, counts)
    points = [
        Point(entry.year, entry.value, entry.source or "")
        for entry in entries
        if entry.value is not None and entry.unit == one.unit
    ]
    other = sorted({e.unit or "" for e in entries if e.value is not None and e.unit != one.unit})
    return Known(
        points,
        origin={
            "name": "责任部门填报",
            "href": f"{API}/targets/{one.code}",
            "page": f"/plan/targets/{one.code}",
        },
        notes=[f"另有以{unit}为单位填报的数据，与现行目标的单位不同，没有计入" for unit in other],
    )


def goal_of(plan: Plan, one: PlanTarget) -> Goal:
    """Return what a target asks for; of a list with so many of each industry, all industries."""
    register = next((r for r in plan.registers if r.slug == one.register), None)
    listed = register.industry_list if register else None
    industries = sum(i.list == listed for i in plan.listed_industries) if listed else 0
    due = one.target_year or plan.head.period_to
    assert due is not None
    return Goal(
        meaning="at_least" if listed else one.meaning,
        bound=Decimal(industries) if listed else one.low if one.value is None else one.value,
        high=None if listed else one.high,
        unit=INDUSTRIES if listed else one.unit,
        base_year=one.base_year,
        due=due,
        due_printed=one.target_year is not None,
        responsible="、".join(each.printed for each in responsible_for(plan, one)),
    )


def actual(one: PlanTarget, known: Known, judged: Assessment) -> Row:
    """Return what a target has come to, as a wire row; numbers in `unit`."""
    return {
        "state": judged.state,
        "state_name": STATE_NAMES[judged.state],
        "value": number(judged.value),
        "unit": known.unit or one.unit,
        "year": judged.year,
        "source": judged.source,
        "origin": known.origin,
        "gap": number(judged.gap),
        "share": judged.share,
        "amount": number(judged.amount),
        "baseline": _point(judged.baseline) if judged.baseline else None,
        "trend": [_point(point) for point in judged.trend],
        "area": known.area,
        "industries": known.industries,
        "statement": None,
        "why": judged.why,
        "notes": [*known.notes, *judged.notes],
    }


def _point(point: Point | Reached) -> Row:
    row: Row = {"year": point.year, "value": number(point.value), "source": point.source}
    amount = getattr(point, "amount", None)
    return row if amount is None else {**row, "amount": number(amount)}


def _mark_partial(said: Row, this_year: int) -> None:
    """Say of a rate of the running year that the year is not over."""
    for point in said["trend"]:
        if point["year"] == this_year:
            point["partial"] = True
    if said["year"] == this_year:
        said["notes"].append(f"{this_year} 年还没有结束，这是到今天为止的数字")


def _statement(entries: Sequence[PlanActual], on: date) -> Row:
    """Return the last statement on a target without a number, up to a day's year."""
    told = [entry for entry in entries if entry.unit is None and entry.year <= on.year]
    if not told:
        return {}
    last = told[-1]
    return {
        "year": last.year,
        "source": last.source,
        "statement": {"text": last.note, "year": last.year, "source": last.source, "url": last.url},
        "why": None,
    }
