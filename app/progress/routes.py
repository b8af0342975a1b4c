"""`/api/v1/plan/targets` and `/plan/progress`: what was aimed at and what it has come to.

Open to anyone, for the plan is a published document; the live recovery rate is for those who read
reports. Values are entered by the departments that answer for a target.
"""

from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response

from app.areas.read import today
from app.auth.access import SignedIn, Visitor
from app.db import Databases, Reading
from app.errors import NotFound
from app.pagination import Cursor, Limit, after_index, page
from app.plan.linked import Row
from app.plan.linked_duties import target
from app.plan.published import as_csv
from app.plan.read import plan_on, versions_of
from app.progress.actuals import enter_actual
from app.progress.entries import entries_of, entry_shown
from app.progress.read import progress_on
from app.progress.schemas import ActualBody
from app.progress.wording import COLUMNS
from app.web import json_of, takes

router = APIRouter(prefix="/api/v1/plan", tags=["plan"])

OnDay = Annotated[date | None, Query(description="按哪一天有效的目标，默认今天")]


@router.get("/progress", summary="方案进展")
async def get_progress(caller: Visitor, session: Reading, on: OnDay = None) -> Row:
    now = datetime.now(UTC)
    return (await progress_on(session, caller, on=on or today(), now=now)).as_json()


@router.get("/targets", summary="目标与进展")
async def get_targets(
    caller: Visitor,
    session: Reading,
    *,
    on: OnDay = None,
    limit: Limit = 200,
    cursor: Cursor = None,
) -> dict[str, Any]:
    skip = after_index(cursor)
    progress = await progress_on(session, caller, on=on or today(), now=datetime.now(UTC))
    rows = progress.rows[skip : skip + limit + 1]
    return page(rows, limit, lambda _: [skip + limit], lambda row: row)


@router.get("/targets.csv", summary="目标与进展（.csv）")
async def get_targets_csv(caller: Visitor, session: Reading, on: OnDay = None) -> Response:
    progress = await progress_on(session, caller, on=on or today(), now=datetime.now(UTC))
    return Response(
        as_csv(progress.rows, COLUMNS),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="plan-targets.csv"'},
    )


@router.get("/targets/{code}", summary="一项目标")
async def get_target(caller: Visitor, session: Reading, code: str, on: OnDay = None) -> Row:
    progress = await progress_on(session, caller, on=on or today(), now=datetime.now(UTC))
    for row in progress.rows:
        if row["code"] == code:
            return {
                **row,
                "versions": [
                    target(progress.plan, one) for one in await versions_of(session, code)
                ],
                "entries": await entries_of(session, progress.plan, code, caller),
            }
    raise NotFound(what=code)


@router.post(
    "/targets/{code}/actuals",
    status_code=201,
    summary="填报一年的数据",
    openapi_extra=takes(ActualBody),
)
async def post_actual(
    caller: SignedIn,
    database: Databases,
    code: str,
    response: Response,
    body: Annotated[ActualBody, json_of(ActualBody)],
) -> Row:
    now = datetime.now(UTC)
    entered = await enter_actual(database, caller, code, body, now=now)
    if entered.duplicate:
        response.status_code = 200
    async with database.read() as session:
        return entry_shown(await plan_on(session, today()), entered.entry)
