"""What a caller's area reaches: the one function that scopes every query.

`auth` knows who someone is; this file knows what that reaches. Out of scope looks like absent.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, false, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import PROVINCE, CountyArea
from app.areas.read import held, today
from app.auth.caller import SITE_ROLES, Caller
from app.errors import NotFound
from app.orm import overlaps

EVERYWHERE = frozenset({"province", "auditor", "admin"})


@dataclass(frozen=True)
class Reach:
    """The codes a caller may see. `everything` needs no codes."""

    everything: bool = False
    counties: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()
    organisations: frozenset[str] = frozenset()
    township: tuple[str, str] | None = None
    """County code and township name, for a township's officials."""

    def holds_county(self, code: str) -> bool:
        """Tell whether the whole county is in reach."""
        return self.everything or code in self.counties

    def holds_site(self, code: str, county: str, township: str) -> bool:
        """Tell whether a site is in reach."""
        return (
            self.holds_county(county) or code in self.sites or self.township == (county, township)
        )

    @property
    def keys(self) -> list[str]:
        """Return the codes under which the caller stands in a `seen_by`."""
        keys = sorted(self.counties | self.sites | self.organisations)
        return [*keys, township_key(*self.township)] if self.township else keys

    def sees(self, seen_by: Iterable[str]) -> bool:
        """Tell whether a row with such a `seen_by` is in reach."""
        return self.everything or not set(self.keys).isdisjoint(seen_by)


async def reach_of(session: AsyncSession, caller: Caller) -> Reach:
    """Return what the caller's role and area reach today; one query at most."""
    if caller.role in EVERYWHERE:
        return Reach(everything=True)
    if caller.role in SITE_ROLES:
        return Reach(sites=frozenset({caller.site} if caller.site else ()))
    if caller.role == "carrier":
        own = {caller.organisation} if caller.organisation else set()
        return Reach(organisations=frozenset(own))
    if caller.role == "township":
        return Reach(township=(caller.area, caller.township or ""))
    if caller.role == "county":
        return Reach(counties=frozenset({caller.area}))
    return Reach(counties=await counties_of(session, caller.area))


async def counties_of(session: AsyncSession, area: str) -> frozenset[str]:
    """Return the counties that report to an area today; a county's own code returns itself too."""
    query = select(CountyArea.county).where(held(CountyArea, today()))
    if area != PROVINCE:
        query = query.where(or_(CountyArea.area == area, CountyArea.county == area))
    return frozenset(await session.scalars(query))


async def counties_in_reach(session: AsyncSession, reach: Reach, area: str) -> frozenset[str]:
    """Return the counties of an area; NotFound where it is absent or reaches beyond `reach`."""
    counties = await counties_of(session, area)
    if not counties or not (reach.everything or counties <= reach.counties):
        raise NotFound(what=area, pointer="/query/area")
    return counties


def within(
    reach: Reach,
    *,
    county: Any = None,
    site: Any = None,
    township: Any = None,
    organisation: Any = None,
    seen_by: Any = None,
) -> ColumnElement[bool]:
    """Return the WHERE clause that keeps a query inside `reach`.

    Name the columns that the table has: its county, site and township, its organisation, or
    `seen_by`, the array of all codes that may see a row. A caller none of whose codes fit any
    named column sees nothing.
    """
    if reach.everything:
        return true()
    ways: list[ColumnElement[bool]] = []
    if county is not None and reach.counties:
        ways.append(county.in_(reach.counties))
    if site is not None and reach.sites:
        ways.append(site.in_(reach.sites))
    if organisation is not None and reach.organisations:
        ways.append(organisation.in_(reach.organisations))
    if reach.township and county is not None and township is not None:
        ways.append((county == reach.township[0]) & (township == reach.township[1]))
    if seen_by is not None and reach.keys:
        ways.append(overlaps(seen_by, reach.keys))
    return or_(*ways) if ways else false()


def township_key(county: str, township: str) -> str:
    """Return the key under which a township stands in `seen_by`."""
    return f"{county}:{township}"
