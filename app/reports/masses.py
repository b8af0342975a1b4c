"""What a county took back, held, treated and lost in a period: from rollups, never from a scan."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, Self

from sqlalchemy import Select, case, func, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from app.balance.models import CountyFlow
from app.balance.postings import CONFIRMED, FIELD
from app.balance.read import HELD
from app.reports.formulae import METHOD
from app.reports.periods import Period
from app.supply.models import SupplyDay

Basis = Literal["origin", "place"]
SCOPE = "pesticide"
"""The rate counts the packaging of pesticides alone."""
REUSED = "treated/resource_use"
OPENING = "opening"
"""The account that stock from before the platform comes from."""


@dataclass(frozen=True)
class Masses:
    """Grams of scope `pesticide`.

    By origin, opening + collected = held + in transit + treated + loss, to the gram. `loss_g` is
    net to difference, removed and written_off, less net from unexplained and opening; `stock_g`,
    a part of it, is what came from opening: stock from before the platform, found by a count.
    """

    opening_g: int = 0
    held_g: int = 0
    in_transit_g: int = 0
    collected_g: int = 0
    confirmed_g: int = 0
    treated_g: int = 0
    reused_g: int = 0
    loss_g: int = 0
    stock_g: int = 0

    @classmethod
    def total(cls, parts: Iterable[Self]) -> Self:
        """Return the sum."""
        listed = list(parts)
        return cls(**{f.name: sum(getattr(p, f.name) for p in listed) for f in fields(cls)})

    @property
    def closing_g(self) -> int:
        """What sites and trips hold after the last day."""
        return self.held_g + self.in_transit_g

    @property
    def balanced(self) -> bool:
        """Tell whether nothing came from or went to another place in between, net."""
        return self.opening_g + self.collected_g == self.closing_g + self.treated_g + self.loss_g


async def masses_of(
    session: AsyncSession, counties: Sequence[str], period: Period, basis: Basis
) -> dict[str, Masses]:
    """Return masses by county, for those of `counties` that have any; one query.

    `basis` says which county a gram counts at: where it was taken back (`origin`), or where it
    is (`place`; on a trip at the sender's).
    """
    sides = union_all(
        _side(CountyFlow.to_class, CountyFlow.to_place, CountyFlow.from_class, 1, period, basis),
        _side(CountyFlow.from_class, CountyFlow.from_place, CountyFlow.to_class, -1, period, basis),
    ).subquery()
    rows = await session.execute(
        select(
            sides.c.county,
            sides.c.own,
            sides.c.other,
            func.sum(sides.c.before_g),
            func.sum(sides.c.within_g),
        )
        .where(sides.c.county.in_(counties))
        .group_by(sides.c.county, sides.c.own, sides.c.other)
    )
    found: dict[str, dict[str, int]] = {}
    for county, own, other, before, within in rows:
        _add(found.setdefault(county, {}), own, other, int(before), int(within))
    return {county: Masses(**sums) for county, sums in found.items()}


def _side(
    own: Any, own_place: Any, other: Any, sign: int, period: Period, basis: Basis
) -> Select[Any]:
    """Return what flows did to the accounts on one of their two sides."""
    county = CountyFlow.origin_county if basis == "origin" else own_place
    before = CountyFlow.occurred_on < period.first
    return select(
        county.label("county"),
        own.label("own"),
        other.label("other"),
        case((before, sign * CountyFlow.mass_g), else_=0).label("before_g"),
        case((before, 0), else_=sign * CountyFlow.mass_g).label("within_g"),
    ).where(
        CountyFlow.scope == SCOPE,
        CountyFlow.occurred_on <= period.last,
        own.in_([*HELD, CONFIRMED]),
    )


def _add(sums: dict[str, int], own: str, other: str, before: int, within: int) -> None:
    def add(name: str, grams: int) -> None:
        sums[name] = sums.get(name, 0) + grams

    if own == CONFIRMED:
        add("confirmed_g", within)
        return
    add("opening_g", before)
    add("held_g" if own == "site" else "in_transit_g", before + within)
    if other in HELD:
        return
    if other == FIELD:
        add("collected_g", within)
    elif other.startswith("treated/"):
        add("treated_g", -within)
        if other == REUSED:
            add("reused_g", -within)
    else:
        add("loss_g", -within)
        if other == OPENING:
            add("stock_g", within)


async def generated_of(
    session: AsyncSession, counties: Sequence[str], period: Period
) -> dict[str, int]:
    """Return declared grams by county (method A), for those of `counties` that declared any."""
    rows = await session.execute(
        select(SupplyDay.county, func.sum(SupplyDay.mass_g))
        .where(
            SupplyDay.county.in_(counties),
            SupplyDay.method == METHOD,
            SupplyDay.occurred_on.between(period.first, period.last),
        )
        .group_by(SupplyDay.county)
    )
    return {county: int(mass_g) for county, mass_g in rows}
