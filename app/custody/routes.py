"""`/api/v1/batches`: what used labels name, and where each has been."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from app.areas.scope import counties_in_reach, reach_of
from app.auth.access import SignedIn
from app.auth.permissions import require
from app.batches.read import list_batches
from app.batches.schemas import CountyCode, SiteCode
from app.batches.typed import typed_code
from app.custody.as_of import instant, parse_as_of
from app.custody.corrections import corrections_of
from app.custody.current import current, describe_all
from app.custody.lineage import lineage_of
from app.custody.logged import logged_events
from app.custody.members import members_of
from app.custody.schemas import BatchPage, BatchShown, CustodyShown, LoggedShown
from app.custody.trace import trace
from app.db import Reading
from app.errors import NotFound
from app.pagination import Cursor, Limit, after_change, micros_of, page

router = APIRouter(prefix="/api/v1", tags=["batches"])

Status = Literal[
    "open", "collected", "stored", "in_transit", "received", "disposed", "repacked", "written_off"
]
AsOf = Annotated[str | None, Query(max_length=40, description="时刻（RFC 3339）或存证日志的条数")]


@router.get("/batches", response_model=BatchPage, summary="批次列表，按最近变化排序")
async def get_batches(
    caller: SignedIn,
    session: Reading,
    *,
    area: Annotated[
        CountyCode | None, Query(description="来源或经过这个地区的；上报区域或县的代码")
    ] = None,
    site: Annotated[
        SiteCode | None, Query(description="现在在这个站点，或从这里发出在途的")
    ] = None,
    status: Annotated[list[Status] | None, Query(description="可以写几个")] = None,
    container: Annotated[
        str | None, Query(max_length=200, description="现在装在这个容器里的")
    ] = None,
    since: Annotated[
        str | None, Query(max_length=40, description="这个时刻以来变化过的（RFC 3339）")
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> dict[str, Any]:
    require(caller, "batches.read")
    reach = await reach_of(session, caller)
    rows = await list_batches(
        session,
        reach,
        counties=await counties_in_reach(session, reach, area) if area else (),
        site=site,
        statuses=status or (),
        container=typed_code(container, pointer="/query/container") if container else None,
        since=instant(since, "since") if since else None,
        after=after_change(cursor),
        limit=limit + 1,
    )
    shown = {one.code: one for one in await describe_all(session, rows[:limit])}
    return page(
        rows,
        limit,
        lambda b: (micros_of(b.updated_at), b.code),
        lambda b: BatchShown.of(shown[b.code]),
    )


@router.get("/batches/{code}", summary="一个批次")
async def get_batch(code: str, caller: SignedIn, session: Reading) -> BatchShown:
    require(caller, "batches.read")
    parsed = typed_code(code, pointer="/path/code")
    found = await current(session, await reach_of(session, caller), parsed)
    if found is None:
        raise NotFound(what=parsed)
    return BatchShown.of(found)


@router.get("/batches/{code}/custody", summary="一个批次的全程追溯")
async def get_custody(
    code: str, caller: SignedIn, session: Reading, as_of: AsOf = None
) -> CustodyShown:
    require(caller, "batches.read")
    parsed = typed_code(code, pointer="/path/code")
    moment = parse_as_of(as_of) if as_of is not None else None
    reach = await reach_of(session, caller)
    found = await trace(session, reach, parsed, as_of=moment)
    if found is None:
        raise NotFound(what=parsed)
    lineage = await lineage_of(session, found)
    corrections = await corrections_of(session, reach, found)
    box = found.batch.kind == "container"
    members = await members_of(session, reach, found, limit=0) if box else None
    return CustodyShown.of(found, lineage, corrections, members)


@router.get("/log/batches/{code}", summary="一个批次的登记在日志里的位置，至多 500 条")
async def get_logged(code: str, session: Reading) -> LoggedShown:
    parsed = typed_code(code, pointer="/path/code")
    found = await logged_events(session, parsed)
    if not found:
        raise NotFound(what=parsed)
    return LoggedShown.of(parsed, found)
