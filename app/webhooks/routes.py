"""`/api/v1/webhooks`: addresses that are told when alerts open and close."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.scope import Reach, reach_of
from app.auth.access import SignedIn
from app.auth.permissions import require
from app.db import Databases, Reading, Writing
from app.pagination import Cursor, Limit, after_id, page
from app.web import json_of, takes
from app.webhooks.endpoints import (
    Entry,
    deliveries_of,
    end_endpoint,
    find_endpoint,
    list_endpoints,
    pause_endpoint,
    register_endpoint,
    resume_endpoint,
    send_again,
)
from app.webhooks.schemas import (
    DeliveryPage,
    DeliveryShown,
    EndpointBody,
    EndpointList,
    EndpointMade,
    EndpointShown,
    SentAgain,
)
from app.webhooks.try_out import try_out

router = APIRouter(prefix="/api/v1", tags=["webhooks"])


@router.get("/webhooks", summary="推送地址")
async def get_endpoints(caller: SignedIn, session: Reading) -> EndpointList:
    require(caller, "webhooks.manage")
    found = await list_endpoints(session, await reach_of(session, caller))
    return EndpointList(items=[EndpointShown.of(one.endpoint, one.states) for one in found])


@router.post(
    "/webhooks", status_code=201, openapi_extra=takes(EndpointBody), summary="登记推送地址"
)
async def post_endpoint(
    request: Request,
    caller: SignedIn,
    session: Writing,
    body: Annotated[EndpointBody, json_of(EndpointBody)],
) -> EndpointMade:
    require(caller, "webhooks.manage")
    made, secret = await register_endpoint(
        session,
        caller,
        await reach_of(session, caller),
        Entry(body.url, body.area, body.rules),
        allow_private=request.app.state.settings.webhook_allow_private,
        now=datetime.now(UTC),
    )
    return EndpointMade(**dict(EndpointShown.of(made, {})), secret=secret)


@router.delete("/webhooks/{endpoint}", status_code=204, summary="停用推送地址")
async def delete_endpoint(endpoint: UUID, caller: SignedIn, session: Writing) -> None:
    require(caller, "webhooks.manage")
    reach = await reach_of(session, caller)
    await end_endpoint(session, reach, endpoint, now=datetime.now(UTC))


@router.post("/webhooks/{endpoint}/pause", summary="暂停推送")
async def post_pause(endpoint: UUID, caller: SignedIn, session: Writing) -> EndpointShown:
    require(caller, "webhooks.manage")
    reach = await reach_of(session, caller)
    await pause_endpoint(session, reach, endpoint, now=datetime.now(UTC))
    return await _shown(session, reach, endpoint)


@router.post("/webhooks/{endpoint}/resume", summary="恢复推送")
async def post_resume(endpoint: UUID, caller: SignedIn, session: Writing) -> EndpointShown:
    require(caller, "webhooks.manage")
    reach = await reach_of(session, caller)
    await resume_endpoint(session, reach, endpoint)
    return await _shown(session, reach, endpoint)


@router.post("/webhooks/{endpoint}/send-again", summary="重新发送没有送到的消息")
async def post_send_again(endpoint: UUID, caller: SignedIn, session: Writing) -> SentAgain:
    require(caller, "webhooks.manage")
    reach = await reach_of(session, caller)
    return SentAgain(count=await send_again(session, reach, endpoint, now=datetime.now(UTC)))


@router.post("/webhooks/{endpoint}/test", status_code=201, summary="发送一条测试消息")
async def post_test(
    request: Request, endpoint: UUID, caller: SignedIn, database: Databases
) -> DeliveryShown:
    require(caller, "webhooks.manage")
    async with database.read() as session:
        reach = await reach_of(session, caller)
    allow_private = request.app.state.settings.webhook_allow_private
    sent = await try_out(database, reach, endpoint, allow_private=allow_private)
    return DeliveryShown.of(sent)


async def _shown(session: AsyncSession, reach: Reach, endpoint: UUID) -> EndpointShown:
    [one] = await list_endpoints(session, reach, only=endpoint)
    return EndpointShown.of(one.endpoint, one.states)


@router.get(
    "/webhooks/{endpoint}/deliveries", response_model=DeliveryPage, summary="推送的消息和结果"
)
async def get_deliveries(
    endpoint: UUID,
    caller: SignedIn,
    session: Reading,
    *,
    state: Literal["waiting", "sent", "dead"] | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> dict[str, Any]:
    require(caller, "webhooks.manage")
    found = await find_endpoint(session, await reach_of(session, caller), endpoint)
    rows = await deliveries_of(
        session, found.id, state=state, after=after_id(cursor), limit=limit + 1
    )
    return page(rows, limit, lambda one: (str(one.id),), DeliveryShown.of)
