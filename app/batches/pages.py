"""The page on which labels are issued, and the sheets issued before are found."""

from datetime import UTC, datetime
from typing import Any
from unicodedata import normalize
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from app.areas.names import counties_to_choose, county_names
from app.areas.scope import reach_of
from app.auth.access import SignedIn, Visitor, require_same_origin
from app.auth.caller import Caller
from app.auth.kept_form import ask_to_sign_in, fields_of
from app.auth.permissions import allows, require
from app.batches.changes import prints_of
from app.batches.issue import issue_labels
from app.batches.models import LabelSheet
from app.batches.read import list_sheets
from app.batches.schemas import LabelOrder
from app.db import Databases, Reading, ReadSession
from app.error_handlers import status_of
from app.errors import DomainError, InvalidBody
from app.ids import SYSTEM, uuid7
from app.pagination import Cursor, after_row, micros_of, page
from app.templating import render
from app.typed_numbers import scaled
from app.web import validate

router = APIRouter(include_in_schema=False)

SHEETS_A_PAGE = 50
FIELDS = ("county", "kind", "count", "site", "tare_g", "id")
"""`tare_g` is typed in kilograms."""


@router.get("/labels")
async def show_labels(
    request: Request, caller: SignedIn, session: Reading, *, cursor: Cursor = None
) -> Response:
    require(caller, "labels.read")
    return await _page(request, session, caller, {}, cursor=cursor)


@router.post("/labels", dependencies=[Depends(require_same_origin)])
async def post_labels(request: Request, caller: Visitor, database: Databases) -> Response:
    form = await request.form()
    if caller is None:
        return ask_to_sign_in(request, fields_of(form))
    typed = {name: str(form.get(name, "")).strip() for name in FIELDS}
    if form.get("resumed"):
        async with database.read() as session:
            return await _page(request, session, caller, typed)
    try:
        order = _order_of(typed)
        async with database.write() as session:
            sheet, _ = await issue_labels(
                session,
                county=order.county,
                kind=order.kind,
                count=order.count,
                site=order.site,
                by=caller,
                now=datetime.now(UTC),
                rng=SYSTEM,
                sheet=UUID(typed["id"]),
                tare_g=order.tare_g,
            )
    except DomainError as error:
        async with database.read() as session:
            return await _page(request, session, caller, typed, error)
    return RedirectResponse(f"/labels/{sheet}", 303)


def _order_of(typed: dict[str, str]) -> LabelOrder:
    count = normalize("NFKC", typed["count"])
    if not (count.isascii() and count.isdigit()):
        raise InvalidBody(reason="张数应为整数", errors=[_wrong("/count", "请填整数，1 至 5000")])
    try:
        UUID(typed["id"])
    except ValueError:
        raise InvalidBody(reason="编号不对", errors=[_wrong("/id", "请刷新页面再试")]) from None
    body: dict[str, Any] = {
        "county": typed["county"],
        "kind": typed["kind"],
        "count": int(count),
        "site": typed["site"] or None,
    }
    if typed["kind"] == "container":
        body["tare_g"] = tare_of(typed["tare_g"])
    return validate(LabelOrder, body)


def tare_of(text: str) -> int | None:
    """Return a typed tare in grams; InvalidBody where it is no number of kilograms."""
    try:
        return scaled(text, 3)
    except ValueError:
        raise InvalidBody(
            reason="皮重应为千克数", errors=[_wrong("/tare_g", "请填千克数，例如 15.5")]
        ) from None


def _wrong(pointer: str, detail: str) -> dict[str, str]:
    return {"pointer": pointer, "detail": detail}


async def _page(
    request: Request,
    session: ReadSession,
    caller: Caller,
    typed: dict[str, str],
    error: DomainError | None = None,
    cursor: str | None = None,
) -> Response:
    reach = await reach_of(session, caller)
    before = after_row(cursor)
    sheets = await list_sheets(session, reach, before=before, limit=SHEETS_A_PAGE + 1)
    names = await county_names(session, {sheet.county for sheet in sheets})
    prints = await prints_of(session, [sheet.id for sheet in sheets])
    shown = page(
        sheets,
        SHEETS_A_PAGE,
        lambda sheet: [micros_of(sheet.issued_at), str(sheet.id)],
        lambda sheet: _listed(sheet, names, prints),
    )
    onward = urlencode({"cursor": shown["next_cursor"]})
    problem = None
    errors = dict.fromkeys(FIELDS, "")
    if error:
        title, detail = error.words()
        problem = {"title": f"还没有发放：{title}", "detail": detail}
        places = error.extras.get("errors") or [_wrong(error.extras.get("pointer", ""), detail)]
        if isinstance(error, InvalidBody):
            problem = {"title": "还没有发放", "detail": "请改正下面的内容，再点一次发放。"}
        errors |= {place["pointer"].strip("/"): place["detail"] for place in places}
    values = {
        "may_issue": allows(caller, "labels.issue"),
        "counties": await counties_to_choose(session, reach),
        "values": dict.fromkeys(FIELDS, "") | typed,
        "errors": errors,
        "problem": problem,
        "id": typed.get("id") or uuid7(SYSTEM, datetime.now(UTC)),
        "sheets": shown["items"],
        "next_url": f"/labels?{onward}" if shown["next_cursor"] else None,
    }
    return render(request, "labels.html", values, status_of(error) if error else 200)


def _listed(sheet: LabelSheet, names: dict[str, str], prints: dict[UUID, int]) -> dict[str, Any]:
    return {
        "prints": prints.get(sheet.id, 0),
        "id": sheet.id,
        "county_name": names.get(sheet.county, sheet.county),
        "kind": sheet.kind,
        "count": sheet.count,
        "site": sheet.site,
        "issued_at": sheet.issued_at,
    }
