"""`/api/v1/labels` and `/label-sheets`. What a used label names is at custody/routes.py."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from app.areas.scope import reach_of
from app.auth.access import SignedIn
from app.auth.caller import Caller
from app.auth.permissions import require
from app.batches import qr
from app.batches.changes import assign_labels, prints_of, void_labels
from app.batches.issue import issue_labels
from app.batches.numbered import Numbers
from app.batches.print_labels import csv_answer, draw, take_to_print
from app.batches.read import find_label, list_labels, list_sheets
from app.batches.schemas import (
    MAX_LABELS,
    AssignOrder,
    CountyCode,
    LabelKind,
    LabelOrder,
    LabelPage,
    LabelsChanged,
    LabelShown,
    SheetListed,
    SheetPage,
    SheetShown,
    SiteCode,
    TareOrder,
    VoidOrder,
)
from app.batches.sheet_pdf import LayoutName
from app.batches.tare import set_tare
from app.batches.typed import typed_code
from app.db import Databases, Reading, ReadSession, Writing
from app.errors import NotFound
from app.ids import SYSTEM
from app.pagination import Cursor, Limit, after_code, after_row, micros_of, page
from app.paper.answer import pdf_answer
from app.web import json_of, takes

router = APIRouter(prefix="/api/v1", tags=["labels"])

Number = Annotated[int | None, Query(ge=1, le=MAX_LABELS, description="在这张发放单里是第几张")]

KEEP = {"Cache-Control": "private, max-age=3600"}
"""A label's picture never changes; it is kept by the browser that asked, not on the way."""


@router.post(
    "/labels",
    status_code=201,
    response_model=SheetShown,
    openapi_extra=takes(LabelOrder),
    summary="发放标签",
)
async def post_labels(
    caller: SignedIn, session: Writing, order: Annotated[LabelOrder, json_of(LabelOrder)]
) -> dict[str, Any]:
    sheet, codes = await issue_labels(
        session,
        county=order.county,
        kind=order.kind,
        count=order.count,
        site=order.site,
        by=caller,
        now=datetime.now(UTC),
        rng=SYSTEM,
        tare_g=order.tare_g,
    )
    return {"sheet": sheet, "codes": codes}


@router.post("/labels/void", openapi_extra=takes(VoidOrder), summary="作废没有用过的标签")
async def post_void(
    caller: SignedIn, session: Writing, order: Annotated[VoidOrder, json_of(VoidOrder)]
) -> LabelsChanged:
    done = await void_labels(
        session, caller, order.chosen(), reason=order.reason, now=datetime.now(UTC)
    )
    return LabelsChanged(**vars(done))


@router.post(
    "/labels/assign", openapi_extra=takes(AssignOrder), summary="把没有用过的标签发给一个站点"
)
async def post_assign(
    caller: SignedIn, session: Writing, order: Annotated[AssignOrder, json_of(AssignOrder)]
) -> LabelsChanged:
    done = await assign_labels(
        session, caller, order.chosen(), site=order.site, now=datetime.now(UTC)
    )
    return LabelsChanged(**vars(done))


@router.put(
    "/labels/{code}/tare",
    openapi_extra=takes(TareOrder),
    summary="登记容器皮重",
)
async def put_tare(
    code: str,
    caller: SignedIn,
    session: Writing,
    order: Annotated[TareOrder, json_of(TareOrder)],
) -> LabelShown:
    parsed = typed_code(code, pointer="/path/code")
    return LabelShown.of(await set_tare(session, caller, parsed, order.tare_g))


@router.get("/labels", response_model=LabelPage, summary="标签列表")
async def get_labels(
    caller: SignedIn,
    session: Reading,
    *,
    county: CountyCode | None = None,
    site: SiteCode | None = None,
    sheet: UUID | None = None,
    kind: LabelKind | None = None,
    unused: Annotated[bool, Query(description="只列还没有用过的")] = False,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> dict[str, Any]:
    require(caller, "labels.read")
    found = await list_labels(
        session,
        await reach_of(session, caller),
        county=county,
        site=site,
        sheet=sheet,
        kind=kind,
        unused=unused,
        after=after_code(cursor),
        limit=limit + 1,
    )
    return page(found, limit, key=lambda one: [one.label.code], shown=LabelShown.of)


@router.get("/label-sheets", response_model=SheetPage, summary="标签发放单列表")
async def get_sheets(
    caller: SignedIn, session: Reading, limit: Limit = 50, cursor: Cursor = None
) -> dict[str, Any]:
    require(caller, "labels.read")
    reach = await reach_of(session, caller)
    rows = await list_sheets(session, reach, before=after_row(cursor), limit=limit + 1)
    prints = await prints_of(session, [one.id for one in rows])
    return page(
        rows,
        limit,
        lambda one: (micros_of(one.issued_at), str(one.id)),
        lambda one: SheetListed.of(one, prints.get(one.id, 0)),
    )


@router.get("/label-sheets/{sheet}.pdf", response_class=Response, summary="打印标签（PDF）")
async def get_sheet_pdf(
    request: Request,
    sheet: UUID,
    caller: SignedIn,
    database: Databases,
    *,
    layout: Annotated[LayoutName, Query(description="A4 每页 3 列 8 行，或 50 × 30 毫米卷筒")],
    first: Number = None,
    last: Number = None,
) -> Response:
    config = request.app.state.settings
    async with database.write() as session:
        printed = await take_to_print(
            session, caller, sheet, Numbers(first, last), layout=layout, now=datetime.now(UTC)
        )
    file = await draw(printed, layout, host=config.qr_host, demo=config.demo)
    return pdf_answer(file, printed.title)


@router.get("/label-sheets/{sheet}.csv", response_class=Response, summary="标签清单（.csv）")
async def get_sheet_csv(
    request: Request,
    sheet: UUID,
    caller: SignedIn,
    session: Writing,
    first: Number = None,
    last: Number = None,
) -> Response:
    config = request.app.state.settings
    printed = await take_to_print(
        session, caller, sheet, Numbers(first, last), layout="csv", now=datetime.now(UTC)
    )
    return csv_answer(printed, config.qr_host, demo=config.demo)


@router.get("/labels/{code}.svg", response_class=Response, summary="标签图（SVG）")
async def get_svg(code: str, request: Request, caller: SignedIn, session: Reading) -> Response:
    parsed = await _visible(session, caller, code)
    config = request.app.state.settings
    drawn = await run_in_threadpool(qr.svg, config.qr_host, parsed, overprint=config.demo)
    return Response(drawn, media_type="image/svg+xml", headers=KEEP)


@router.get("/labels/{code}.png", response_class=Response, summary="标签图（PNG）")
async def get_png(code: str, request: Request, caller: SignedIn, session: Reading) -> Response:
    parsed = await _visible(session, caller, code)
    config = request.app.state.settings
    drawn = await run_in_threadpool(qr.png, config.qr_host, parsed, overprint=config.demo)
    return Response(drawn, media_type="image/png", headers=KEEP)


async def _visible(session: ReadSession, caller: Caller, text: str) -> str:
    """Return the code of a label that the caller may see, as printed."""
    require(caller, "labels.read")
    code = typed_code(text, pointer="/path/code")
    if await find_label(session, await reach_of(session, caller), code) is None:
        raise NotFound(what=code)
    return code
