"""`/api/v1/webhooks`: addresses that are told when alerts open and close."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request

from app.areas.scope import reach_of
from app.auth.access import SignedIn
from app.auth.permissions import require
from app.db import Reading, Writing
from app.errors import InvalidQuery
from app.pagination import Cursor, Limit, after_code, page
from app.web import json_of, takes
from app.webhooks.endpoints import (
    deliveries_of,
    end_endpoint,
    find_endpoint,
    list_endpoints,
    register_endpoint,
)
from app.webhooks.schemas import (
    DeliveryPage,
    DeliveryShown,
    EndpointBody,
    EndpointList,
    EndpointMade,
    EndpointShown,
)

router = APIRouter(prefix="/api/v1", tags=["webhooks"])


@router.get("/webhooks", summary="推送地址")
async def get_endpoints(caller: SignedIn, session: Reading) -> EndpointList:
    require(caller, "webhooks.manage")
    found = await list_endpoints(session, await reach_of(session, caller))
    return EndpointList(items=[EndpointShown.of(*one) for one in found])


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
        url=body.url,
        area=body.area,
        rules=body.rules,
        allow_private=request.app.state.settings.webhook_allow_private,
        now=datetime.now(UTC),
    )
    return EndpointMade(**dict(EndpointShown.of(made, {})), secret=secret)


@router.delete("/webhooks/{endpoint}", status_code=204, summary="停用推送地址")
async def delete_endpoint(endpoint: UUID, caller: SignedIn, session: Writing) -> None:
    require(caller, "webhooks.manage")
    reach = await reach_of(session, caller)
    await end_endpoint(session, reach, endpoint, now=datetime.now(UTC))


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
        session, found.id, state=state, after=_after(cursor), limit=limit + 1
    )
    return page(rows, limit, lambda one: (str(one.id),), DeliveryShown.of)


def _after(cursor: str | None) -> UUID | None:
    code = after_code(cursor)
    try:
        return UUID(code) if code else None
    except ValueError:
        raise InvalidQuery(reason="cursor", pointer="cursor") from None
