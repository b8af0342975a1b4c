"""Pages of treatment lots, and the original bags of a batch or a lot one by one."""

from dataclasses import replace
from fractions import Fraction
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from app.areas.scope import Reach, reach_of
from app.auth.access import SignedIn
from app.auth.permissions import require
from app.batches.typed import typed_code
from app.custody.chosen import Chosen, chosen
from app.custody.current import exists_in
from app.custody.described import material_names
from app.custody.lineage import own_among
from app.custody.lot import lot_of
from app.custody.sources import Source, sources_of
from app.custody.told import told_of_lot
from app.custody.walk import walk
from app.db import Reading, ReadSession
from app.errors import NotFound
from app.pagination import Cursor, after_code, page
from app.templating import render

router = APIRouter(include_in_schema=False)

BAGS_A_PAGE = 50
NOT_YET = "那时平台还不知道这批处理，下面是现在的情况"
AsOf = Annotated[str | None, Query(max_length=40)]
At = Annotated[str, Query(max_length=40)]
Leaves = Annotated[str, Query(max_length=20)]


@router.get("/lots/{event_id}")
async def show_lot(
    request: Request,
    event_id: UUID,
    caller: SignedIn,
    session: Reading,
    *,
    as_of: AsOf = None,
    at: At = "",
    leaves: Leaves = "",
    cursor: Cursor = None,
) -> Response:
    require(caller, "batches.read")
    after = after_code(cursor)
    moment = await chosen(session, as_of, at, leaves)
    reach = await reach_of(session, caller)
    size, cut = await moment.sizes(session)
    lot = await lot_of(session, reach, event_id, cut)
    if lot is None and cut is not None:
        moment = replace(moment, as_of=None, error=NOT_YET)
        size, cut = await moment.sizes(session)
        lot = await lot_of(session, reach, event_id, cut)
    if lot is None:
        raise NotFound(what=str(event_id))
    told = await told_of_lot(session, reach, lot, cut)
    address = f"/lots/{event_id}"
    values = {
        "lot": lot,
        "body": lot.happening.body,
        "told": told,
        "materials": await material_names(session),
        "chosen": moment,
        "log": {"size": size},
        "bags": await _page(session, reach, told.sources.items, after, address, moment),
    }
    return render(request, "lot.html", values)


@router.get("/LOTS/{event_id}")
async def find_lot(event_id: UUID) -> Response:
    # As a QR spells it: capitals take less room.
    return RedirectResponse(f"/lots/{event_id}", 303)


@router.get("/batches/{code}/sources")
async def show_sources(
    request: Request,
    code: str,
    caller: SignedIn,
    session: Reading,
    *,
    as_of: AsOf = None,
    at: At = "",
    leaves: Leaves = "",
    cursor: Cursor = None,
) -> Response:
    require(caller, "batches.read")
    parsed, after = typed_code(code, pointer="/path/code"), after_code(cursor)
    moment = await chosen(session, as_of, at, leaves)
    reach = await reach_of(session, caller)
    if not await exists_in(session, reach, parsed):
        raise NotFound(what=parsed)
    size, cut = await moment.sizes(session)
    found = await walk(session, [parsed], cut, down=False)
    node = found.nodes.get(parsed)
    held = {parsed: Fraction(node.mass_g)} if node else {}
    sources = await sources_of(session, found, held, cut)
    values = {
        "code": parsed,
        "sources": sources,
        "materials": await material_names(session),
        "chosen": moment,
        "log": {"size": size},
        "bags": await _page(
            session, reach, sources.items, after, f"/batches/{parsed}/sources", moment
        ),
    }
    return render(request, "sources.html", values)


async def _page(
    session: ReadSession,
    reach: Reach,
    items: tuple[Source, ...],
    after: str,
    address: str,
    moment: Chosen,
) -> dict[str, Any]:
    rows = [one for one in items if one.code > after][: BAGS_A_PAGE + 1]
    shown = page(rows, BAGS_A_PAGE, lambda one: (one.code,), lambda one: one)
    onward = {"as_of": moment.query} if moment.query else {}
    following = urlencode({**onward, "cursor": shown["next_cursor"]})
    return {
        "items": shown["items"],
        "own": await own_among(session, reach, [one.code for one in shown["items"]]),
        "next_url": f"{address}?{following}#bags" if shown["next_cursor"] else None,
    }
