"""Sites, organisations and vehicles that a caller's scope reaches."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.scope import Reach, township_key, within
from app.parties.models import ListedUnit, Organisation, Permit, Site, Vehicle


@dataclass(frozen=True)
class SiteFile:
    """A site with its operator, its permits and its times on the province's list (认定)."""

    site: Site
    operator: Organisation
    permits: Sequence[Permit]
    listings: Sequence[ListedUnit]


def sites_within(reach: Reach) -> ColumnElement[bool]:
    """Return the WHERE clause that keeps sites inside `reach`."""
    return within(
        reach,
        county=Site.county,
        site=Site.code,
        township=Site.township,
        organisation=Site.operator,
    )


def sees_site(reach: Reach, code: str, county: str, township: str, operator: str) -> bool:
    """Tell whether a site that was read is inside `reach`: `sites_within` for one row."""
    return reach.sees({code, county, township_key(county, township), operator})


async def list_sites(
    session: AsyncSession,
    reach: Reach,
    *,
    county: str | None = None,
    kind: str | None = None,
    after: str = "",
    limit: int,
) -> Sequence[tuple[Site, Organisation]]:
    """Return sites in reach with their operators, by code after `after`."""
    query = (
        select(Site, Organisation)
        .join(Organisation, Organisation.credit_code == Site.operator)
        .where(sites_within(reach), Site.code > after)
        .order_by(Site.code)
        .limit(limit)
    )
    if county is not None:
        query = query.where(Site.county == county)
    if kind is not None:
        query = query.where(Site.kind == kind)
    return [(site, operator) for site, operator in await session.execute(query)]


async def find_site(session: AsyncSession, reach: Reach, code: str) -> SiteFile | None:
    """Return one site in reach with its permits and listings, None where there is none."""
    query = (
        select(Site, Organisation)
        .join(Organisation, Organisation.credit_code == Site.operator)
        .where(sites_within(reach), Site.code == code)
    )
    found = (await session.execute(query)).one_or_none()
    if found is None:
        return None
    permits = select(Permit).where(Permit.site == code).order_by(Permit.valid_from, Permit.number)
    listings = select(ListedUnit).where(ListedUnit.site == code).order_by(ListedUnit.valid_from)
    return SiteFile(
        *found,
        permits=(await session.scalars(permits)).all(),
        listings=(await session.scalars(listings)).all(),
    )


async def list_organisations(
    session: AsyncSession, reach: Reach, *, after: str = "", limit: int
) -> Sequence[Organisation]:
    """Return organisations in reach, by credit code after `after`.

    In reach are those registered in it, the caller's own, and those that operate a site in it.
    """
    operators = select(Site.operator).where(sites_within(reach))
    own = within(reach, county=Organisation.county, organisation=Organisation.credit_code)
    query = (
        select(Organisation)
        .where(
            or_(own, Organisation.credit_code.in_(operators)),
            Organisation.credit_code > after,
        )
        .order_by(Organisation.credit_code)
        .limit(limit)
    )
    return (await session.scalars(query)).all()


async def list_vehicles(
    session: AsyncSession, reach: Reach, *, after: str = "", limit: int
) -> Sequence[tuple[Vehicle, Organisation]]:
    """Return vehicles of organisations in reach with their owners, by plate after `after`."""
    query = (
        select(Vehicle, Organisation)
        .join(Organisation, Organisation.credit_code == Vehicle.organisation)
        .where(
            within(reach, county=Organisation.county, organisation=Vehicle.organisation),
            Vehicle.plate > after,
        )
        .order_by(Vehicle.plate)
        .limit(limit)
    )
    return [(vehicle, owner) for vehicle, owner in await session.execute(query)]
