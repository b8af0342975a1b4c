"""Pages of the 物料平衡表: of an area, a site or a trip, what each figure is made of, all sites at once."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any
from unicodedata import normalize
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from app.areas.models import PROVINCE
from app.areas.names import counties_to_choose, name_of_area
from app.areas.read import today
from app.areas.scope import counties_in_reach, reach_of
from app.auth.access import SignedIn
from app.auth.caller import SITE_ROLES, Caller
from app.auth.permissions import require
from app.balance.by_site import balances_by_site
from app.balance.entries import Days
from app.balance.flows import FLOWS
from app.balance.read import balance_of
from app.balance.subject import OfCounties
from app.db import Reading, ReadSession
from app.errors import InvalidQuery
from app.ledger.follow import cursor_of
from app.pagination import Cursor, after_code, page
from app.reports.balance_of import days_of, find_asked
from app.reports.balance_page import Line, Side, page_of
from app.reports.balance_sheet import address, line_name, sheet_of
from app.templating import render

router = APIRouter(include_in_schema=False)

UNFIT = 422
A_PAGE = 50
COUNTY_OFFICIALS = frozenset({"county", "city"})
WHOLE = frozenset({"province", "auditor", "admin"})
Typed = Annotated[str, Query(max_length=60)]
From = Annotated[str, Query(alias="from", max_length=20)]
To = Annotated[str, Query(max_length=20)]


@dataclass(frozen=True)
class Fields:
    """What the form says, as typed."""

    area: str
    site: str
    trip: str
    start: str
    end: str

    @property
    def named(self) -> dict[str, str]:
        """Return the one that is asked for: the narrowest of those that are filled in."""
        for by in ("trip", "site", "area"):
            if code := getattr(self, by):
                return {by: code}
        return {}


@router.get("/balance")
async def show_balance(
    request: Request,
    caller: SignedIn,
    session: Reading,
    *,
    area: Typed = "",
    site: Typed = "",
    trip: Typed = "",
    start: From = "",
    to: To = "",
) -> Response:
    require(caller, "balance.read")
    fields = _fields(area, site, trip, start, to)
    values: dict[str, Any] = {
        "sheet": None,
        "error": "",
        "choices": await _choices(session, caller),
    }
    named = fields.named or _own(caller)
    try:
        days = _days(fields)
        asked = await find_asked(session, caller, **named) if named else None
    except InvalidQuery as error:
        days, asked, values["error"] = _this_year(), None, error.words()[1]
    if asked:
        balance = await balance_of(session, asked.subject, days.first, days.last)
        values["sheet"] = await sheet_of(session, asked, days, balance)
        many = isinstance(asked.subject, OfCounties)
        values["sites_url"] = many and _url("/balance/sites", days, area=asked.code)
        values["csv_url"] = _url("/api/v1/balance.csv", days, **{asked.by: asked.code})
    values |= {
        "asked": asked,
        "days": days,
        "fields": fields,
        "periods": [
            (name, _url("/balance", one, **named)) for name, one in _periods(today()).items()
        ],
        "all_sites_url": _url("/balance/sites", days),
    }
    return render(request, "balance.html", values, UNFIT if values["error"] else 200)


@router.get("/balance/entries")
async def show_entries(
    request: Request,
    caller: SignedIn,
    session: Reading,
    *,
    side: Side,
    account: Typed = "",
    area: Typed = "",
    site: Typed = "",
    trip: Typed = "",
    start: From = "",
    to: To = "",
    cursor: Cursor = None,
) -> Response:
    require(caller, "balance.read")
    fields = _fields(area, site, trip, start, to)
    asked = await find_asked(session, caller, **(fields.named or _own(caller)))
    days = _days(fields)
    line = Line(asked, days, side, account)
    found = await page_of(session, line, cursor, A_PAGE)
    balance = await balance_of(session, asked.subject, days.first, days.last)
    figures = {"opening": balance.opening_g, "closing": balance.closing_g}
    sums = {"in": balance.into, "out": balance.out}
    here = address(asked, days, side, account)
    values = {
        "asked": asked,
        "days": days,
        "side": side,
        "name": await line_name(session, asked, side, account),
        "mass_g": figures[side] if side in figures else sums[side].get(account, 0),
        "items": found["items"],
        "log": found["log"],
        "sheet_url": _url("/balance", days, **{asked.by: asked.code}),
        "csv_url": here.replace("/balance/entries?", "/api/v1/balance/entries.csv?", 1),
        "next_url": found["next_cursor"]
        and f"{here}&{urlencode({'cursor': found['next_cursor']})}",
    }
    return render(request, "balance_entries.html", values)


@router.get("/balance/sites")
async def show_sites(
    request: Request,
    caller: SignedIn,
    session: Reading,
    *,
    area: Typed = "",
    start: From = "",
    to: To = "",
    cursor: Cursor = None,
) -> Response:
    require(caller, "balance.read")
    days = _days(_fields(area, "", "", start, to))
    reach = await reach_of(session, caller)
    counties, name = None, "所辖站点"
    if area:
        counties = sorted(await counties_in_reach(session, reach, area))
        name = await name_of_area(session, area)
    rows = await balances_by_site(
        session, reach, counties, days.first, days.last, after=after_code(cursor), limit=A_PAGE + 1
    )
    found = page(rows, A_PAGE, lambda row: [row.code], lambda row: row)
    named = {"area": area} if area else {}
    onward = {**named, "cursor": found["next_cursor"]}
    values = {
        "name": name,
        "area": area,
        "days": days,
        "items": [(row, _url("/balance", days, site=row.code)) for row in found["items"]],
        "log": {"size": await cursor_of(session, FLOWS.name)},
        "choices": await _choices(session, caller),
        "csv_url": _url("/api/v1/balance/sites.csv", days, **named),
        "sheet_url": area and _url("/balance", days, area=area),
        "next_url": found["next_cursor"] and _url("/balance/sites", days, **onward),
    }
    return render(request, "balance_sites.html", values)


def _fields(area: str, site: str, trip: str, start: str, end: str) -> Fields:
    typed = (normalize("NFKC", one).strip() for one in (area, site, trip, start, end))
    area, site, trip, start, end = typed
    return Fields(area, site.upper(), trip, start, end)


def _own(caller: Caller) -> dict[str, str]:
    """Return whose sheet one sees before one has chosen; a driver and a township have none."""
    if caller.role in SITE_ROLES and caller.site:
        return {"site": caller.site}
    if caller.role in COUNTY_OFFICIALS:
        return {"area": caller.area}
    return {"area": PROVINCE} if caller.role in WHOLE else {}


def _this_year() -> Days:
    return Days(today().replace(month=1, day=1), today())


def _days(fields: Fields) -> Days:
    usual = _this_year()
    try:
        first = date.fromisoformat(fields.start) if fields.start else None
        last = date.fromisoformat(fields.end) if fields.end else usual.last
    except ValueError:
        raise InvalidQuery(
            reason="日期写成 2026-09-30 的样子",
            reason_en="a day is written like 2026-09-30",
            pointer="/query/from",
        ) from None
    return days_of(first or min(usual.first, last), last)


def _periods(on: date) -> dict[str, Days]:
    """Return the days that are asked for most."""
    month = on.replace(day=1)
    before = month - timedelta(days=1)
    quarter = on.replace(month=(on.month - 1) // 3 * 3 + 1, day=1)
    return {
        "本月": Days(month, on),
        "上月": Days(before.replace(day=1), before),
        "本季": Days(quarter, on),
        "本年": Days(on.replace(month=1, day=1), on),
        "去年": Days(date(on.year - 1, 1, 1), date(on.year - 1, 12, 31)),
    }


def _url(path: str, days: Days, **named: str) -> str:
    between = {"from": days.first.isoformat(), "to": days.last.isoformat()}
    return f"{path}?{urlencode({**named, **between})}"


async def _choices(session: ReadSession, caller: Caller) -> list[tuple[str, str]]:
    """Return the areas and counties of which the caller may see a sheet."""
    if caller.role in WHOLE:
        whole = [(PROVINCE, await name_of_area(session, PROVINCE))]
    elif caller.role in COUNTY_OFFICIALS:
        whole = [(caller.area, await name_of_area(session, caller.area))]
    else:
        return []
    counties = await counties_to_choose(session, await reach_of(session, caller))
    return whole + [one for one in counties if one[0] != whole[0][0]]
