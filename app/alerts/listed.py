"""A page of alerts as lines: a sentence each, where it is, and how it stands against its term."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.alerts.models import Finding
from app.alerts.rules.catalogue import RULES
from app.alerts.said import sentence, sites_in
from app.alerts.worked import WORK_NAMES, Work, deadline_of, work_of
from app.areas.names import county_names
from app.areas.read import today
from app.cases.models import Case
from app.cases.read import Standing, people
from app.cases.terms import terms_of
from app.parties.names import site_names
from app.workdays.read import calendar_of


@dataclass(frozen=True)
class AlertLine:
    """One alert of a list; `deadline` is None where it no longer presses."""

    id: UUID
    title: str
    severity: str
    sentence: str
    place: str
    county_name: str
    opened_at: datetime
    closed_at: datetime | None
    work: Work
    work_name: str
    worker: str | None
    deadline: Standing | None


async def lines_of(
    session: AsyncSession, rows: Sequence[tuple[Finding, Case | None]]
) -> list[AlertLine]:
    """Return alerts with their cases as lines; a fixed number of queries."""
    if not rows:
        return []
    findings = [finding for finding, _ in rows]
    sites = {f.site for f in findings if f.site} | {
        s for f in findings for s in sites_in(f.figures)
    }
    names = await site_names(session, sites)
    counties = await county_names(session, {finding.county for finding in findings})
    who = await people(session, [case.worked_by for _, case in rows if case])
    calendar, terms, on = await calendar_of(session), await terms_of(session), today()
    lines = []
    for finding, case in rows:
        work = work_of(finding, case)
        presses = work in ("waiting", "working")
        worker = who.get(case.worked_by) if case and case.worked_by else None
        lines.append(
            AlertLine(
                id=finding.id,
                title=RULES[finding.rule].title,
                severity=RULES[finding.rule].severity,
                sentence=sentence(
                    finding.rule, finding.window, finding.figures, lambda s: names.get(s, s)
                ),
                place=names.get(finding.site or "", finding.site or ""),
                county_name=counties.get(finding.county, finding.county),
                opened_at=finding.opened_at,
                closed_at=finding.closed_at,
                work=work,
                work_name=WORK_NAMES[work],
                worker=worker.name if worker else None,
                deadline=deadline_of(finding, case, today=on, calendar=calendar, terms=terms)
                if presses
                else None,
            )
        )
    return lines
