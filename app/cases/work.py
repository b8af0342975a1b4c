"""What people do with a case: take it on, add to it, resolve it, open it again.

Officials of agriculture or ecology from the county up work; a site's people add to the cases
that concern their site. Each step locks the case, so of two who take it on one is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.scope import Reach
from app.auth.caller import Caller
from app.auth.models import Account
from app.auth.permissions import require
from app.cases.errors import CaseIsAcknowledged, CaseIsNotResolved, CaseIsResolved
from app.cases.keep import note
from app.cases.models import Case, CaseNote
from app.cases.photos import Drawn, keep_photos
from app.cases.read import cases_within
from app.errors import InvalidBody, NotFound
from app.ids import SYSTEM, uuid7


@dataclass(frozen=True)
class Said:
    """What somebody says on a case; `id` is the client's, so that saying it twice is once."""

    text: str
    photos: Sequence[Drawn] = field(default=())
    id: UUID | None = None


async def case_to_work(session: AsyncSession, reach: Reach, case: UUID) -> Case:
    """Return a case in reach, locked; NotFound."""
    query = select(Case).where(Case.id == case, cases_within(reach)).with_for_update()
    found = await session.scalar(query)
    if found is None:
        raise NotFound(what=str(case))
    return found


async def acknowledge(
    session: AsyncSession, caller: Caller, case: Case, said: Said, *, now: datetime
) -> None:
    """Take a locked case on; raises Forbidden, CaseIsAcknowledged, CaseIsResolved."""
    require(caller, "cases.work")
    if await _is_said(session, case, said):
        return
    if case.state == "resolved":
        raise CaseIsResolved(case=str(case.id))
    if case.state == "acknowledged":
        who = await _name_of(session, case.worked_by)
        raise CaseIsAcknowledged(case=str(case.id), who=who or "同事", who_en=who or "a colleague")
    case.state, case.worked_by = "acknowledged", caller.id
    await _say(session, caller, case, "acknowledged", said, now=now)


async def add_note(
    session: AsyncSession, caller: Caller, case: Case, said: Said, *, now: datetime
) -> CaseNote:
    """Add words or photos to a locked case, in any state; raises Forbidden, InvalidBody."""
    require(caller, "cases.note")
    if not said.text and not said.photos:
        raise InvalidBody.at("/text", "请写明情况，或加照片", "say something, or add a photo")
    there = await _is_said(session, case, said)
    return there or await _say(session, caller, case, "note", said, now=now)


async def resolve(
    session: AsyncSession, caller: Caller, case: Case, said: Said, *, now: datetime
) -> None:
    """Resolve a locked case, which whoever resolves has thereby taken on, if nobody had.

    Raises Forbidden, InvalidBody without words, CaseIsResolved.
    """
    require(caller, "cases.work")
    if not said.text:
        raise InvalidBody.at("/note", "请写明处理结果", "say how it was resolved")
    if await _is_said(session, case, said):
        return
    if case.state == "resolved":
        raise CaseIsResolved(case=str(case.id))
    case.state, case.resolved_at = "resolved", now
    case.worked_by = case.worked_by or caller.id
    await _say(session, caller, case, "resolved", said, now=now)


async def reopen(
    session: AsyncSession, caller: Caller, case: Case, said: Said, *, now: datetime
) -> None:
    """Open a resolved case again, in the hands of whoever does; its term goes on as it was.

    Raises Forbidden, InvalidBody without words, CaseIsNotResolved.
    """
    require(caller, "cases.work")
    if not said.text:
        raise InvalidBody.at("/note", "请写明原因", "say why")
    if await _is_said(session, case, said):
        return
    if case.state != "resolved":
        raise CaseIsNotResolved(case=str(case.id))
    case.state, case.resolved_at, case.worked_by = "acknowledged", None, caller.id
    await _say(session, caller, case, "reopened", said, now=now)


ACTS = {"acknowledge": acknowledge, "note": add_note, "resolve": resolve, "reopen": reopen}
"""Steps by the names that forms give them."""
RIGHTS = {act: "cases.note" if act == "note" else "cases.work" for act in ACTS}


async def _is_said(session: AsyncSession, case: Case, said: Said) -> CaseNote | None:
    """Return the note that the same form has made already; NotFound where it is another case's."""
    there = await session.get(CaseNote, said.id) if said.id else None
    if there is not None and there.case_id != case.id:
        raise NotFound(what=str(said.id))
    return there


async def _say(
    session: AsyncSession, caller: Caller, case: Case, act: str, said: Said, *, now: datetime
) -> CaseNote:
    line = note(session, case.id, act, said.text, at=now, by=caller.id, id_=said.id)
    await session.flush()
    if said.photos:
        ids = [uuid7(SYSTEM, now) for _ in said.photos]
        await keep_photos(session, case.id, line.id, said.photos, ids)
    return line


async def _name_of(session: AsyncSession, account: UUID | None) -> str | None:
    return await session.scalar(select(Account.display_name).where(Account.id == account))
