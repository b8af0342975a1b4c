"""`/api/v1/plan/registers…`: the lists that the document orders, their entries, their imports."""

from datetime import UTC, date, datetime
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response, StreamingResponse
from starlette.datastructures import UploadFile

from app.areas.read import today
from app.auth.access import SignedIn, Visitor
from app.db import Databases, Reading, Writing
from app.errors import InvalidBody, UnsupportedMediaType
from app.pagination import Cursor, Limit
from app.plan.published import as_csv
from app.registers.edit import add_entry, change_entry, erase_personal, withdraw_entry
from app.registers.export import register_csv
from app.registers.import_file import error_file, import_entries, importer_to
from app.registers.kinds import COLUMNS
from app.registers.look import see_entry, see_register, see_registers, see_written
from app.registers.read import Asked
from app.registers.register import find_register
from app.registers.schemas import ChangedEntry, NewEntry, Withdrawal
from app.registers.sheet import MEDIA_TYPES, XLSX
from app.registers.workbook import template_xlsx
from app.web import json_of, takes

router = APIRouter(prefix="/api/v1/plan", tags=["registers"])

OnDay = Annotated[date | None, Query(description="哪一天有效的条目，默认今天")]
Code = Annotated[str | None, Query(max_length=40)]
Backfill = Annotated[bool, Query(description="补录历史名单：可以已经届满")]
FORM = "multipart/form-data"
UNTYPED = "application/octet-stream"


def _asked(
    *,
    on: OnDay = None,
    every: Annotated[bool, Query(alias="all", description="也要已届满和未生效的")] = False,
    industry: Code = None,
    county: Code = None,
    area: Code = None,
    refers: Code = None,
    q: Annotated[str, Query(max_length=100)] = "",
) -> Asked:
    return Asked(on or today(), every, industry, county, area, refers, q)


Filters = Annotated[Asked, Depends(_asked)]


@router.get("/registers", summary="名单")
async def get_registers(session: Reading, on: OnDay = None) -> dict[str, Any]:
    return {"items": await see_registers(session, on or today()), "next_cursor": None}


@router.get("/registers.csv", summary="名单（.csv）")
async def get_registers_csv(session: Reading, on: OnDay = None) -> Response:
    return Response(
        as_csv(await see_registers(session, on or today()), COLUMNS),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="plan-registers.csv"'},
    )


@router.get("/registers/{slug}.csv", summary="名单的条目（.csv）")
async def get_register_csv(
    database: Databases, caller: Visitor, slug: str, asked: Filters
) -> Response:
    return StreamingResponse(
        await register_csv(database, caller, slug, asked),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{slug}.csv"'},
    )


@router.get("/registers/{slug}/template.xlsx", summary="空白导入模板")
async def get_template(session: Reading, slug: str) -> Response:
    register = await find_register(session, slug)
    return _workbook(
        template_xlsx(register), f"{slug}-template.xlsx", f"{register.name}登记表.xlsx"
    )


@router.get("/registers/{slug}", summary="名单和条目")
async def get_register(
    session: Reading,
    caller: Visitor,
    slug: str,
    asked: Filters,
    *,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> dict[str, Any]:
    return await see_register(session, caller, slug, asked, cursor=cursor, limit=limit)


@router.post(
    "/registers/{slug}/entries",
    status_code=201,
    summary="登记一条",
    openapi_extra=takes(NewEntry),
)
async def post_entry(
    session: Writing, caller: SignedIn, slug: str, body: Annotated[NewEntry, json_of(NewEntry)]
) -> dict[str, Any]:
    entry_id = await add_entry(
        session,
        caller,
        slug,
        body.given(),
        department=body.department,
        backfill=body.backfill,
        now=datetime.now(UTC),
    )
    return await see_written(session, caller, slug, entry_id)


@router.get("/registers/{slug}/entries/{entry}", summary="一条及其历史")
async def get_entry(
    session: Reading,
    caller: Visitor,
    slug: str,
    entry: str,
    *,
    on: OnDay = None,
    as_of: Annotated[date | None, Query(description="当日终了时登记的内容")] = None,
) -> dict[str, Any]:
    return await see_entry(session, caller, slug, entry, on=on, as_of_day=as_of)


@router.put(
    "/registers/{slug}/entries/{entry}", summary="更改一条", openapi_extra=takes(ChangedEntry)
)
async def put_entry(
    session: Writing,
    caller: SignedIn,
    slug: str,
    entry: UUID,
    body: Annotated[ChangedEntry, json_of(ChangedEntry)],
) -> dict[str, Any]:
    await change_entry(
        session,
        caller,
        slug,
        entry,
        body.given(),
        version=body.version,
        department=body.department,
        now=datetime.now(UTC),
    )
    return await see_written(session, caller, slug, entry)


@router.post(
    "/registers/{slug}/entries/{entry}/withdraw",
    summary="移出一条",
    openapi_extra=takes(Withdrawal),
)
async def post_withdrawal(
    session: Writing,
    caller: SignedIn,
    slug: str,
    entry: UUID,
    body: Annotated[Withdrawal, json_of(Withdrawal)],
) -> dict[str, Any]:
    await withdraw_entry(
        session,
        caller,
        slug,
        entry,
        version=body.version,
        note=body.note,
        now=datetime.now(UTC),
    )
    return await see_written(session, caller, slug, entry)


@router.delete(
    "/registers/{slug}/entries/{entry}/personal", status_code=204, summary="删除个人信息"
)
async def delete_personal(session: Writing, caller: SignedIn, slug: str, entry: UUID) -> None:
    await erase_personal(session, caller, slug, entry, now=datetime.now(UTC))


@router.post("/registers/{slug}/import", status_code=201, summary="导入 .xlsx 或 .csv")
async def post_import(
    request: Request,
    database: Databases,
    caller: SignedIn,
    slug: str,
    *,
    backfill: Backfill = False,
) -> dict[str, Any]:
    importer = await importer_to(database, caller, slug)
    file_name, content = await _file_of(request)
    done = await import_entries(
        database,
        importer,
        content,
        file_name=file_name,
        backfill=backfill,
        now=datetime.now(UTC),
    )
    return {"import": str(done.id), "imported": done.imported}


@router.get("/imports/{import_id}/errors.xlsx", summary="没有导入的文件和错误")
async def get_import_errors(session: Reading, caller: SignedIn, import_id: UUID) -> Response:
    content = await error_file(session, caller, import_id)
    return _workbook(content, f"errors-{import_id}.xlsx", "标了错误的表格.xlsx")


async def _file_of(request: Request) -> tuple[str, bytes]:
    """Return the name and content of a file sent as the form's `file` or as the whole body."""
    media = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media == FORM:
        file = (await request.form()).get("file")
        if not isinstance(file, UploadFile):
            raise InvalidBody.at("/file", "缺少文件", "is missing")
        return file.filename or "", await file.read()
    if media not in {*MEDIA_TYPES, UNTYPED}:
        raise UnsupportedMediaType(expected=" / ".join([FORM, *MEDIA_TYPES]))
    return "", await request.body()


def _workbook(content: bytes, name: str, called: str) -> Response:
    """Return a workbook under the name that people see, and a plain one for old programs."""
    names = f"filename=\"{name}\"; filename*=UTF-8''{quote(called)}"
    return Response(
        content, media_type=XLSX, headers={"Content-Disposition": f"attachment; {names}"}
    )
