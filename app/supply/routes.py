"""`/api/v1/supply`: declare packaging that came onto the market, and read it back."""

from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from app.areas.scope import reach_of
from app.auth.access import SignedIn
from app.auth.permissions import require
from app.db import Databases, Reading
from app.errors import InvalidQuery
from app.ids import SYSTEM, uuid7
from app.pagination import Cursor, Limit, decode_cursor, page
from app.supply.declare import declare_supply
from app.supply.read import list_supply
from app.supply.schemas import SupplyBody, SupplyPage, SupplyShown
from app.transparency.receipt import ReceiptSigner
from app.web import json_of, takes

router = APIRouter(prefix="/api/v1", tags=["supply"])

CountyCode = Annotated[str | None, Query(pattern="^[0-9]{6}$", description="六位区划代码")]


@router.post("/supply", status_code=201, summary="申报产生量", openapi_extra=takes(SupplyBody))
async def post_supply(
    request: Request,
    database: Databases,
    caller: SignedIn,
    body: Annotated[SupplyBody, json_of(SupplyBody)],
) -> Response:
    now = datetime.now(UTC)
    done = await declare_supply(
        database, caller, body.rows, now=now, new_id=lambda: uuid7(SYSTEM, now)
    )
    answer: dict[str, Any] = {
        "recorded": done.recorded,
        "duplicate": done.duplicate,
        "events": [str(one.event) for one in done.events],
    }
    receipts: ReceiptSigner | None = request.app.state.receipts
    if receipts:
        answer["receipts"] = [receipts.promise(*one) for one in done.events]
    return JSONResponse(answer, 201 if done.recorded else 200)


@router.get("/supply", response_model=SupplyPage, summary="已申报的产生量")
async def get_supply(
    session: Reading,
    caller: SignedIn,
    *,
    county: CountyCode = None,
    start: Annotated[date | None, Query(alias="from", description="起始日，含当日")] = None,
    end: Annotated[date | None, Query(alias="to", description="截止日，含当日")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> dict[str, Any]:
    require(caller, "reports.read")
    rows = await list_supply(
        session,
        await reach_of(session, caller),
        county=county,
        start=start,
        end=end,
        after=_after(cursor),
        limit=limit + 1,
    )
    return page(rows, limit, lambda found: [found[0].on_day, found[0].id], SupplyShown.of)


def _after(cursor: str | None) -> tuple[date, str] | None:
    if cursor is None:
        return None
    on, row = decode_cursor(cursor, str, str)
    try:
        return date.fromisoformat(on), row
    except ValueError:
        raise InvalidQuery(reason="cursor", pointer="cursor") from None
