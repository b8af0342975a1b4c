"""`/api/v1/lots`: a treatment lot, and back from it to every bag, point, township and hand-in."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from app.areas.scope import reach_of
from app.auth.access import SignedIn
from app.auth.caller import Caller
from app.auth.permissions import require
from app.custody.as_of import parse_as_of, size_as_of
from app.custody.hand_ins import hand_ins_of
from app.custody.lot import Lot, lot_of
from app.custody.lot_schemas import (
    GroupPage,
    GroupShown,
    HandInPage,
    HandInShown,
    LotShown,
    SourcePage,
    SourceShown,
)
from app.custody.sources import grouped, sources_of
from app.db import Reading, ReadSession
from app.errors import InvalidQuery, NotFound
from app.pagination import Cursor, Limit, after_code, decode_cursor, page

router = APIRouter(prefix="/api/v1", tags=["lots"])

AsOf = Annotated[str | None, Query(max_length=40, description="时刻（RFC 3339）或存证日志的条数")]
By = Annotated[
    Literal["bag", "point", "township", "county", "hand_in"],
    Query(description="逐袋、按回收点、按乡镇、按县，或逐次交回"),
]


@router.get("/lots/{event_id}", summary="一批处理：处理了什么，来自哪里")
async def get_lot(
    event_id: UUID, caller: SignedIn, session: Reading, as_of: AsOf = None
) -> LotShown:
    require(caller, "batches.read")
    lot, size, cut = await _lot(session, caller, event_id, as_of)
    return LotShown.of(lot, await sources_of(session, lot.found, lot.held, cut), size)


@router.get(
    "/lots/{event_id}/sources",
    response_model=SourcePage | GroupPage | HandInPage,
    summary="一批处理的来源，到每一袋、每个回收点、每个乡镇、每次交回",
)
async def get_lot_sources(
    event_id: UUID,
    caller: SignedIn,
    session: Reading,
    *,
    group: By = "bag",
    as_of: AsOf = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> dict[str, Any]:
    require(caller, "batches.read")
    by_bag = _after_hand_in(cursor) if group == "hand_in" else None
    after = after_code(cursor) if group != "hand_in" else ""
    lot, size, cut = await _lot(session, caller, event_id, as_of)
    sources = await sources_of(session, lot.found, lot.held, cut)
    shown: dict[str, Any]
    if group == "hand_in":
        codes = [one.code for one in sources.items if one.hand_ins]
        rows = await hand_ins_of(session, codes, cut, after=by_bag, limit=limit + 1)
        shown = page(
            rows, limit, lambda one: (one.batch, str(one.event)), HandInShown.model_validate
        )
        return {**shown, "log": {"size": size}}
    if group == "bag":
        bags = [one for one in sources.items if one.code > after][: limit + 1]
        shown = page(bags, limit, lambda one: (one.code,), SourceShown.of)
    else:
        # The empty key is of bags whose place is not known: it comes first.
        groups = [one for one in grouped(sources, group) if not cursor or one.key > after]
        shown = page(groups[: limit + 1], limit, lambda one: (one.key,), GroupShown.of)
    rest = {"mass_g": sources.mass_g, "complete": sources.complete, "log": {"size": size}}
    return {**shown, **rest}


def _after_hand_in(cursor: str | None) -> tuple[str, UUID] | None:
    """Return the bag and the event after which a page begins, if any; InvalidQuery."""
    if not cursor:
        return None
    code, event = decode_cursor(cursor, str, str)
    try:
        return code, UUID(event)
    except ValueError:
        raise InvalidQuery(reason="cursor", pointer="cursor") from None


async def _lot(
    session: ReadSession, caller: Caller, event_id: UUID, as_of: str | None
) -> tuple[Lot, int, int | None]:
    """Return a lot in reach, the size of the log that it rests on, and that size if asked for."""
    moment = parse_as_of(as_of) if as_of is not None else None
    size = await size_as_of(session, moment)
    cut = None if moment is None else size
    lot = await lot_of(session, await reach_of(session, caller), event_id, cut)
    if lot is None:
        raise NotFound(what=str(event_id))
    return lot, size, cut
