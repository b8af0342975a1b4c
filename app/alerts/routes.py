"""`/api/v1/alerts`: findings and rules; the province enters thresholds."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query

from app.alerts.read import State, find_finding, judged_size, list_findings
from app.alerts.rules.catalogue import RULES
from app.alerts.schemas import (
    AlertPage,
    AlertShown,
    RuleList,
    RuleShown,
    ThresholdEntry,
    ThresholdShown,
)
from app.alerts.thresholds import enter_checked, thresholds_of
from app.areas.read import today
from app.areas.scope import counties_in_reach, reach_of
from app.auth.access import SignedIn
from app.auth.permissions import require
from app.db import Reading, Writing
from app.errors import InvalidQuery, NotFound
from app.pagination import Cursor, Limit, after_row, micros_of, page
from app.web import json_of, takes

router = APIRouter(prefix="/api/v1", tags=["alerts"])

AreaCode = Annotated[str | None, Query(pattern="^[0-9]{6}$", description="上报区域或县")]


@router.get("/alerts", response_model=AlertPage, summary="预警")
async def get_alerts(
    caller: SignedIn,
    session: Reading,
    *,
    state: Annotated[State | None, Query(description="open 未消除，closed 已消除")] = None,
    rule: Annotated[str | None, Query(max_length=40, description="规则")] = None,
    area: AreaCode = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> dict[str, Any]:
    require(caller, "alerts.read")
    if rule is not None and rule not in RULES:
        raise InvalidQuery(
            reason=f"rule 应为以下之一：{'、'.join(RULES)}",
            reason_en=f"rule must be one of {', '.join(RULES)}",
            pointer="/query/rule",
        )
    reach = await reach_of(session, caller)
    counties = await counties_in_reach(session, reach, area) if area else ()
    found = await list_findings(
        session,
        reach,
        state=state,
        rule=rule,
        counties=counties,
        before=after_row(cursor),
        limit=limit + 1,
    )
    shown = page(found, limit, lambda f: (micros_of(f.opened_at), str(f.id)), AlertShown.of)
    return {**shown, "log": {"size": await judged_size(session)}}


@router.get("/alerts/rules", response_model=RuleList, summary="预警规则和现行界限")
async def get_rules(caller: SignedIn, session: Reading) -> dict[str, Any]:
    require(caller, "alerts.read")
    on = today()
    rows = [
        row
        for row in await thresholds_of(session)
        if row.valid_from <= on and (row.valid_to is None or on <= row.valid_to)
    ]
    items = [
        RuleShown.of(rule, [row for row in rows if row.rule == name])
        for name, rule in RULES.items()
    ]
    return {"items": items, "log": {"size": await judged_size(session)}}


@router.post(
    "/alerts/thresholds",
    status_code=201,
    openapi_extra=takes(ThresholdEntry),
    summary="登记一条预警界限",
)
async def post_threshold(
    caller: SignedIn,
    session: Writing,
    entry: Annotated[ThresholdEntry, json_of(ThresholdEntry)],
) -> ThresholdShown:
    require(caller, "alerts.thresholds")
    now = datetime.now(UTC)
    entered = await enter_checked(session, entry.model_dump(), by=caller.id, now=now)
    return ThresholdShown.of(entered)


@router.get("/alerts/{alert}", summary="一条预警")
async def get_alert(alert: UUID, caller: SignedIn, session: Reading) -> AlertShown:
    require(caller, "alerts.read")
    found = await find_finding(session, await reach_of(session, caller), alert)
    if found is None:
        raise NotFound(what=str(alert))
    return AlertShown.of(found)
