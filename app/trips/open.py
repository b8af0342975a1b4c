"""Open trips and give them numbers: `ZY` + yyyymmdd + county + serial, without races."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.batches.codes import TripNumber
from app.orm import among_given
from app.prepared import Prepared
from app.trips.models import Trip, TripCounter


@dataclass(frozen=True)
class OpenedTrip:
    """A trip that a departure opens, or somebody announces."""

    id: UUID
    county: str
    destination: str
    vehicle: str
    carrier: str | None
    regime: str
    manifest: str | None
    opened_on: date
    opened_at: datetime
    announced_by: UUID | None = None


async def open_trips(session: AsyncSession, opened: Sequence[OpenedTrip]) -> dict[UUID, str]:
    """Insert trips and return their numbers.

    The counter's row is locked until the transaction ends, so numbers have no gaps and no
    doubles; county-days are taken in order, so two requests never wait for each other crosswise.
    """
    numbers: dict[UUID, str] = {}
    days = sorted({(trip.county, trip.opened_on) for trip in opened})
    for county, day in days:
        here = [t for t in opened if (t.county, t.opened_on) == (county, day)]
        bump = insert(TripCounter).values(county=county, opened_on=day, last=len(here))
        last = await session.scalar(
            bump.on_conflict_do_update(
                index_elements=["county", "opened_on"],
                set_={"last": TripCounter.last + len(here)},
            ).returning(TripCounter.last)
        )
        assert last is not None
        for serial, trip in enumerate(here, start=last - len(here) + 1):
            numbers[trip.id] = str(TripNumber(day, county, serial))
    if opened:
        await session.execute(
            insert(Trip),
            [
                {
                    "id": t.id,
                    "number": numbers[t.id],
                    "county": t.county,
                    "opened_on": t.opened_on,
                    "opened_at": t.opened_at,
                    "destination": t.destination,
                    "vehicle": t.vehicle,
                    "carrier": t.carrier,
                    "regime": t.regime,
                    "manifest": t.manifest,
                    "announced_by": t.announced_by,
                }
                for t in opened
            ],
        )
    return numbers


async def numbers_of(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the numbers of trips by id."""
    if not ids:
        return {}
    return dict(await _NUMBERS.rows(session, ids=list(ids)))


_NUMBERS = Prepared(select(Trip.id, Trip.number).where(among_given(Trip.id, "ids")))
