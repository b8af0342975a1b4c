"""Load trips with their legs, set-based: a fixed number of statements however many they carry."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.scope import township_key
from app.balance.models import Posting
from app.balance.postings import DIFFERENCE, UNEXPLAINED, transit_account
from app.batches.models import Batch
from app.ledger.leaf import read_leaf
from app.ledger.models import Event, EventBatch
from app.orm import among
from app.parties.models import Site
from app.trips.inside import of_members
from app.trips.leg import Leg, Moved, Told, state_at
from app.trips.models import Trip, TripConfirmation, TripEvent, TripStop
from app.trips.policy import Policy
from app.trips.policy_rows import PoliciesByDay, load_policies
from app.trips.ride import legs_of
from app.trips.told import Row, told_of

SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Place:
    """A site as trips name it."""

    code: str
    name: str
    county: str
    township: str


@dataclass(frozen=True)
class Plan:
    """When a leg was announced to load and to deliver, if that was said."""

    pick_up_at: datetime | None = None
    deliver_at: datetime | None = None


@dataclass(frozen=True)
class Riding:
    """A leg with its plan, the policy that judges it and the codes of everyone who may see it."""

    leg: Leg
    plan: Plan
    policy: Policy
    seen_by: frozenset[str]
    unconfirmed: tuple[Told, ...]
    """Departures that the other side has not confirmed; none where no carrier is known."""

    def state(self, now: datetime) -> str:
        """Return the leg's state at an instant."""
        leg = self.leg
        settled, due_at = leg.settled(self.policy), leg.due_at(self.policy)
        return state_at(settled, due_at, now, waiting=leg.waiting)


@dataclass(frozen=True)
class TripFile:
    """A trip, its legs, what came in with it but was not on it, and the places it concerns."""

    trip: Trip
    legs: tuple[Riding, ...]
    strays: Mapping[str, Sequence[Told]]
    places: Mapping[str, Place]


async def load_trips(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, TripFile]:
    """Return trips by id with everything that postings and leaves say of them."""
    trips = (await session.scalars(select(Trip).where(among(Trip.id, ids)))).all()
    if not trips:
        return {}
    wanted = [trip.id for trip in trips]
    planned = await plans_of(session, wanted)
    noted = await _noted(session, wanted)
    moved, about = await _moved(session, wanted, noted)
    told = await _told(session, noted, about)
    containers = await _containers(session, told)
    fillings = await _fillings(session, told, containers)
    told = {trip: of_members(steps, fillings) for trip, steps in told.items()}
    confirmed = await _confirmed(session, wanted)
    built = {
        trip: legs_of(told[trip], moved[trip], list(planned[trip]), containers) for trip in wanted
    }
    places = await _places(session, built)
    counties = {leg.origin[:6] for legs, _ in built.values() for leg in legs}
    policies = await load_policies(session, counties)
    return {
        trip.id: TripFile(
            trip,
            tuple(
                Riding(
                    leg,
                    planned[trip.id].get((leg.origin, leg.destination), Plan()),
                    _policy(policies, leg, trip),
                    _seers(leg, trip, places),
                    tuple(
                        d for d in leg.departures if trip.carrier and UUID(d.event) not in confirmed
                    ),
                )
                for leg in built[trip.id][0]
            ),
            built[trip.id][1],
            places,
        )
        for trip in trips
    }


async def plans_of(
    session: AsyncSession, trips: Sequence[UUID]
) -> dict[UUID, dict[tuple[str, str], Plan]]:
    """Return the announced legs of each trip, in their order."""
    rows = await session.scalars(
        select(TripStop).where(among(TripStop.trip, trips)).order_by(TripStop.trip, TripStop.n)
    )
    found: dict[UUID, dict[tuple[str, str], Plan]] = defaultdict(dict)
    for stop in rows:
        found[stop.trip][stop.origin, stop.destination] = Plan(stop.pick_up_at, stop.deliver_at)
    return found


async def _noted(
    session: AsyncSession, trips: Sequence[UUID]
) -> dict[UUID, dict[UUID, str | None]]:
    """Return the events of each trip with the regime of departures."""
    rows = await session.execute(
        select(TripEvent.trip, TripEvent.event_id, TripEvent.regime).where(
            among(TripEvent.trip, trips)
        )
    )
    found: dict[UUID, dict[UUID, str | None]] = {trip: {} for trip in trips}
    for trip, event, regime in rows:
        found[trip][event] = regime
    return found


async def _moved(
    session: AsyncSession, trips: Sequence[UUID], noted: Mapping[UUID, Mapping[UUID, str | None]]
) -> tuple[dict[UUID, dict[tuple[str, str], Moved]], dict[UUID, set[UUID]]]:
    """Return what each step moved of each bag through each trip's account, rebookings summed up.

    Found by cause first, which names bags and steps; then all that is booked about those steps
    of those bags, whatever booked it.
    """
    accounts = [transit_account(str(trip)) for trip in trips]
    causes = {event for events in noted.values() for event in events}
    through = or_(among(Posting.from_account, accounts), among(Posting.to_account, accounts))
    found = (
        await session.execute(
            select(Posting.batch_code, Posting.about)
            .where(among(Posting.cause, causes), through)
            .distinct()
        )
    ).all()
    moved: dict[UUID, dict[tuple[str, str], Moved]] = {trip: {} for trip in trips}
    about: dict[UUID, set[UUID]] = {trip: set() for trip in trips}
    if not found:
        return moved, about
    rows = await session.execute(
        select(
            Posting.batch_code,
            Posting.about,
            Posting.from_account,
            Posting.to_account,
            Posting.mass_g,
        ).where(
            among(Posting.batch_code, {code for code, _ in found}),
            among(Posting.about, {step for _, step in found}),
        )
    )
    by_step: dict[tuple[str, UUID], list[tuple[str, str, int]]] = defaultdict(list)
    for code, step, source, target, mass_g in rows:
        by_step[code, step].append((source, target, mass_g))
    by_account = dict(zip(accounts, trips, strict=True))
    for (code, step), lines in by_step.items():
        for account in by_account.keys() & {a for line in lines for a in line[:2]}:
            one = moved_by(account, lines)
            if one is not None:
                moved[by_account[account]][code, str(step)] = one
                about[by_account[account]].add(step)
    return moved, about


def moved_by(account: str, lines: Sequence[tuple[str, str, int]]) -> Moved | None:
    """Sum what one step moved of one bag; None where it never touched the account."""
    off_g = difference_g = 0
    touched, to = False, ""
    for source, target, mass_g in lines:
        if account in (source, target):
            touched = True
            to = target if source == account else source
            off_g += mass_g if source == account else -mass_g
        elif source in (DIFFERENCE, UNEXPLAINED) and target.startswith("site/"):
            difference_g += mass_g
        elif target in (DIFFERENCE, UNEXPLAINED) and source.startswith("site/"):
            difference_g -= mass_g
    if not touched:
        return None
    if off_g <= 0:
        return Moved(out_g=-off_g, booked=True)
    return Moved(off_g=off_g, to=to.removeprefix("site/"), difference_g=difference_g, booked=True)


async def _told(
    session: AsyncSession,
    noted: Mapping[UUID, Mapping[UUID, str | None]],
    about: Mapping[UUID, set[UUID]],
) -> dict[UUID, list[Told]]:
    wanted = {e for events in noted.values() for e in events} | set().union(*about.values())
    rows = await session.execute(
        select(Event.id, Event.leaf, Event.recorded_at).where(among(Event.id, wanted))
    )
    events = {id_: (read_leaf(leaf), recorded_at) for id_, leaf, recorded_at in rows}
    return {
        trip: told_of(
            trip,
            [
                Row(*events[event], regime=noted[trip].get(event))
                for event in sorted(noted[trip].keys() | about[trip])
            ],
        )
        for trip in noted
    }


async def _containers(session: AsyncSession, told: Mapping[UUID, Sequence[Told]]) -> frozenset[str]:
    codes = {c for steps in told.values() for s in steps for c in s.codes | s.exceptions.keys()}
    query = select(Batch.code).where(among(Batch.code, codes), Batch.kind == "container")
    return frozenset(await session.scalars(query))


async def _fillings(
    session: AsyncSession, told: Mapping[UUID, Sequence[Told]], containers: frozenset[str]
) -> list[Told]:
    """Return the packings and unpackings of the containers of which a receiver said something."""
    named = {code for steps in told.values() for step in steps for code in step.exceptions}
    rows = await session.execute(
        select(Event.leaf, Event.recorded_at)
        .join(EventBatch, EventBatch.event_id == Event.id)
        .where(among(EventBatch.batch_code, named & containers))
        .where(Event.kind.in_(("pack", "unpack", "correct")))
    )
    steps = told_of(None, (Row(read_leaf(leaf), recorded_at) for leaf, recorded_at in rows))
    return [step for step in steps if step.kind in ("pack", "unpack")]


async def _confirmed(session: AsyncSession, trips: Sequence[UUID]) -> frozenset[UUID]:
    query = select(TripConfirmation.event_id).where(among(TripConfirmation.trip, trips))
    return frozenset(await session.scalars(query))


Built = Mapping[UUID, tuple[Sequence[Leg], Mapping[str, Sequence[Told]]]]


async def _places(session: AsyncSession, built: Built) -> dict[str, Place]:
    codes: set[str] = set()
    for legs, strays in built.values():
        for leg in legs:
            codes |= {leg.origin, leg.destination, *(bag.at for bag in leg.bags if bag.at)}
        codes |= {step.site for steps in strays.values() for step in steps}
    rows = await session.execute(
        select(Site.code, Site.name, Site.county, Site.township).where(among(Site.code, codes))
    )
    return {row.code: Place(*row) for row in rows}


def _policy(policies: PoliciesByDay, leg: Leg, trip: Trip) -> Policy:
    """Return the policy that judges a leg: that of its origin on the day it left."""
    left = leg.departed_at
    on = left.astimezone(SHANGHAI).date() if left else trip.opened_on
    return policies.of(leg.origin[:6], on)


def _seers(leg: Leg, trip: Trip, places: Mapping[str, Place]) -> frozenset[str]:
    """Return the codes of everyone who sees a leg: its two ends, who took it in, its carrier."""
    seers: set[str] = {trip.carrier} if trip.carrier else set()
    for code in (leg.origin, leg.destination, *(bag.at for bag in leg.bags if bag.at)):
        place = places.get(code)
        if place:
            seers |= {code, place.county, township_key(place.county, place.township)}
    return frozenset(seers)
