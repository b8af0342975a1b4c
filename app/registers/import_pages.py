"""The page that takes a sheet of entries: what its columns are, and what is wrong with which row."""

from datetime import UTC, datetime

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import UploadFile

from app.auth.access import SignedIn, Visitor, require_same_origin
from app.db import Databases, Reading
from app.error_handlers import status_of
from app.errors import NotSignedIn
from app.registers.errors import RegisterImportRefused
from app.registers.import_file import import_entries, importer_to
from app.registers.kinds import API
from app.registers.refusal import linked
from app.registers.register import Register, find_register
from app.registers.rights import require_editor
from app.registers.shown import Shown
from app.registers.workbook import explained
from app.templating import render

router = APIRouter(include_in_schema=False)

UNFIT = 422


@router.get("/plan/registers/{slug}/import")
async def show_import(request: Request, caller: SignedIn, session: Reading, slug: str) -> Response:
    register = await find_register(session, slug)
    require_editor(caller, register)
    return _page(request, register)


@router.post("/plan/registers/{slug}/import", dependencies=[Depends(require_same_origin)])
async def post_import(
    request: Request, caller: Visitor, database: Databases, slug: str
) -> Response:
    if caller is None:
        # A file cannot be kept over signing in.
        raise NotSignedIn
    importer = await importer_to(database, caller, slug)
    form = await request.form()
    file, backfill = form.get("file"), bool(form.get("backfill"))
    if not isinstance(file, UploadFile) or not file.filename:
        problem = {"title": "没有选文件", "detail": "请选好要导入的文件，再点导入。"}
        return _page(request, importer.register, problem, backfill=backfill)
    try:
        done = await import_entries(
            database,
            importer,
            await file.read(),
            file_name=file.filename,
            backfill=backfill,
            now=datetime.now(UTC),
        )
    except RegisterImportRefused as error:
        title, detail = error.words()
        return _page(
            request,
            importer.register,
            {"title": title, "detail": detail},
            error=error,
            backfill=backfill,
        )
    return RedirectResponse(f"/plan/registers/{slug}?imported={done.id}", 303)


def _page(
    request: Request,
    register: Register,
    problem: Shown | None = None,
    *,
    error: RegisterImportRefused | None = None,
    backfill: bool = False,
) -> Response:
    told = error.extras if error else {}
    values = {
        "register": {**linked(register), "template": f"{API}/{register.slug}/template.xlsx"},
        "columns": explained(register),
        "identity": "、".join(register.columns[part] for part in register.identity),
        "backfill": backfill,
        "problem": problem,
        "errors": [one for one in told.get("errors", []) if one["row"]],
        "error_file": told.get("error_file"),
        "faults": told.get("faults", 0),
    }
    status = status_of(error) if error else UNFIT if problem else 200
    return render(request, "plan/register_import.html", values, status)
