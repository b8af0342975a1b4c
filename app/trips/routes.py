"""`/api/v1/trips`: announce, list, read, confirm, print."""

from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from app.areas.scope import reach_of
from app.auth.access import SignedIn
from app.auth.permissions import require
from app.batches.schemas import SiteCode
from app.db import Reading, Writing
from app.ids import SYSTEM
from app.pagination import Cursor, Limit
from app.paper.answer import pdf_answer
from app.trips.announce import announce
from app.trips.confirm import confirm
from app.trips.fields import Plate
from app.trips.find import find_trip
from app.trips.listing import Asked, list_trips
from app.trips.look import look_at
from app.trips.schemas import ConfirmOrder, State, TripOrder, TripPage, TripShown
from app.trips.waybill import print_waybill
from app.web import json_of, takes

router = APIRouter(prefix="/api/v1", tags=["trips"])

DEFAULT_LIMIT = 50


@router.post(
    "/trips",
    status_code=201,
    response_model=TripShown,
    responses={200: {"model": TripShown, "description": "同一张单先前已登记"}},
    openapi_extra=takes(TripOrder),
    summary="登记转运计划，立即得到单号",
)
async def post_trip(
    caller: SignedIn, session: Writing, order: Annotated[TripOrder, json_of(TripOrder)]
) -> Any:
    now = datetime.now(UTC)
    trip, new = await announce(session, caller, order, now=now, rng=SYSTEM)
    answer = await look_at(session, caller, str(trip), now)
    return answer if new else JSONResponse(answer.model_dump(mode="json"), 200)


@router.get("/trips", response_model=TripPage, summary="转运列表，最近的在前")
async def get_trips(
    caller: SignedIn,
    session: Reading,
    *,
    state: State | None = None,
    area: Annotated[str | None, Query(pattern="^[0-9]{6}$")] = None,
    site: SiteCode | None = None,
    carrier: Annotated[str | None, Query(max_length=18)] = None,
    vehicle: Annotated[Plate | None, Query(max_length=20)] = None,
    start: Annotated[date | None, Query(alias="from")] = None,
    end: Annotated[date | None, Query(alias="to")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Any:
    require(caller, "trips.read")
    asked = Asked(
        state=state, area=area, site=site, carrier=carrier, vehicle=vehicle, start=start, end=end
    )
    reach = await reach_of(session, caller)
    return await list_trips(
        session, reach, asked, now=datetime.now(UTC), limit=limit, cursor=cursor
    )


@router.get("/trips/{trip}.pdf", response_class=Response, summary="打印转运交接单")
async def get_trip_pdf(request: Request, caller: SignedIn, session: Reading, trip: str) -> Response:
    config = request.app.state.settings
    require(caller, "trips.read")
    answer = await look_at(session, caller, trip, datetime.now(UTC))
    file = await print_waybill(answer, config.qr_host, demo=config.demo)
    return pdf_answer(file, f"转运交接单-{answer.number}")


@router.get("/trips/{trip}", summary="一张转运交接单：各段、各袋、状态")
async def get_trip(caller: SignedIn, session: Reading, trip: str) -> TripShown:
    require(caller, "trips.read")
    return await look_at(session, caller, trip, datetime.now(UTC))


@router.post(
    "/trips/{trip}/confirm",
    openapi_extra=takes(ConfirmOrder),
    summary="确认对方登记的发运",
)
async def post_confirm(
    caller: SignedIn,
    session: Writing,
    trip: str,
    order: Annotated[ConfirmOrder, json_of(ConfirmOrder)],
) -> TripShown:
    require(caller, "trips.confirm")
    now = datetime.now(UTC)
    seen = await find_trip(session, await reach_of(session, caller), trip)
    await confirm(session, caller, seen.file, [order.site] if order.site else [], now)
    return await look_at(session, caller, trip, now)
