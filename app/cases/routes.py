"""`/api/v1/cases`: people's work on what was found wrong. Alerts open cases by their own routes."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from app.areas.read import today
from app.areas.scope import counties_in_reach, reach_of
from app.auth.access import SignedIn
from app.auth.permissions import require
from app.cases.photos import draw_all
from app.cases.read import State, Wanted, find_photo, list_cases
from app.cases.schemas import (
    CasePage,
    CaseWithHistory,
    NoteBody,
    TermBody,
    TermShown,
    TextBody,
)
from app.cases.shown import see_case, shown
from app.cases.terms import Term, enter_term, terms_of
from app.cases.work import Said, acknowledge, add_note, case_to_work, reopen, resolve
from app.db import Databases, Reading, Writing
from app.errors import InvalidBody, NotFound, UnsupportedMediaType
from app.ids import SYSTEM, uuid7
from app.pagination import Cursor, Limit, after_row, micros_of, page
from app.web import json_of, takes, validate
from app.workdays.read import calendar_of

router = APIRouter(prefix="/api/v1", tags=["cases"])

FORM = "multipart/form-data"
AreaCode = Annotated[str | None, Query(pattern="^[0-9]{6}$", description="上报区域或县")]
SANDBOXED = "default-src 'none'; sandbox"


@router.get("/cases", response_model=CasePage, summary="办理记录")
async def get_cases(
    caller: SignedIn,
    session: Reading,
    *,
    state: State | None = None,
    overdue: Annotated[bool, Query(description="只看超期的")] = False,
    area: AreaCode = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> dict[str, Any]:
    require(caller, "cases.read")
    reach = await reach_of(session, caller)
    counties = await counties_in_reach(session, reach, area) if area else frozenset()
    on, calendar = today(), await calendar_of(session)
    rows = await list_cases(
        session,
        reach,
        Wanted(state, overdue, counties),
        today=on,
        calendar=calendar,
        before=after_row(cursor),
        limit=limit + 1,
    )
    seen = await shown(session, rows, on, calendar)
    return page(seen, limit, lambda one: (micros_of(one.opened_at), str(one.id)), lambda one: one)


@router.get("/cases/terms", summary="办理时限")
async def get_terms(caller: SignedIn, session: Reading) -> dict[str, list[TermShown]]:
    require(caller, "cases.read")
    return {"items": [TermShown.of(row) for row in (await terms_of(session)).rows]}


@router.post(
    "/cases/terms", status_code=201, openapi_extra=takes(TermBody), summary="登记一条办理时限"
)
async def post_term(
    caller: SignedIn, session: Writing, body: Annotated[TermBody, json_of(TermBody)]
) -> TermShown:
    require(caller, "cases.terms")
    now = datetime.now(UTC)
    term = Term(**body.model_dump())
    await enter_term(session, term, id_=uuid7(SYSTEM, now), by=caller.id, now=now)
    return TermShown.of(term)


@router.get("/cases/{case}", summary="一件事和全部处理情况")
async def get_case(case: UUID, caller: SignedIn, session: Reading) -> CaseWithHistory:
    require(caller, "cases.read")
    return await see_case(session, await reach_of(session, caller), case)


@router.post("/cases/{case}/acknowledge", openapi_extra=takes(NoteBody), summary="认领")
async def post_acknowledge(
    case: UUID, caller: SignedIn, session: Writing, body: Annotated[NoteBody, json_of(NoteBody)]
) -> CaseWithHistory:
    require(caller, "cases.work")
    reach = await reach_of(session, caller)
    found = await case_to_work(session, reach, case)
    said = Said(body.note, id=body.id)
    await acknowledge(session, caller, found, said, now=datetime.now(UTC))
    return await see_case(session, reach, case)


@router.post("/cases/{case}/resolve", openapi_extra=takes(NoteBody), summary="办结")
async def post_resolve(
    case: UUID, caller: SignedIn, session: Writing, body: Annotated[NoteBody, json_of(NoteBody)]
) -> CaseWithHistory:
    require(caller, "cases.work")
    reach = await reach_of(session, caller)
    found = await case_to_work(session, reach, case)
    await resolve(session, caller, found, Said(body.note, id=body.id), now=datetime.now(UTC))
    return await see_case(session, reach, case)


@router.post("/cases/{case}/reopen", openapi_extra=takes(NoteBody), summary="重新打开")
async def post_reopen(
    case: UUID, caller: SignedIn, session: Writing, body: Annotated[NoteBody, json_of(NoteBody)]
) -> CaseWithHistory:
    require(caller, "cases.work")
    reach = await reach_of(session, caller)
    found = await case_to_work(session, reach, case)
    await reopen(session, caller, found, Said(body.note, id=body.id), now=datetime.now(UTC))
    return await see_case(session, reach, case)


@router.post(
    "/cases/{case}/notes", status_code=201, openapi_extra=takes(TextBody), summary="写处理情况"
)
async def post_note(
    case: UUID, caller: SignedIn, session: Writing, body: Annotated[TextBody, json_of(TextBody)]
) -> CaseWithHistory:
    require(caller, "cases.note")
    reach = await reach_of(session, caller)
    found = await case_to_work(session, reach, case)
    await add_note(session, caller, found, Said(body.text, id=body.id), now=datetime.now(UTC))
    return await see_case(session, reach, case)


@router.post("/cases/{case}/photos", status_code=201, summary="上传照片，可带一句说明")
async def post_photos(
    request: Request, case: UUID, caller: SignedIn, database: Databases
) -> CaseWithHistory:
    require(caller, "cases.note")
    async with database.read() as session:
        # Pictures are drawn for those alone who may add them, and outside any transaction.
        reach = await reach_of(session, caller)
        await see_case(session, reach, case)
    media = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media != FORM:
        raise UnsupportedMediaType(expected=FORM)
    form = await request.form()
    files = [one for one in form.getlist("file") if isinstance(one, UploadFile)]
    if not files:
        raise InvalidBody.at("/file", "缺少照片", "is missing")
    text = form.get("text")
    body = validate(NoteBody, {"note": text if isinstance(text, str) else ""})
    photos = await draw_all([await one.read() for one in files])
    async with database.write() as writing:
        found = await case_to_work(writing, reach, case)
        said = Said(body.note, photos)
        await add_note(writing, caller, found, said, now=datetime.now(UTC))
        return await see_case(writing, reach, case)


@router.get("/cases/{case}/photos/{photo}", summary="照片")
async def get_photo(case: UUID, photo: UUID, caller: SignedIn, session: Reading) -> Response:
    require(caller, "cases.read")
    found = await find_photo(session, await reach_of(session, caller), case, photo)
    if found is None:
        raise NotFound(what=str(photo))
    # A picture and nothing else, whatever a browser may think of its bytes.
    headers = {
        "Content-Security-Policy": SANDBOXED,
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": f'inline; filename="{photo}.jpg"',
    }
    return Response(found.content, media_type="image/jpeg", headers=headers)
