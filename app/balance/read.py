"""Balances: opening + in = out + closing, to the gram, for a site or an area and any days."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.balance.flows import FLOWS
from app.balance.models import CountyFlow, SiteFlow
from app.balance.postings import MEMO
from app.ledger.follow import cursor_of

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


def _counter(account: str, place: str) -> str:
    """Name the other side: a county's sites or trips by its code, else the account."""
    return f"{account}/{place}" if account in HELD else account


def _some(sums: dict[str, int]) -> dict[str, int]:
    return {account: grams for account, grams in sorted(sums.items()) if grams}
