"""`/api/v1/plan/amendments`: read them (open to anyone), declare one (省发展改革委)."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse, Response

from app.amendments.enter import enter
from app.amendments.read import amendments
from app.amendments.schemas import AmendmentBody
from app.amendments.shown import row_of
from app.auth.access import SignedIn
from app.db import Databases, Reading
from app.error_handlers import answer
from app.errors import InvalidBody
from app.events.answered import receipted
from app.pagination import Cursor, Limit, after_index, page
from app.web import read_json, takes

router = APIRouter(prefix="/api/v1/plan/amendments", tags=["plan"])


@router.get("", summary="方案的修订")
async def get_amendments(
    session: Reading, limit: Limit = 50, cursor: Cursor = None
) -> dict[str, Any]:
    skip = after_index(cursor)
    found = await amendments(session)
    return page(found[skip : skip + limit + 1], limit, lambda _: [skip + limit], row_of)


@router.post("", status_code=201, summary="登记一次修订", openapi_extra=takes(AmendmentBody))
async def post_amendment(
    request: Request,
    database: Databases,
    caller: SignedIn,
    body: Annotated[Any, Depends(read_json)],
) -> Response:
    if not isinstance(body, dict):
        raise InvalidBody.at("", "应为对象", "must be an object")
    outcome = await enter(database, caller, body, now=datetime.now(UTC))
    if outcome.error:
        return answer(outcome.error, request)
    assert outcome.event is not None
    number = outcome.event["rows"][0]["number"]
    async with database.read() as session:
        [known] = [one for one in await amendments(session) if one.document.number == number]
    recorded = receipted(outcome.event, request.app.state.receipts)
    shown = {**row_of(known), "event": recorded["id"]}
    if "receipt" in recorded:
        shown["receipt"] = recorded["receipt"]
    status = 201 if outcome.outcome == "recorded" else 200
    return JSONResponse(jsonable_encoder(shown), status)
