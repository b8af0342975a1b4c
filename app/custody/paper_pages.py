"""追溯报告 as PDF: of a batch, and of a treatment lot."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from app.areas.scope import reach_of
from app.auth.access import SignedIn
from app.auth.permissions import require
from app.batches.typed import typed_code
from app.custody.as_of import parse_as_of, size_as_of
from app.custody.basis import basis_at
from app.custody.described import described, material_names
from app.custody.lot import lot_of
from app.custody.paper import Printing, draw_chain, draw_lot
from app.custody.told import told_of, told_of_lot
from app.custody.trace import trace
from app.db import Reading, ReadSession
from app.errors import NotFound
from app.paper.answer import paper_file, pdf_answer

router = APIRouter(include_in_schema=False)

AsOf = Annotated[str | None, Query(max_length=40)]


async def _how(request: Request, session: ReadSession) -> Printing:
    config = request.app.state.settings
    return Printing(config.qr_host, config.demo, await material_names(session))


@router.get("/batches/{code}/custody.pdf")
async def print_batch(
    request: Request, code: str, caller: SignedIn, session: Reading, as_of: AsOf = None
) -> Response:
    require(caller, "batches.read")
    parsed = typed_code(code, pointer="/path/code")
    when = parse_as_of(as_of) if as_of is not None else None
    reach = await reach_of(session, caller)
    found = await trace(session, reach, parsed, as_of=when)
    if found is None:
        raise NotFound(what=parsed)
    told = await told_of(session, reach, found)
    batch = await described(session, found)
    basis = await basis_at(session, found.log_size, when)
    how = await _how(request, session)
    file = paper_file()
    await run_in_threadpool(draw_chain, file, found, batch, told, basis, how)
    return pdf_answer(file, f"追溯报告-{parsed}")


@router.get("/lots/{event_id}.pdf")
async def print_lot(
    request: Request, event_id: UUID, caller: SignedIn, session: Reading, as_of: AsOf = None
) -> Response:
    require(caller, "batches.read")
    when: int | datetime | None = parse_as_of(as_of) if as_of is not None else None
    size = await size_as_of(session, when)
    cut = None if when is None else size
    reach = await reach_of(session, caller)
    lot = await lot_of(session, reach, event_id, cut)
    if lot is None:
        raise NotFound(what=str(event_id))
    told = await told_of_lot(session, reach, lot, cut)
    basis = await basis_at(session, size, when)
    how = await _how(request, session)
    file = paper_file()
    await run_in_threadpool(draw_lot, file, told, basis, how)
    return pdf_answer(file, f"处理批追溯报告-{lot.happening.body['certificate']}")
