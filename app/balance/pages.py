"""The page of one site: what it is, its permits, what it holds, and its balance of thirty days."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.areas.names import county_names
from app.areas.read import today
from app.areas.scope import reach_of
from app.auth.access import SignedIn
from app.auth.permissions import require
from app.balance.read import Balance, balance_of_site
from app.balance.words import name_of
from app.batches.stock import stock_of
from app.db import Reading
from app.errors import NotFound
from app.parties.models import Permit
from app.parties.read import SiteFile, find_site
from app.templating import render

router = APIRouter(include_in_schema=False)

DAYS = timedelta(days=30)
SOON = timedelta(days=60)


@router.get("/sites/{code}")
async def show_site(request: Request, code: str, caller: SignedIn, session: Reading) -> Response:
    require(caller, "sites.read")
    file = await find_site(session, await reach_of(session, caller), code)
    if file is None:
        raise NotFound(what=code)
    on = today()
    start = on - DAYS + timedelta(days=1)
    values = {
        "site": await _described(session, file),
        "permits": [{**_plain(permit), "state": state_of(permit, on)} for permit in file.permits],
        "listings": file.listings,
        "stock": await stock_of(session, code, datetime.now(UTC)),
        "balance": _balanced(await balance_of_site(session, code, start, on), start, on),
    }
    return render(request, "site.html", values)


async def _described(session: Reading, file: SiteFile) -> dict[str, Any]:
    names = await county_names(session, [file.site.county])
    return {
        **_plain(file.site),
        "county_name": names[file.site.county],
        "operator_name": file.operator.name,
        "credit_code": file.operator.credit_code,
    }


def _plain(row: Any) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}


def state_of(permit: Permit, on: date) -> str:
    """Tell whether a permit is in force on a day: valid, soon to end, expired, or still to come."""
    if permit.valid_to < on:
        return "expired"
    if permit.valid_from > on:
        return "future"
    return "soon" if permit.valid_to - on < SOON else "valid"


def _balanced(balance: Balance, start: date, end: date) -> dict[str, Any]:
    return {
        "opening_g": balance.opening_g,
        "in": _named(balance.into),
        "out": _named(balance.out),
        "closing_g": balance.closing_g,
        "from": start,
        "to": end,
        "log": {"size": balance.log_size},
    }


def _named(sums: dict[str, int]) -> list[dict[str, Any]]:
    """Add up grams by account under its Chinese name; one site's name stands for all sites."""
    named: dict[str, int] = {}
    for account, grams in sums.items():
        name = name_of(account)
        named[name] = named.get(name, 0) + grams
    return [{"name": name, "mass_g": grams} for name, grams in named.items()]
