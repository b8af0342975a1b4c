"""`/api/v1/tariffs`, `/settlements`, `/deposits`: what is paid, what was settled, what can come back."""

from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from app.areas.read import today
from app.areas.scope import counties_in_reach, reach_of
from app.auth.access import SignedIn
from app.auth.permissions import require
from app.db import Databases, Reading, Writing
from app.errors import InvalidQuery
from app.ids import SYSTEM
from app.money import read, settle
from app.money.export import settlement_csv, settlement_xlsx
from app.money.owed import owed_by
from app.money.schemas import DiscardBody, DraftBody, Drafted, Items, Page, PayBody, Status
from app.packaging.unit_code import unit_code
from app.pagination import Cursor, Limit, after_row, micros_of, page
from app.tariffs.read import shown
from app.web import json_of, takes

router = APIRouter(prefix="/api/v1", tags=["money"])

County = Annotated[str, Query(pattern="^[0-9]{6}$", description="六位区划代码")]
MaybeCounty = Annotated[str | None, Query(pattern="^[0-9]{6}$", description="六位区划代码")]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/tariffs", summary="一个县的押金、有偿回收和补贴标准")
async def get_tariffs(
    caller: SignedIn,
    session: Reading,
    county: County,
    on: Annotated[date | None, Query(description="哪一天，默认今天")] = None,
) -> Items:
    require(caller, "money.read")
    found = await shown(session, county, on or today())
    return Items(items=[one.public() for one in found])


@router.get("/deposits", summary="一个瓶（袋）的押金还能不能退")
async def get_deposit(
    caller: SignedIn,
    session: Reading,
    code: Annotated[str, Query(alias="unit_code", min_length=1, max_length=300)],
) -> dict[str, Any]:
    require(caller, "money.read")
    unit = unit_code(code)
    if unit is None:
        raise InvalidQuery(reason="unit_code", pointer="unit_code")
    return await read.deposit_of(session, unit)


@router.get("/settlements", summary="结算单，新的在前")
async def get_settlements(
    caller: SignedIn,
    session: Reading,
    *,
    county: MaybeCounty = None,
    status: Status | None = None,
    payee: Annotated[str | None, Query(max_length=20)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page:
    require(caller, "money.read")
    rows = await read.settlements(
        session, await reach_of(session, caller), county=county, status=status, payee=payee,
        before=after_row(cursor), limit=limit + 1,
    )  # fmt: skip
    return Page(**page(rows, limit, lambda r: (micros_of(r.drafted_at), str(r.id)), read.public))


@router.post(
    "/settlements", status_code=201, summary="编制结算单，每个收款方一张",
    openapi_extra=takes(DraftBody),
)  # fmt: skip
async def post_settlements(
    caller: SignedIn, database: Databases, body: Annotated[DraftBody, json_of(DraftBody)]
) -> Drafted:
    wanted = settle.Wanted(body.county, body.until, body.payee_kind, body.payee)
    made = await settle.draft(database, caller, wanted, now=datetime.now(UTC), rng=SYSTEM)
    async with database.read() as session:
        reach = await reach_of(session, caller)
        rows = [await read.settlement(session, reach, id_) for id_ in made]
    return Drafted(items=[read.public(row) for row in rows])


@router.get("/settlements/owed", summary="还没有结算的，按收款方")
async def get_owed(
    caller: SignedIn,
    session: Reading,
    county: County,
    until: Annotated[date | None, Query(description="截至哪一天，默认今天")] = None,
) -> Items:
    require(caller, "money.read")
    await counties_in_reach(session, await reach_of(session, caller), county)
    found = await owed_by(session, county, until=until or today())
    return Items(
        items=[
            {
                **one._asdict(), "total_fen": one.total_fen,
                "first": one.first.isoformat(), "last": one.last.isoformat(),
            }
            for one in found
        ]
    )  # fmt: skip


@router.get("/settlements/{settlement}.csv", summary="结算单和每一笔（.csv）")
async def get_csv(caller: SignedIn, database: Databases, settlement: UUID) -> StreamingResponse:
    require(caller, "money.read")
    async with database.read() as session:
        reach = await reach_of(session, caller)
    pieces = await settlement_csv(database, reach, settlement)
    return _file(pieces, "text/csv; charset=utf-8", settlement, "csv")


@router.get("/settlements/{settlement}.xlsx", summary="结算单和每一笔（.xlsx）")
async def get_xlsx(caller: SignedIn, database: Databases, settlement: UUID) -> StreamingResponse:
    require(caller, "money.read")
    async with database.read() as session:
        reach = await reach_of(session, caller)
    return _file(await settlement_xlsx(database, reach, settlement), XLSX, settlement, "xlsx")


def _file(pieces: Any, kind: str, settlement: UUID, ending: str) -> StreamingResponse:
    name = f'attachment; filename="settlement-{settlement}.{ending}"'
    return StreamingResponse(pieces, media_type=kind, headers={"Content-Disposition": name})


@router.get("/settlements/{settlement}", summary="一张结算单")
async def get_settlement(caller: SignedIn, session: Reading, settlement: UUID) -> dict[str, Any]:
    require(caller, "money.read")
    found = await read.settlement(session, await reach_of(session, caller), settlement)
    return {
        **read.public(found),
        "changed_lines": await settle.changed_lines(session, settlement),
    }


@router.get("/settlements/{settlement}/lines", summary="结算单的每一笔")
async def get_lines(
    caller: SignedIn, session: Reading, settlement: UUID, limit: Limit = 100, cursor: Cursor = None
) -> Page:
    require(caller, "money.read")
    await read.settlement(session, await reach_of(session, caller), settlement)
    rows = await read.lines(session, settlement, after=read.after_line(cursor), limit=limit + 1)
    return Page(**page(rows, limit, read.key_of_line, _shown))


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"event": str(row["event"]), "occurred_on": row["occurred_on"].isoformat()}


@router.post("/settlements/{settlement}/approve", summary="审核结算单")
async def post_approve(caller: SignedIn, session: Writing, settlement: UUID) -> dict[str, Any]:
    await settle.approve(session, caller, settlement, now=datetime.now(UTC))
    return await _after(caller, session, settlement)


@router.post(
    "/settlements/{settlement}/pay", summary="登记支付日期和凭证号", openapi_extra=takes(PayBody)
)
async def post_pay(
    caller: SignedIn, session: Writing, settlement: UUID, body: Annotated[PayBody, json_of(PayBody)]
) -> dict[str, Any]:
    now = datetime.now(UTC)
    await settle.pay(
        session, caller, settlement, paid_on=body.paid_on, voucher=body.voucher, now=now
    )
    return await _after(caller, session, settlement)


@router.post(
    "/settlements/{settlement}/discard", summary="作废草稿", openapi_extra=takes(DiscardBody)
)
async def post_discard(
    caller: SignedIn, session: Writing, settlement: UUID,
    body: Annotated[DiscardBody, json_of(DiscardBody)],
) -> dict[str, Any]:  # fmt: skip
    await settle.discard(session, caller, settlement, reason=body.reason, now=datetime.now(UTC))
    return await _after(caller, session, settlement)


async def _after(caller: SignedIn, session: Any, settlement: UUID) -> dict[str, Any]:
    return read.public(await read.settlement(session, await reach_of(session, caller), settlement))
