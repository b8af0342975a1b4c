"""The dated policies of areas, read from their table: it is small."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import PROVINCE, CountyArea
from app.orm import among
from app.trips.models import TransportPolicy
from app.trips.policy import Policy, policy_for

_FIELDS = tuple(one.name for one in fields(Policy))


@dataclass(frozen=True)
class PoliciesByDay:
    """Every policy that an area has decided, and to which areas counties report, and when."""

    policies: Sequence[Policy] = ()
    areas: Sequence[tuple[str, str, date, date | None]] = ()
    """county, area, first day, last day"""

    def of(self, county: str, on: date) -> Policy:
        """Return the policy of a county on a day: its own, its area's or the province's."""
        upper = [
            area
            for of, area, start, end in self.areas
            if of == county and start <= on and (end is None or on <= end)
        ]
        return policy_for(self.policies, [county, *upper, PROVINCE], on)


async def list_policies(session: AsyncSession) -> list[Policy]:
    """Return every policy that an area has decided, by area, the one that begins last first."""
    order = (TransportPolicy.area, TransportPolicy.valid_from.desc())
    rows = await session.scalars(select(TransportPolicy).order_by(*order))
    return [Policy(**{name: getattr(row, name) for name in _FIELDS}) for row in rows]


async def load_policies(session: AsyncSession, counties: Iterable[str]) -> PoliciesByDay:
    """Return the policies that may judge what leaves these counties."""
    wanted = set(counties)
    if not wanted:
        return PoliciesByDay()
    policies = await list_policies(session)
    if not policies:
        return PoliciesByDay()
    areas = await session.execute(
        select(
            CountyArea.county, CountyArea.area, CountyArea.valid_from, CountyArea.valid_to
        ).where(among(CountyArea.county, wanted))
    )
    return PoliciesByDay(policies, [(row[0], row[1], row[2], row[3]) for row in areas])
