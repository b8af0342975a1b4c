"""`POST /api/v1/alerts/{id}/acknowledge|resolve`: an official takes an alert on, and settles it."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from app.alerts.work import work_on_alert
from app.areas.scope import reach_of
from app.auth.access import SignedIn
from app.cases.schemas import CaseWithHistory, NoteBody
from app.cases.shown import with_history
from app.cases.work import Said
from app.db import Writing
from app.web import json_of, takes

router = APIRouter(prefix="/api/v1", tags=["alerts"])
Body = Annotated[NoteBody, json_of(NoteBody)]


@router.post("/alerts/{alert}/acknowledge", openapi_extra=takes(NoteBody), summary="认领一条预警")
async def post_acknowledge(
    alert: UUID, caller: SignedIn, session: Writing, body: Body
) -> CaseWithHistory:
    said, now = Said(body.note, id=body.id), datetime.now(UTC)
    reach = await reach_of(session, caller)
    case = await work_on_alert(session, caller, reach, alert, "acknowledge", said, now=now)
    return await with_history(session, case)


@router.post("/alerts/{alert}/resolve", openapi_extra=takes(NoteBody), summary="办结一条预警")
async def post_resolve(
    alert: UUID, caller: SignedIn, session: Writing, body: Body
) -> CaseWithHistory:
    said, now = Said(body.note, id=body.id), datetime.now(UTC)
    reach = await reach_of(session, caller)
    case = await work_on_alert(session, caller, reach, alert, "resolve", said, now=now)
    return await with_history(session, case)
