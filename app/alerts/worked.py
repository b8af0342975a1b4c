"""Alerts with the work on them: findings beside their cases, filtered, counted, overdue or not."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, literal, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.alerts.journal import ABOUT
from app.alerts.models import Finding
from app.alerts.read import findings_within
from app.alerts.rules.catalogue import RULES
from app.alerts.rules.rule import Severity
from app.areas.scope import Reach
from app.cases.models import Case
from app.cases.read import Standing, standing
from app.cases.terms import Terms
from app.orm import overlaps
from app.templating import SHANGHAI
from app.workdays.calendar import Calendar, begun_before, day_of

Work = Literal["todo", "waiting", "working", "settled", "gone", "all"]
WORK_NAMES: dict[Work, str] = {
    "todo": "未办结",
    "waiting": "待认领",
    "working": "处理中",
    "settled": "已办结",
    "gone": "原因已消除",
    "all": "全部",
}
_KEY = Finding.rule + literal("/") + Finding.subject + literal("/") + Finding.window
_BESIDE = and_(Case.about_kind == ABOUT, Case.about_key == _KEY)


@dataclass(frozen=True)
class Wanted:
    """Which alerts a list shows; counties keep those that concern one of them."""

    work: Work = "todo"
    rule: str | None = None
    counties: Collection[str] = ()


@dataclass(frozen=True)
class Load:
    """How much there is to do in a reach: alerts that hold and are not resolved."""

    by_severity: dict[Severity, int]
    waiting: int
    overdue: int

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.by_severity.values())


def work_of(finding: Finding, case: Case | None) -> Work:
    """Return where the work on an alert stands."""
    if finding.closed_at is not None:
        return "gone"
    if case is None or case.state == "open":
        return "waiting"
    return "settled" if case.state == "resolved" else "working"


def _stands(work: Work) -> ColumnElement[bool]:
    holds = Finding.closed_at.is_(None)
    nobody = or_(Case.id.is_(None), Case.state == "open")
    unresolved = or_(Case.id.is_(None), Case.state != "resolved")
    return {
        "todo": and_(holds, unresolved),
        "waiting": and_(holds, nobody),
        "working": and_(holds, Case.state == "acknowledged"),
        "settled": and_(holds, Case.state == "resolved"),
        "gone": ~holds,
        "all": literal(value=True),
    }[work]


def _wanted(query: Any, reach: Reach, wanted: Wanted) -> Any:
    query = query.outerjoin(Case, _BESIDE).where(findings_within(reach), _stands(wanted.work))
    if wanted.counties:
        query = query.where(overlaps(Finding.seen_by, sorted(wanted.counties)))
    return query


async def list_worked(
    session: AsyncSession,
    reach: Reach,
    wanted: Wanted,
    *,
    before: tuple[datetime, UUID] | None = None,
    limit: int,
) -> Sequence[tuple[Finding, Case | None]]:
    """Return alerts in reach with their cases, the newest first by (opened_at, id)."""
    query = _wanted(select(Finding, Case), reach, wanted)
    if wanted.rule is not None:
        query = query.where(Finding.rule == wanted.rule)
    if before is not None:
        query = query.where(tuple_(Finding.opened_at, Finding.id) < before)
    ordered = query.order_by(Finding.opened_at.desc(), Finding.id.desc()).limit(limit)
    return [(finding, case) for finding, case in await session.execute(ordered)]


async def count_by_rule(session: AsyncSession, reach: Reach, wanted: Wanted) -> dict[str, int]:
    """Return how many alerts a list has of each rule, whichever rule it shows, worst first."""
    query = _wanted(select(Finding.rule, func.count()), reach, wanted).group_by(Finding.rule)
    found = {rule: count for rule, count in await session.execute(query)}  # noqa: C416
    order: dict[Severity, int] = {"high": 0, "medium": 1, "low": 2}
    names = sorted(
        (rule for rule in RULES if rule in found), key=lambda r: order[RULES[r].severity]
    )
    return {rule: found[rule] for rule in names}


async def load_of(
    session: AsyncSession, reach: Reach, *, today: date, calendar: Calendar, terms: Terms
) -> Load:
    """Return how much there is to do in reach; rows are days and rules, not alerts."""
    opened_on = func.date(func.timezone(SHANGHAI.key, Finding.opened_at))
    begun = func.coalesce(Case.counts_from, opened_on)
    columns = (Finding.rule, begun, Case.working_days, Case.state == "acknowledged")
    query = _wanted(select(*columns, func.count()), reach, Wanted("todo")).group_by(*columns)
    by_severity: dict[Severity, int] = defaultdict(int, {"high": 0, "medium": 0, "low": 0})
    waiting = overdue = 0
    begun_by: dict[int, date] = {}
    for rule, since, working_days, taken, count in await session.execute(query):
        severity = RULES[rule].severity
        by_severity[severity] += count
        waiting += 0 if taken else count
        term = working_days or terms.of(rule, severity, since).working_days
        if term not in begun_by:
            begun_by[term] = begun_before(today, term, calendar)
        overdue += count if since < begun_by[term] else 0
    return Load(dict(by_severity), waiting, overdue)


def deadline_of(
    finding: Finding, case: Case | None, *, today: date, calendar: Calendar, terms: Terms
) -> Standing:
    """Return how an alert stands against its term, with or without a case."""
    if case is not None:
        return standing(case.counts_from, case.working_days, today, calendar)
    begun = day_of(finding.opened_at)
    term = terms.of(finding.rule, RULES[finding.rule].severity, begun)
    return standing(begun, term.working_days, today, calendar)
