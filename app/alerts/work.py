"""Work on an alert: its case is opened by whoever first takes it on, adds to it or resolves it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.alerts.journal import about_of, key_of
from app.alerts.models import Finding
from app.alerts.read import find_finding
from app.areas.scope import Reach
from app.auth.caller import Caller
from app.auth.permissions import require
from app.cases.keep import lock_case
from app.cases.models import Case
from app.cases.work import ACTS, RIGHTS, Said
from app.errors import NotFound


async def work_on_alert(
    session: AsyncSession,
    caller: Caller,
    reach: Reach,
    alert: UUID,
    act: str,
    said: Said,
    *,
    now: datetime,
) -> Case:
    """Do one of ACTS on the case of a finding in reach, opened where there is none.

    Raises Forbidden, NotFound, and what the act raises; then nothing is opened either.
    """
    require(caller, RIGHTS[act])
    finding = await find_finding(session, reach, alert)
    if finding is None:
        raise NotFound(what=str(alert))
    latest = await _latest(session, finding)
    about = about_of(latest, latest.id, latest.opened_at)
    case = await lock_case(session, about, now=now)
    if latest.closed_at is not None and case.cause_gone_at is None:
        case.cause_gone_at = latest.closed_at
    await ACTS[act](session, caller, case, said, now=now)
    return case


async def _latest(session: AsyncSession, finding: Finding) -> Finding:
    """Return the latest opening of a finding's key: work is on what holds now."""
    same_key = (
        Finding.rule == finding.rule,
        Finding.subject == finding.subject,
        Finding.window == finding.window,
    )
    newest = select(Finding).where(*same_key).order_by(Finding.opening.desc()).limit(1)
    return (await session.scalars(newest)).one()


def case_key(finding: Finding) -> str:
    """Return the key of the case of a finding."""
    return key_of(finding.rule, finding.subject, finding.window)
