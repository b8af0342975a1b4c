"""`/api/v1/areas` and `/api/v1/counties`: the same for everyone who is signed in."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query

from app.areas.read import list_areas, list_counties, today
from app.areas.schemas import AreaPage, AreaShown, CountyPage, CountyShown
from app.auth.access import SignedIn
from app.db import Reading
from app.pagination import Cursor, Limit, after_code, page

router = APIRouter(prefix="/api/v1")

OnDay = Annotated[date | None, Query(description="按哪一天的区划，默认今天")]


@router.get("/areas", response_model=AreaPage)
async def areas(
    _caller: SignedIn, session: Reading, limit: Limit = 200, cursor: Cursor = None
) -> dict[str, Any]:
    rows = await list_areas(session, after=after_code(cursor), limit=limit + 1)
    return page(rows, limit, key=lambda area: [area.code], shown=AreaShown.of)


@router.get("/counties", response_model=CountyPage)
async def counties(
    _caller: SignedIn,
    session: Reading,
    *,
    on: OnDay = None,
    pilot: bool | None = None,
    limit: Limit = 200,
    cursor: Cursor = None,
) -> dict[str, Any]:
    rows = await list_counties(
        session, on or today(), pilot=pilot, after=after_code(cursor), limit=limit + 1
    )
    return page(rows, limit, key=lambda row: [row.county.code], shown=CountyShown.of)
