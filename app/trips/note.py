"""Note which events concern which trips, in the transaction that records them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.orm import among
from app.trips.models import TripEvent

_TRANSIT = "transit/"


@dataclass(frozen=True)
class Noted:
    """A recorded event and the trips it concerns; `corrects` is the event that it corrects."""

    event_id: UUID
    kind: str
    site: str | None
    trips: frozenset[UUID]
    destination: str | None = None
    regime: str | None = None
    manifest: str | None = None
    corrects: UUID | None = None


def trips_in(accounts: Iterable[str]) -> set[UUID]:
    """Return the trips whose accounts are among these."""
    return {UUID(a.removeprefix(_TRANSIT)) for a in accounts if a.startswith(_TRANSIT)}


async def note_events(session: AsyncSession, noted: Sequence[Noted]) -> None:
    """Write the rows of `trip_event`, of events in their order; what stands is left as it is."""
    trips: dict[UUID, set[UUID]] = defaultdict(set)
    corrected = [one.corrects for one in noted if one.corrects]
    if corrected:
        query = select(TripEvent.event_id, TripEvent.trip)
        for event, trip in await session.execute(query.where(among(TripEvent.event_id, corrected))):
            trips[event].add(trip)
    rows: dict[tuple[UUID, UUID], Noted] = {}
    for one in noted:
        trips[one.event_id] |= one.trips
        if one.corrects:
            # A correction concerns every trip of what it corrects, whether or not mass moves.
            trips[one.event_id] |= trips[one.corrects]
        rows |= {(trip, one.event_id): one for trip in trips[one.event_id]}
    if rows:
        statement = insert(TripEvent).on_conflict_do_nothing()
        await session.execute(
            statement,
            [
                {
                    "trip": trip,
                    "event_id": event_id,
                    "kind": one.kind,
                    "site": one.site,
                    "destination": one.destination,
                    "regime": one.regime,
                    "manifest": one.manifest,
                }
                for (trip, event_id), one in rows.items()
            ],
        )
