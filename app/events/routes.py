"""`/api/v1/events`, `/capture`, `/refusals`: thin doors to `record` and to what stands."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from app.auth.access import SignedIn
from app.auth.permissions import require
from app.db import Databases, Reading
from app.error_handlers import answer, problem_of
from app.events import read
from app.events.answered import receipted
from app.events.declare import declare
from app.events.queue import CaptureBody
from app.events.record import Outcome, record
from app.pagination import Cursor, Limit
from app.web import json_of, read_json

router = APIRouter(prefix="/api/v1", tags=["events"])


@router.post("/events", status_code=201, summary="登记一个事件")
async def post_event(
    request: Request,
    database: Databases,
    caller: SignedIn,
    body: Annotated[Any, Depends(read_json)],
) -> Response:
    now = datetime.now(UTC)
    if isinstance(body, dict) and body.get("kind") == "declare":
        outcome = await declare(database, caller, body, now=now)
    else:
        outcome = (await record(database, caller, [body], now=now))[0]
    if outcome.error:
        return answer(outcome.error, request)
    assert outcome.event is not None
    event = receipted(outcome.event, request.app.state.receipts)
    return JSONResponse(event, 201 if outcome.outcome == "recorded" else 200)


@router.post("/capture", summary="上传离线登记的队列，逐条判定")
async def post_capture(
    request: Request,
    database: Databases,
    caller: SignedIn,
    queue: Annotated[CaptureBody, json_of(CaptureBody)],
) -> dict[str, Any]:
    outcomes = await record(
        database, caller, queue.events, now=datetime.now(UTC), sent_at=queue.sent_at
    )
    return {"items": [_item(outcome, request) for outcome in outcomes]}


def _item(outcome: Outcome, request: Request) -> dict[str, Any]:
    item: dict[str, Any] = {"id": outcome.id, "outcome": outcome.outcome}
    if outcome.event:
        item["event"] = receipted(outcome.event, request.app.state.receipts)
    if outcome.error:
        item["problem"] = problem_of(outcome.error, request)
    return item


@router.get("/events/{event_id}", summary="一个事件")
async def get_event(
    request: Request, event_id: UUID, session: Reading, caller: SignedIn
) -> dict[str, Any]:
    require(caller, "events.read")
    return receipted(await read.event(session, caller, event_id), request.app.state.receipts)


@router.get("/refusals", summary="被退回的登记（待处理）")
async def get_refusals(
    session: Reading,
    caller: SignedIn,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> dict[str, Any]:
    require(caller, "refusals.read")
    return await read.refusals(session, caller, limit, cursor)
