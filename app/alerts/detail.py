"""One alert for its page: the sentence, figures beside bounds, events, bags, what closes it."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.alerts.listed import lines_of
from app.alerts.models import Finding
from app.alerts.rules.catalogue import RULES
from app.alerts.rules.rule import SEVERITY_NAMES
from app.alerts.said import bounds, measured, sites_in
from app.areas.scope import Reach
from app.cases.models import Case
from app.cases.terms import terms_of
from app.ledger.models import Event, EventBatch
from app.orm import among
from app.parties.models import Site
from app.parties.read import sites_within
from app.workdays.calendar import day_of

MOST_NAMED = 50
"""Of a weighing of many; the rest are on the page of its event."""


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

    if case is not None:
        term = {"days": case.working_days, "source": case.term_source}
    else:
        found = (await terms_of(session)).of(rule.name, rule.severity, day_of(finding.opened_at))
        term = {"days": found.working_days, "source": found.source}
    return {
        "line": line,
        "alert": {
            "id": finding.id,
            "severity": SEVERITY_NAMES[rule.severity],
            "law": rule.law,
            "closes": rule.closes,
            "site": finding.site,
            "site_within": bool(finding.site in sites and sites[finding.site].seen),
            "opening": finding.opening,
            "measured": measured(finding.figures, name),
            "bounds": bounds(finding.rule, finding.figures),
            "batches": finding.batches or await _named(session, finding.events),
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


async def _named(session: AsyncSession, events: list[UUID]) -> list[str]:
    """Return what the one event names that shows many together: a pallet, the bags on one scale."""
    if len(events) != 1:
        return []
    query = (
        select(EventBatch.batch_code)
        .where(EventBatch.event_id == events[0])
        .order_by(EventBatch.batch_code)
        .limit(MOST_NAMED)
    )
    return list(await session.scalars(query))
