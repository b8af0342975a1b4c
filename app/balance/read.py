"""Balances: opening + in = out + closing, to the gram, for a site or an area and any days."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.balance.flows import FLOWS
from app.balance.models import CountyFlow, SiteFlow
from app.balance.postings import MEMO, transit_account
from app.balance.subject import OfCounties, OfSite, Subject
from app.balance.touching import touching_trip
from app.ledger.follow import cursor_of
from app.orm import among

HELD = ("site", "transit")
"""Account classes whose mass is inside an area."""


@dataclass(frozen=True)
class Balance:
    """Grams held before, what came and went by counter account, grams held after."""

    opening_g: int
    into: dict[str, int]
    out: dict[str, int]
    log_size: int

    @property
    def closing_g(self) -> int:
        """Grams held at the end of the last day."""
        return self.opening_g + sum(self.into.values()) - sum(self.out.values())

    def as_json(self) -> dict[str, Any]:
        """Return the wire form."""
        return {
            "opening_g": self.opening_g,
            "in": self.into,
            "out": self.out,
            "closing_g": self.closing_g,
            "log": {"size": self.log_size},
        }


async def balance_of(session: AsyncSession, subject: Subject, start: date, end: date) -> Balance:
    """Return the balance of a site, of counties or of a trip over days, both inclusive."""
    if isinstance(subject, OfSite):
        return await balance_of_site(session, subject.site, start, end)
    if isinstance(subject, OfCounties):
        return await balance_of_counties(session, subject.counties, start, end)
    return await balance_of_trip(session, subject.trip, start, end)


async def balance_of_site(session: AsyncSession, site: str, start: date, end: date) -> Balance:
    """Return a site's balance over days, both inclusive."""
    before = SiteFlow.occurred_on < start
    rows = await session.execute(
        select(
            SiteFlow.counter,
            func.sum(case((before, SiteFlow.in_g - SiteFlow.out_g), else_=0)),
            func.sum(case((before, 0), else_=SiteFlow.in_g)),
            func.sum(case((before, 0), else_=SiteFlow.out_g)),
        )
        .where(SiteFlow.site == site, SiteFlow.occurred_on <= end)
        .group_by(SiteFlow.counter)
    )
    opening, into, out = 0, {}, {}
    for counter, earlier, in_g, out_g in rows:
        opening += int(earlier)
        into[counter] = int(in_g)
        out[counter] = int(out_g)
    return Balance(opening, _some(into), _some(out), await cursor_of(session, FLOWS.name))


async def balance_of_counties(
    session: AsyncSession, counties: frozenset[str], start: date, end: date
) -> Balance:
    """Return the balance of all sites and trips of counties taken together.

    What moves between two of them is neither in nor out. A trip counts at its sender's county.
    """
    inside_from = CountyFlow.from_class.in_(HELD) & CountyFlow.from_place.in_(counties)
    inside_to = CountyFlow.to_class.in_(HELD) & CountyFlow.to_place.in_(counties)
    rows = await session.execute(
        select(
            CountyFlow.from_class,
            CountyFlow.from_place,
            CountyFlow.to_class,
            CountyFlow.to_place,
            func.sum(case((CountyFlow.occurred_on < start, CountyFlow.mass_g), else_=0)),
            func.sum(case((CountyFlow.occurred_on < start, 0), else_=CountyFlow.mass_g)),
        )
        .where(
            inside_from | inside_to,
            CountyFlow.from_class.not_in(MEMO),
            CountyFlow.occurred_on <= end,
        )
        .group_by(
            CountyFlow.from_class,
            CountyFlow.from_place,
            CountyFlow.to_class,
            CountyFlow.to_place,
        )
    )
    opening = 0
    into: dict[str, int] = defaultdict(int)
    out: dict[str, int] = defaultdict(int)
    for from_class, from_place, to_class, to_place, earlier, within in rows:
        leaves = from_class in HELD and from_place in counties
        enters = to_class in HELD and to_place in counties
        if leaves and enters:
            continue
        if enters:
            opening += int(earlier)
            into[_counter(from_class, from_place)] += int(within)
        else:
            opening -= int(earlier)
            out[_counter(to_class, to_place)] += int(within)
    return Balance(opening, _some(into), _some(out), await cursor_of(session, FLOWS.name))


async def balance_of_trip(session: AsyncSession, trip: UUID, start: date, end: date) -> Balance:
    """Return what a trip held before, took on and gave off by site, and holds after.

    Of the same leaves as the flows of sites, so that the figures of both stand beside each other.
    """
    size = await cursor_of(session, FLOWS.name)
    own = transit_account(str(trip))
    moved = touching_trip(own, size, date.min, end).subquery().c
    line = (
        moved.batch_code,
        moved.about,
        moved.origin,
        moved.place,
        moved.occurred_on,
        moved.other,
    )
    standing = select(*line, func.sum(moved.grams).label("grams")).group_by(*line).subquery().c
    before = standing.occurred_on < start
    comes = standing.grams > 0
    rows = await session.execute(
        select(
            standing.other,
            func.sum(case((before, standing.grams), else_=0)),
            func.sum(case((~before & comes, standing.grams), else_=0)),
            func.sum(case((~before & ~comes, -standing.grams), else_=0)),
        ).group_by(standing.other)
    )
    opening, into, out = 0, {}, {}
    for other, earlier, in_g, out_g in rows:
        opening += int(earlier)
        into[other] = int(in_g)
        out[other] = int(out_g)
    return Balance(opening, _some(into), _some(out), size)


async def held_in_transit(session: AsyncSession, counties: frozenset[str], end: date) -> int:
    """Return what trips that count at counties carry at the end of a day; grams."""
    on, off = CountyFlow.to_class == "transit", CountyFlow.from_class == "transit"
    came = case((on & among(CountyFlow.to_place, counties), CountyFlow.mass_g), else_=0)
    went = case((off & among(CountyFlow.from_place, counties), CountyFlow.mass_g), else_=0)
    carried = select(func.coalesce(func.sum(came - went), 0)).where(
        on | off, CountyFlow.occurred_on <= end
    )
    return int(await session.scalar(carried) or 0)


def _counter(account: str, place: str) -> str:
    """Name the other side: a county's sites or trips by its code, else the account."""
    return f"{account}/{place}" if account in HELD else account


def _some(sums: dict[str, int]) -> dict[str, int]:
    return {account: grams for account, grams in sorted(sums.items()) if grams}
