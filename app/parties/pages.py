"""The page that lists sites. One site's page, with its stock and balance, is in app/balance."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from app.areas.names import counties_to_choose, county_names
from app.areas.scope import reach_of
from app.auth.access import SignedIn
from app.auth.permissions import require
from app.db import Reading
from app.pagination import Cursor, after_code, page
from app.parties.read import list_sites
from app.templating import render

router = APIRouter(include_in_schema=False)

SITES_A_PAGE = 50
KIND = "^[PSRILH]?$"
COUNTY = "^([0-9]{6})?$"


@router.get("/sites")
async def show_sites(
    request: Request,
    caller: SignedIn,
    session: Reading,
    *,
    kind: Annotated[str, Query(pattern=KIND)] = "",
    county: Annotated[str, Query(pattern=COUNTY)] = "",
    cursor: Cursor = None,
) -> Response:
    require(caller, "sites.read")
    reach = await reach_of(session, caller)
    rows = await list_sites(
        session,
        reach,
        county=county or None,
        kind=kind or None,
        after=after_code(cursor),
        limit=SITES_A_PAGE + 1,
    )
    names = await county_names(session, {site.county for site, _ in rows})
    shown = page(
        rows,
        SITES_A_PAGE,
        lambda row: [row[0].code],
        lambda row: {
            "code": row[0].code,
            "kind": row[0].kind,
            "name": row[0].name,
            "county_name": names[row[0].county],
            "township": row[0].township,
            "village": row[0].village,
            "operator_name": row[1].name,
            "closed": row[0].closed_on is not None,
        },
    )
    onward = {"kind": kind, "county": county, "cursor": shown["next_cursor"]}
    values = {
        "items": shown["items"],
        "filters": {"kind": kind, "county": county},
        "counties": await counties_to_choose(session, reach),
        "next_url": f"/sites?{urlencode(onward)}" if shown["next_cursor"] else None,
    }
    return render(request, "sites.html", values)
