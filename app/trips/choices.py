"""What people choose from who load and announce: places, destinations, vehicles, carriers."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import Area, County, CountyArea
from app.areas.read import held, today
from app.parties.models import Organisation, Site, Vehicle
from app.templating import words
from app.trips.models import Trip

PLANTS = ("R", "I", "L", "H")
LOADED_AT = ("P", "S")
MOST_CARRIERS = 200
Choice = tuple[str, str]
Groups = list[tuple[str, list[Choice]]]
"""(heading, [(value, words)])"""


async def destinations(session: AsyncSession, county: str, origin: str) -> Groups:
    """Return where bags may go, by kind: the county's stations, then all plants, its own first."""
    near = Site.county == county
    query = (
        select(Site.kind, Site.code, Site.name, County.name, near)
        .join(County, County.code == Site.county)
        .where(
            Site.kind.in_(PLANTS) | ((Site.kind == "S") & near),
            Site.closed_on.is_(None),
            Site.code != origin,
        )
        .order_by(near.desc(), County.pinyin, Site.code)
    )
    found: dict[str, list[Choice]] = {kind: [] for kind in ("S", *PLANTS)}
    for kind, code, name, place, own in await session.execute(query):
        found[kind].append((code, name if own else f"{name}（{place}）"))
    heading = words("SITE_KINDS") | {"H": f"{words('SITE_KINDS')['H']}（要转移联单）"}
    return [(heading[kind], some) for kind, some in found.items() if some]


async def places(session: AsyncSession, county: str) -> list[tuple[str, str]]:
    """Return (code, name with township) of where a driver may load: a county's points, stations."""
    query = (
        select(Site.code, Site.township, Site.name)
        .where(Site.county == county, Site.kind.in_(LOADED_AT), Site.closed_on.is_(None))
        .order_by(Site.code)
    )
    rows = await session.execute(query)
    return [(code, f"{township or ''}{name}") for code, township, name in rows]


async def usual_vehicles(session: AsyncSession, county: str) -> list[str]:
    """Return the plates of the county's latest trips, each once."""
    query = (
        select(Trip.vehicle)
        .where(Trip.county == county)
        .group_by(Trip.vehicle)
        .order_by(func.max(Trip.opened_at).desc())
        .limit(20)
    )
    return list(await session.scalars(query))


async def loading_places(session: AsyncSession, county: str) -> Groups:
    """Return a county's points and stations under their townships."""
    query = (
        select(Site.township, Site.code, Site.name)
        .where(Site.county == county, Site.kind.in_(LOADED_AT), Site.closed_on.is_(None))
        .order_by(Site.township, Site.code)
    )
    found: dict[str, list[Choice]] = {}
    for township, code, name in await session.execute(query):
        found.setdefault(township, []).append((code, name))
    return list(found.items())


async def counties_with_places(session: AsyncSession) -> Groups:
    """Return the counties in which something may be loaded, under the areas they report to."""
    loading = select(Site.county).where(Site.kind.in_(LOADED_AT), Site.closed_on.is_(None))
    query = (
        select(Area.name, County.code, County.name)
        .join(CountyArea, CountyArea.county == County.code)
        .join(Area, Area.code == CountyArea.area)
        .where(held(CountyArea, today()), County.code.in_(loading))
        .order_by(Area.code, County.code)
    )
    found: dict[str, list[Choice]] = {}
    for area, code, name in await session.execute(query):
        found.setdefault(area, []).append((code, name))
    return list(found.items())


async def own_vehicles(session: AsyncSession, organisation: str) -> list[str]:
    """Return the plates that are registered with an organisation."""
    query = (
        select(Vehicle.plate).where(Vehicle.organisation == organisation).order_by(Vehicle.plate)
    )
    return list(await session.scalars(query))


async def carriers_in(session: AsyncSession, county: str) -> list[Choice]:
    """Return (credit code, name) of a county's organisations that have vehicles."""
    query = (
        select(Organisation.credit_code, Organisation.name)
        .where(
            Organisation.county == county,
            Organisation.credit_code.in_(select(Vehicle.organisation)),
        )
        .order_by(Organisation.pinyin, Organisation.credit_code)
        .limit(MOST_CARRIERS)
    )
    return [(code, name) for code, name in await session.execute(query)]
