"""Where the mass of a batch came from and where it went: lists to the last bag, with exact shares."""

from fractions import Fraction
from typing import Annotated, Any

from fastapi import APIRouter, Query

from app.areas.scope import reach_of
from app.auth.access import SignedIn
from app.auth.permissions import require
from app.batches.typed import typed_code
from app.custody.as_of import parse_as_of, size_as_of
from app.custody.current import exists_in
from app.custody.destinations import destinations_of
from app.custody.lot_schemas import DestinationPage, DestinationShown, SourcePage, SourceShown
from app.custody.sources import sources_of
from app.custody.walk import walk
from app.db import Reading
from app.errors import NotFound
from app.pagination import Cursor, Limit, after_code, page

router = APIRouter(prefix="/api/v1", tags=["batches"])

AsOf = Annotated[str | None, Query(max_length=40, description="时刻（RFC 3339）或存证日志的条数")]


@router.get(
    "/batches/{code}/sources",
    response_model=SourcePage,
    summary="一个批次由哪些原始袋组成，各占多少",
)
async def get_sources(
    code: str,
    caller: SignedIn,
    session: Reading,
    *,
    as_of: AsOf = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> dict[str, Any]:
    require(caller, "batches.read")
    parsed = typed_code(code, pointer="/path/code")
    after, moment = after_code(cursor), parse_as_of(as_of) if as_of is not None else None
    if not await exists_in(session, await reach_of(session, caller), parsed):
        raise NotFound(what=parsed)
    size = await size_as_of(session, moment)
    cut = None if moment is None else size
    found = await walk(session, [parsed], cut, down=False)
    node = found.nodes.get(parsed)
    held = {parsed: Fraction(node.mass_g)} if node else {}
    sources = await sources_of(session, found, held, cut)
    rows = [one for one in sources.items if one.code > after][: limit + 1]
    return {
        **page(rows, limit, lambda one: (one.code,), SourceShown.of),
        "mass_g": sources.mass_g,
        "complete": sources.complete,
        "log": {"size": size},
    }


@router.get(
    "/batches/{code}/destinations",
    response_model=DestinationPage,
    summary="一个批次的重量去了哪里",
)
async def get_destinations(
    code: str,
    caller: SignedIn,
    session: Reading,
    *,
    as_of: AsOf = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> dict[str, Any]:
    require(caller, "batches.read")
    parsed = typed_code(code, pointer="/path/code")
    after, moment = after_code(cursor), parse_as_of(as_of) if as_of is not None else None
    if not await exists_in(session, await reach_of(session, caller), parsed):
        raise NotFound(what=parsed)
    size = await size_as_of(session, moment)
    found = await walk(session, [parsed], None if moment is None else size, up=False)
    went = await destinations_of(session, found, parsed) if parsed in found.nodes else []
    rows = [one for one in went if one.key > after][: limit + 1]
    return {
        **page(rows, limit, lambda one: (one.key,), DestinationShown.of),
        "mass_g": sum(one.mass_g for one in went),
        "complete": found.whole,
        "log": {"size": size},
    }
