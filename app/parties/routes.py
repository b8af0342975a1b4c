"""`/api/v1/sites`, `/organisations` and `/vehicles`: what the caller's scope reaches."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from app.areas.scope import reach_of
from app.auth.access import SignedIn
from app.auth.permissions import require
from app.db import Reading
from app.errors import NotFound
from app.pagination import Cursor, Limit, after_code, page
from app.parties.read import find_site, list_organisations, list_sites, list_vehicles
from app.parties.schemas import (
    OrganisationPage,
    OrganisationShown,
    SiteDetail,
    SitePage,
    SiteShown,
    VehiclePage,
    VehicleShown,
)

router = APIRouter(prefix="/api/v1")

SiteKind = Literal["P", "S", "R", "I", "L", "H"]
CountyCode = Annotated[str | None, Query(pattern="^[0-9]{6}$", description="六位区划代码")]


@router.get("/sites", response_model=SitePage)
async def sites(
    caller: SignedIn,
    session: Reading,
    *,
    county: CountyCode = None,
    kind: SiteKind | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> dict[str, Any]:
    require(caller, "sites.read")
    reach = await reach_of(session, caller)
    rows = await list_sites(
        session, reach, county=county, kind=kind, after=after_code(cursor), limit=limit + 1
    )
    return page(rows, limit, key=lambda row: [row[0].code], shown=SiteShown.of)


@router.get("/sites/{code}")
async def site(caller: SignedIn, session: Reading, code: str) -> SiteDetail:
    require(caller, "sites.read")
    found = await find_site(session, await reach_of(session, caller), code)
    if found is None:
        raise NotFound(what=code)
    return SiteDetail.of_file(found)


@router.get("/organisations", response_model=OrganisationPage)
async def organisations(
    caller: SignedIn, session: Reading, limit: Limit = 100, cursor: Cursor = None
) -> dict[str, Any]:
    require(caller, "organisations.read")
    reach = await reach_of(session, caller)
    rows = await list_organisations(session, reach, after=after_code(cursor), limit=limit + 1)
    return page(rows, limit, key=lambda row: [row.credit_code], shown=OrganisationShown.of)


@router.get("/vehicles", response_model=VehiclePage)
async def vehicles(
    caller: SignedIn, session: Reading, limit: Limit = 100, cursor: Cursor = None
) -> dict[str, Any]:
    require(caller, "vehicles.read")
    reach = await reach_of(session, caller)
    rows = await list_vehicles(session, reach, after=after_code(cursor), limit=limit + 1)
    return page(rows, limit, key=lambda row: [row[0].plate], shown=VehicleShown.of)
