"""What recording keeps beside the log: the rows of bags, trips, and which events concern which trip.

The legs of trips follow the log, but are read from all of this, and so are made here too.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.batches.models import Batch
from app.events.happening import day_of
from app.ledger.follow import cursor_of
from app.ledger.models import Event, Leaf, Unsequenced
from app.ledger.sequence import log_size
from app.rebuild.difference import Found
from app.rebuild.mend import mend_batches, mend_legs, mend_trips
from app.rebuild.replay import Replay, Stood
from app.rebuild.shadow import Shadow, hold_against, make, tidy
from app.rebuild.unsettled import unsettled
from app.rebuild.work import Tell, Work, portions
from app.trips.follow import AT_ONCE as TRIPS_AT_ONCE
from app.trips.follow import TRIP_LEGS, keep_legs, trips_changed_by
from app.trips.models import Trip, TripEvent, TripLeg
from app.trips.note import note_events

AT_ONCE = 2_000
BATCHES = Shadow(Batch, indexes=False)
TRIPS = Shadow(Trip, ignore=("number", "announced_by"), indexes=False)
"""A number is given in the order of opening, announced trips between: no leaf has it."""
TRIP_EVENTS = Shadow(TripEvent)
LEGS = Shadow(TripLeg, indexes=False)
TABLES = (BATCHES, TRIPS, TRIP_EVENTS, LEGS)
_STOOD = (Event.id, Event.kind, Event.leaf, Event.postings)
_ANNOUNCED = (
    # People announce these, no leaf does: they stand as they are.
    "DELETE FROM pg_temp.trip WHERE id IN (SELECT trip FROM public.trip_stop)",
    """
    INSERT INTO pg_temp.trip SELECT * FROM public.trip
    WHERE id IN (SELECT trip FROM public.trip_stop)
    """,
)
_AS_IT_STANDS = (
    "DELETE FROM pg_temp.trip_leg WHERE trip = ANY(:trips)",
    "INSERT INTO pg_temp.trip_leg SELECT * FROM public.trip_leg WHERE trip = ANY(:trips)",
)


class Records(Work):
    """Bags, trips, events of trips, legs."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        self.replay = Replay()

    async def recompute(self, tell: Tell) -> None:
        """Go over the log, then read the legs of all trips."""
        async with self.turn() as session:
            for shadow in TABLES:
                await make(session, shadow)
            await self.replay.start(session)
            end = await log_size(session)
        tell(0, end)
        while self.replay.size < end:
            async with self.turn() as session:
                await self._take_leaves(session, end)
                if self.replay.bags.full():
                    await self.replay.bags.save(session)
            tell(self.replay.size, end)
        async with self.turn() as session:
            await self.replay.bags.save(session)
            await _announced(session)
        await tidy(self.connection, TABLES)
        await self._all_legs()

    async def compare(self) -> list[Found]:
        """Go over what came since, and compare."""
        async with self.turn(snapshot=True) as session:
            await self.go_on(session)
            await _announced(session)
            found = [await hold_against(session, s) for s in (BATCHES, TRIPS, TRIP_EVENTS)]
            found.append(await self._legs(session))
            return [*await unsettled(session, self.replay), *(one for one in found if one)]

    async def repair(self) -> None:
        """Put right what differs: bags under their locks, legs by reading their trips again."""
        await self.compare()
        await mend_batches(self.turn, self.go_on)
        await mend_trips(self.turn, TRIP_EVENTS)
        await mend_legs(self.turn)

    async def go_on(self, session: AsyncSession) -> None:
        """Go over all that is committed by now, those events too that wait for their place."""
        end = await log_size(session)
        while self.replay.size < end:
            await self._take_leaves(session, end)
        waiting = await session.execute(
            select(*_STOOD)
            .join(Unsequenced, Unsequenced.event_id == Event.id)
            .where(~exists().where(Leaf.event_id == Event.id))
            .order_by(Unsequenced.seq)
        )
        await self._take(session, [Stood(*row) for row in waiting])
        await self.replay.bags.save(session)

    async def _take_leaves(self, session: AsyncSession, end: int) -> None:
        start, end = self.replay.size, min(end, self.replay.size + AT_ONCE)
        rows = await session.execute(
            select(*_STOOD, Leaf.leaf_index)
            .join(Leaf, Leaf.event_id == Event.id)
            .where(Leaf.leaf_index >= start, Leaf.leaf_index < end)
            .order_by(Leaf.leaf_index)
        )
        await self._take(session, [Stood(*row) for row in rows])
        self.replay.size = end

    async def _take(self, session: AsyncSession, events: Sequence[Stood]) -> None:
        await self.replay.take(session, events)
        noted, departed = self.replay.noted, self.replay.departed
        self.replay.noted, self.replay.departed = [], []
        rows = [self._opened(parts, one.regime) for one, parts in departed]
        if rows:
            await session.execute(insert(Trip).on_conflict_do_nothing(), rows)
        await note_events(session, noted)

    def _opened(self, parts: dict[str, Any], regime: str | None) -> dict[str, Any]:
        """Return the trip that a departure opens, where it is the first to name it."""
        event, stamps = parts["event"], parts["stamps"]
        at = datetime.fromisoformat(stamps["effective_at"])
        return {
            "id": UUID(stamps["trip"]),
            "number": "",
            "county": event["site"][:6],
            "opened_on": day_of(at),
            "opened_at": at,
            "destination": event["destination"],
            "vehicle": event["vehicle"],
            "carrier": self.replay.carriers.get(event["vehicle"]),
            "regime": regime,
            "manifest": event.get("manifest"),
        }

    async def _all_legs(self) -> None:
        last = UUID(int=0)
        while True:
            async with self.turn() as session:
                query = select(Trip.id).where(Trip.id > last).order_by(Trip.id)
                trips = list(await session.scalars(query.limit(TRIPS_AT_ONCE)))
                if not trips:
                    return
                await keep_legs(session, trips)
                last = trips[-1]

    async def _legs(self, session: AsyncSession) -> Found | None:
        """Compare the legs of trips as they are in this snapshot.

        Of a trip that an event changed which the follower has not taken yet, nothing is expected.
        """
        if not await hold_against(session, LEGS):
            return None
        cursor = await cursor_of(session, TRIP_LEGS.name)
        query = text("SELECT DISTINCT trip FROM pg_temp.differs_trip_leg")
        trips = set(await session.scalars(query))
        sequenced = select(Leaf.event_id).where(Leaf.leaf_index >= cursor)
        waiting = select(Unsequenced.event_id)
        not_taken = {*await session.scalars(sequenced), *await session.scalars(waiting)}
        coming = trips & await trips_changed_by(session, not_taken)
        for statement in _AS_IT_STANDS:
            await session.execute(text(statement), {"trips": list(coming)})
        for some in portions(sorted(trips - coming), TRIPS_AT_ONCE):
            await keep_legs(session, some)
        return await hold_against(session, LEGS)


async def _announced(session: AsyncSession) -> None:
    for statement in _ANNOUNCED:
        await session.execute(text(statement))
