"""One alert for its page: the sentence, figures beside bounds, events, bags, what closes it."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.alerts.listed import lines_of
from app.alerts.models import Finding
from app.alerts.rules.catalogue import RULES
from app.alerts.rules.openings import MOST_LISTED
from app.alerts.rules.rule import SEVERITY_NAMES
from app.alerts.running import AlertMark
from app.alerts.said import bounds, measured, sites_in
from app.areas.scope import Reach
from app.cases.models import Case
from app.cases.terms import terms_of
from app.ledger.models import Event
from app.orm import among
from app.parties.models import Site
from app.parties.read import sites_within
from app.workdays.calendar import day_of


async def detail_of(
    session: AsyncSession, reach: Reach, finding: Finding, case: Case | None
) -> dict[str, Any]:
    """Return what the page of a finding shows of it; a fixed number of queries."""
    [line] = await lines_of(session, [(finding, case)])
    rule = RULES[finding.rule]
    rows = await session.execute(
        select(Event.id, Event.kind, Event.effective_at, Event.site)
        .where(among(Event.id, finding.events))
        .order_by(Event.effective_at, Event.id)
    )
    events = rows.all()
    codes = {event.site for event in events if event.site} | sites_in(finding.figures)
    codes |= {finding.site} if finding.site else set()
    columns = (Site.code, Site.name, sites_within(reach).label("seen"))
    sites = {
        row.code: row
        for row in await session.execute(select(*columns).where(among(Site.code, codes)))
    }

    def name(code: str) -> str:
        return sites[code].name if code in sites else code

    standing = await _standing(session, finding)
    if case is not None:
        term = {"days": case.working_days, "source": case.term_source}
    else:
        found = (await terms_of(session)).of(rule.name, rule.severity, day_of(finding.opened_at))
        term = {"days": found.working_days, "source": found.source}
    return {
        "line": line,
        "alert": {
            "id": finding.id,
            "rule": rule.name,
            "severity": SEVERITY_NAMES[rule.severity],
            "law": rule.law,
            "closes": rule.closes,
            "site": finding.site,
            "site_within": bool(finding.site in sites and sites[finding.site].seen),
            "opening": finding.opening,
            "measured": measured(finding.figures, name),
            "bounds": bounds(finding.rule, finding.figures),
            "batches": standing or finding.batches,
            "settled": [code for code in finding.batches if code not in standing]
            if standing
            else [],
            "again": await _again(session, finding),
            "log_size": finding.log_size,
        },
        "events": [
            {
                "id": one.id,
                "kind": one.kind,
                "at": one.effective_at,
                "site": one.site,
                "site_name": name(one.site or ""),
            }
            for one in events
        ],
        "term": term,
    }


async def _standing(session: AsyncSession, finding: Finding) -> list[str]:
    """Return the bags that still speak for an open finding; its own list has all that ever did."""
    if finding.closed_at is not None:
        return []
    of_key = (
        AlertMark.rule == finding.rule,
        AlertMark.subject == finding.subject,
        AlertMark.window == finding.window,
    )
    query = select(AlertMark.batch).where(*of_key, AlertMark.active, AlertMark.batch != "")
    rows = await session.scalars(
        query.order_by(AlertMark.event, AlertMark.batch).limit(MOST_LISTED)
    )
    return list(rows)


async def _again(session: AsyncSession, finding: Finding) -> UUID | None:
    """Return the latest opening of a closed finding's key, where it came again."""
    if finding.closed_at is None:
        return None
    query = select(Finding.id).where(
        Finding.rule == finding.rule,
        Finding.subject == finding.subject,
        Finding.window == finding.window,
        Finding.opening > finding.opening,
    )
    found: UUID | None = await session.scalar(query.order_by(Finding.opening.desc()).limit(1))
    return found
