"""Keep cases in step with what they are about: open one, come back, the cause gone. Set-based."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.cases.about import About
from app.cases.models import Case, CaseNote
from app.cases.terms import terms_of
from app.ids import SYSTEM, uuid7
from app.orm import among
from app.workdays.calendar import day_of


async def lock_case(session: AsyncSession, about: About, *, now: datetime) -> Case:
    """Return the case of a matter, locked; opened where there is none. Of two openers one does."""
    on = day_of(about.since)
    term = (await terms_of(session)).of(about.reason, about.severity, on)
    case_id = uuid7(SYSTEM, now)
    await session.execute(
        insert(Case)
        .values(
            id=case_id,
            about_kind=about.kind,
            about_key=about.key,
            about_id=about.id,
            title=about.title,
            reason=about.reason,
            severity=about.severity,
            county=about.county,
            site=about.site,
            seen_by=sorted(about.seen_by),
            state="open",
            opened_at=now,
            counts_from=on,
            working_days=term.working_days,
            term_source=term.source,
        )
        .on_conflict_do_nothing()
    )
    of_matter = Case.about_kind == about.kind, Case.about_key == about.key
    case = (await session.scalars(select(Case).where(*of_matter).with_for_update())).one()
    if not about.seen_by <= set(case.seen_by):
        # What is wrong may have come to concern more sites since.
        case.seen_by = sorted(about.seen_by | set(case.seen_by))
    return case


def note(
    session: AsyncSession,
    case: UUID,
    act: str,
    text: str,
    *,
    at: datetime,
    by: UUID | None,
    id_: UUID | None = None,
) -> CaseNote:
    """Add a line to a case's history."""
    line = CaseNote(id=id_ or uuid7(SYSTEM, at), case_id=case, act=act, text=text, at=at, by=by)
    session.add(line)
    return line


async def causes_gone(
    session: AsyncSession, kind: str, gone: Mapping[str, datetime], *, now: datetime
) -> None:
    """Tell the cases of matters, by key, that what was wrong no longer is; their work stays."""
    for case in await _locked(session, kind, list(gone)):
        if case.cause_gone_at is None:
            case.cause_gone_at = gone[case.about_key]
            note(session, case.id, "cause_gone", "", at=now, by=None)


async def come_back(session: AsyncSession, back: Sequence[About], *, now: datetime) -> None:
    """Re-open the cases of matters that hold again; those that nobody has worked on have none."""
    by_key = {about.key: about for about in back}
    if not by_key:
        return
    cases = await _locked(session, back[0].kind, list(by_key))
    terms = await terms_of(session) if cases else None
    for case in cases:
        about = by_key[case.about_key]
        if terms is None or case.about_id == about.id:
            continue
        on = day_of(about.since)
        term = terms.of(about.reason, about.severity, on)
        case.about_id = about.id
        case.cause_gone_at = None
        case.counts_from, case.working_days = on, term.working_days
        case.term_source = term.source
        case.seen_by = sorted(about.seen_by | set(case.seen_by))
        if case.state == "resolved":
            case.state, case.worked_by, case.resolved_at = "open", None, None
        note(session, case.id, "came_back", "", at=now, by=None)


async def _locked(session: AsyncSession, kind: str, keys: Sequence[str]) -> Sequence[Case]:
    """Return the cases of keys, locked in the order of their ids."""
    if not keys:
        return ()
    query = (
        select(Case)
        .where(Case.about_kind == kind, among(Case.about_key, keys))
        .order_by(Case.id)
        .with_for_update()
    )
    return (await session.scalars(query)).all()
