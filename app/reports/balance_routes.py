"""`/api/v1/balance`: 物料平衡表, what its figures are made of, and many sites beside each other."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response, StreamingResponse

from app.areas.scope import counties_in_reach, reach_of
from app.auth.access import SignedIn
from app.auth.permissions import require
from app.balance.by_site import SiteBalance, balances_by_site
from app.balance.entries import Days
from app.balance.flows import FLOWS
from app.balance.read import balance_of
from app.db import Databases, Reading
from app.ledger.follow import cursor_of
from app.pagination import Cursor, Limit, after_code, page
from app.reports.balance_csv import balance_csv, entries_csv, sites_csv
from app.reports.balance_of import Asked, days_of, find_asked
from app.reports.balance_page import Line, Side, page_of

router = APIRouter(prefix="/api/v1", tags=["balance"])

AreaCode = Annotated[str | None, Query(pattern="^[0-9]{6}$", description="区划代码")]
SiteCode = Annotated[str | None, Query(max_length=20, description="站点编码")]
TripName = Annotated[str | None, Query(max_length=40, description="转运单号（ZY…）或 UUID")]
Account = Annotated[str, Query(max_length=60, description="平衡表里的科目")]
CSV = "text/csv; charset=utf-8"


def _days(
    start: Annotated[date, Query(alias="from", description="起始日，含当日")],
    end: Annotated[date, Query(alias="to", description="截止日，含当日")],
) -> Days:
    return days_of(start, end)


AskedDays = Annotated[Days, Depends(_days)]


async def _asked(
    session: Reading,
    caller: SignedIn,
    days: AskedDays,  # noqa: ARG001  refused before anything is looked up
    area: AreaCode = None,
    site: SiteCode = None,
    trip: TripName = None,
) -> Asked:
    require(caller, "balance.read")
    return await find_asked(session, caller, area=area, site=site, trip=trip)


AskedFor = Annotated[Asked, Depends(_asked)]


def _line(asked: AskedFor, days: AskedDays, side: Side, account: Account = "") -> Line:
    return Line(asked, days, side, account)


AskedLine = Annotated[Line, Depends(_line)]


@router.get("/balance", summary="物料平衡表")
async def get_balance(session: Reading, asked: AskedFor, days: AskedDays) -> dict[str, Any]:
    found = await balance_of(session, asked.subject, days.first, days.last)
    between = {"from": days.first.isoformat(), "to": days.last.isoformat()}
    return {**asked.as_json(), **between, **found.as_json()}


@router.get("/balance.csv", summary="物料平衡表（.csv）")
async def get_balance_csv(session: Reading, asked: AskedFor, days: AskedDays) -> Response:
    found = await balance_of(session, asked.subject, days.first, days.last)
    return _file(balance_csv(asked, days, found), f"balance-{asked.code}-{days.last}")


@router.get("/balance/entries", summary="平衡表里一个数的明细：哪些事件、哪些袋")
async def get_entries(
    session: Reading, line: AskedLine, cursor: Cursor = None, limit: Limit = 100
) -> dict[str, Any]:
    return await page_of(session, line, cursor, limit)


@router.get("/balance/entries.csv", summary="平衡表里一个数的全部明细（.csv）")
async def get_entries_csv(database: Databases, line: AskedLine) -> Response:
    name = f"balance-{line.asked.code}-{line.side}-{line.days.last}"
    return StreamingResponse(entries_csv(database, line), media_type=CSV, headers=_attached(name))


@router.get("/balance/sites", summary="各站点的期初、收入、支出、期末")
async def get_sites(
    session: Reading,
    caller: SignedIn,
    days: AskedDays,
    *,
    area: AreaCode = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> dict[str, Any]:
    require(caller, "balance.read")
    reach = await reach_of(session, caller)
    counties = None if area is None else sorted(await counties_in_reach(session, reach, area))
    rows = await balances_by_site(
        session, reach, counties, days.first, days.last, after=after_code(cursor), limit=limit + 1
    )
    found = page(rows, limit, lambda row: [row.code], _shown)
    return {**found, "log": {"size": await cursor_of(session, FLOWS.name)}}


@router.get("/balance/sites.csv", summary="各站点的期初、收入、支出、期末（.csv）")
async def get_sites_csv(
    session: Reading, caller: SignedIn, database: Databases, days: AskedDays, area: AreaCode = None
) -> Response:
    require(caller, "balance.read")
    reach = await reach_of(session, caller)
    counties = None if area is None else sorted(await counties_in_reach(session, reach, area))
    return StreamingResponse(
        sites_csv(database, reach, counties, days),
        media_type=CSV,
        headers=_attached(f"balance-sites-{area or 'all'}-{days.last}"),
    )


def _shown(row: SiteBalance) -> dict[str, Any]:
    return {
        "site": row.code,
        "name": row.name,
        "kind": row.kind,
        "county": row.county,
        "opening_g": row.opening_g,
        "in_g": row.in_g,
        "out_g": row.out_g,
        "closing_g": row.closing_g,
        "loss_g": row.loss_g,
    }


def _file(content: bytes, name: str) -> Response:
    return Response(content, media_type=CSV, headers=_attached(name))


def _attached(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}.csv"'}
