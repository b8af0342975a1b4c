"""`/api/v1/balance`."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query

from app.areas.scope import counties_in_reach, reach_of
from app.auth.access import SignedIn
from app.auth.permissions import require
from app.balance.read import balance_of_counties, balance_of_site
from app.db import Reading
from app.errors import InvalidQuery, NotFound
from app.parties.read import find_site

router = APIRouter(prefix="/api/v1", tags=["balance"])


@router.get("/balance", summary="物料平衡表")
async def get_balance(
    session: Reading,
    caller: SignedIn,
    start: Annotated[date, Query(alias="from", description="起始日，含当日")],
    end: Annotated[date, Query(alias="to", description="截止日，含当日")],
    area: Annotated[str | None, Query(pattern="^[0-9]{6}$")] = None,
    site: Annotated[str | None, Query(max_length=20)] = None,
) -> dict[str, Any]:
    require(caller, "balance.read")
    if (area is None) == (site is None):
        raise InvalidQuery(
            reason="area 和 site 写一个", reason_en="give area or site", pointer="/query/area"
        )
    if end < start:
        raise InvalidQuery(
            reason="to 早于 from", reason_en="to is before from", pointer="/query/to"
        )
    reach = await reach_of(session, caller)
    if site is not None:
        if await find_site(session, reach, site) is None:
            raise NotFound(what=site)
        found = await balance_of_site(session, site, start, end)
    else:
        assert area is not None
        counties = await counties_in_reach(session, reach, area)
        found = await balance_of_counties(session, counties, start, end)
    # What was asked stands in the answer: a saved one can be recomputed from the log.
    asked = {"area": area} if site is None else {"site": site}
    days = {"from": start.isoformat(), "to": end.isoformat()}
    return {**asked, **days, **found.as_json()}
