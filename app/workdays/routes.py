"""`/api/v1/workdays`: the State Council's holidays and make-up days; the province enters more."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.read import today
from app.auth.access import SignedIn
from app.auth.permissions import require
from app.db import Reading, Writing
from app.web import json_of, takes
from app.workdays.enter import enter_workdays
from app.workdays.read import days_of
from app.workdays.schemas import FIRST_YEAR, LAST_YEAR, DayShown, WorkdayEntry, YearShown

router = APIRouter(prefix="/api/v1", tags=["workdays"])

Year = Annotated[int | None, Query(ge=FIRST_YEAR, le=LAST_YEAR, description="年份，默认今年")]


@router.get("/workdays", summary="节假日和调休")
async def get_workdays(session: Reading, year: Year = None) -> YearShown:
    return await _year(session, year or today().year)


@router.post(
    "/workdays", status_code=201, openapi_extra=takes(WorkdayEntry), summary="登记节假日和调休"
)
async def post_workdays(
    caller: SignedIn,
    session: Writing,
    entry: Annotated[WorkdayEntry, json_of(WorkdayEntry)],
) -> YearShown:
    require(caller, "workdays.enter")
    await enter_workdays(session, caller, entry, now=datetime.now(UTC))
    return await _year(session, entry.year or entry.days[0].day.year)


async def _year(session: AsyncSession, year: int) -> YearShown:
    days, years = await days_of(session)
    items = [DayShown.of(days[day]) for day in sorted(days) if day.year == year]
    return YearShown(year=year, assumed=year not in years, items=items)
