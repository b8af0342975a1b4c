"""Put right what recording keeps, while people go on recording: as its owner, under the same locks.

`differs_<table>` has the keys, the shadow what should stand.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import sqlstate
from app.ledger.follow import lock
from app.rebuild.shadow import REAL_FIRST, Shadow, put_right
from app.rebuild.work import portions
from app.trips.follow import AT_ONCE as TRIPS_AT_ONCE
from app.trips.follow import TRIP_LEGS, keep_legs
from app.trips.models import Trip
from app.trips.open import OpenedTrip, open_trips

Turn = Callable[[], AbstractAsyncContextManager[AsyncSession]]
GoOn = Callable[[AsyncSession], Awaitable[None]]
CODES_AT_ONCE = 500
TRIES = 3
DEADLOCK = "40P01"

_CONCERNED = text(
    """
    SELECT d.code FROM pg_temp.differs_batch d
    LEFT JOIN pg_temp.batch s USING (code) LEFT JOIN public.batch p USING (code)
    ORDER BY coalesce(s.kind, p.kind) = 'bag', d.code
    """
)
"""Containers by code, then bags by code: the order of every lock."""
_ADD = text(
    "INSERT INTO public.batch SELECT * FROM pg_temp.batch WHERE code = ANY(:codes)"
    " ORDER BY code ON CONFLICT DO NOTHING"
)
_LOCK = text("SELECT code FROM public.batch WHERE code = ANY(:codes) ORDER BY code FOR UPDATE")
_PUT = text(
    """
    UPDATE public.batch p
    SET (kind, status, site, container, mass_g, state, seen_by, updated_at)
      = (s.kind, s.status, s.site, s.container, s.mass_g, s.state, s.seen_by, s.updated_at)
    FROM pg_temp.batch s
    WHERE p.code = s.code AND p.code = ANY(:codes) AND p.* IS DISTINCT FROM s.*
    """
)
_REMOVE = text(
    "DELETE FROM public.batch p WHERE p.code = ANY(:codes)"
    " AND NOT EXISTS (SELECT FROM pg_temp.batch s WHERE s.code = p.code)"
)


async def mend_batches(turn: Turn, go_on: GoOn) -> None:
    """Bring rows of bags and containers to what the leaves say, some hundred in a transaction.

    Whoever records an event holds the rows of its bags. Once they are held here, all that was
    recorded about them is committed: it is gone over, and what the rows should be is certain.
    """
    async with turn() as session:
        concerned = list(await session.scalars(_CONCERNED))
    for some in portions(concerned, CODES_AT_ONCE):
        codes = {"codes": some}
        for tried in range(1, TRIES + 1):
            try:
                async with turn() as session:
                    await session.execute(_ADD, codes)
                    await session.execute(_LOCK, codes)
                    await go_on(session)
                    await session.execute(_PUT, codes)
                    await session.execute(_REMOVE, codes)
                break
            except DBAPIError as error:
                # Only a lock is ever in the way, and those come before anything is gone over.
                if sqlstate(error) != DEADLOCK or tried == TRIES:
                    raise


_TRIP_PUT = text(
    """
    UPDATE public.trip p
    SET (county, opened_on, opened_at, destination, vehicle, carrier, regime, manifest)
      = (s.county, s.opened_on, s.opened_at, s.destination, s.vehicle, s.carrier, s.regime, s.manifest)
    FROM pg_temp.trip s JOIN pg_temp.differs_trip USING (id)
    WHERE p.id = s.id
    """
)
_LOST = text(
    """
    SELECT s.* FROM pg_temp.trip s JOIN pg_temp.differs_trip USING (id)
    WHERE NOT EXISTS (SELECT FROM public.trip p WHERE p.id = s.id) ORDER BY s.opened_at, s.id
    """
)
_NOBODY_S = (
    "SELECT id FROM pg_temp.differs_trip d"
    " WHERE NOT EXISTS (SELECT FROM pg_temp.trip s WHERE s.id = d.id)"
    " AND NOT EXISTS (SELECT FROM public.trip_confirmation c WHERE c.trip = d.id)"
    " AND NOT EXISTS (SELECT FROM public.trip_driver r WHERE r.trip = d.id)"
)
"""Trips that no departure opened; people's words about one are not thrown away with it."""
_TRIP_REMOVE = (
    text(f"DELETE FROM public.trip_leg WHERE trip IN ({_NOBODY_S})"),  # noqa: S608  our own words
    text(f"DELETE FROM public.trip WHERE id IN ({_NOBODY_S})"),  # noqa: S608
)


_LEGS_REMOVE = text(
    "DELETE FROM public.trip_leg l USING pg_temp.differs_trip_leg d"
    " WHERE l.trip = d.trip AND NOT EXISTS (SELECT FROM public.trip t WHERE t.id = l.trip)"
)


async def mend_trips(turn: Turn, events: Shadow) -> None:
    """Bring trips and their events to what the leaves say; one that was lost gets a new number."""
    async with turn() as session:
        await session.execute(_TRIP_PUT)
        for statement in _TRIP_REMOVE:
            await session.execute(statement)
        lost = [_opened(row) for row in (await session.execute(_LOST)).mappings()]
        await put_right(session, events)
        await session.execute(REAL_FIRST)
        await open_trips(session, lost)


def _opened(row: Any) -> OpenedTrip:
    names = [column.name for column in Trip.__table__.columns if column.name != "number"]
    return OpenedTrip(**{name: row[name] for name in names})


async def mend_legs(turn: Turn) -> None:
    """Read the legs of trips again where they differ; of a trip that there is not, they go."""
    async with turn() as session:
        await session.execute(_LEGS_REMOVE)
        query = text("SELECT DISTINCT trip FROM pg_temp.differs_trip_leg ORDER BY trip")
        differing: list[UUID] = list(await session.scalars(query))
    for some in portions(differing, TRIPS_AT_ONCE):
        async with turn() as session:
            await session.execute(REAL_FIRST)
            await lock(session, TRIP_LEGS)
            await keep_legs(session, some)
