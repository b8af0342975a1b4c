"""What an event form offers to choose from: bags that fit, trips on their way, places, vehicles."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, get_args
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import County
from app.auth.caller import Caller
from app.batches.models import Batch
from app.events.as_typed import Blank
from app.events.fields import MAX_BATCHES
from app.events.held import MOST_BAGS, Bag, bags_at, containers_of
from app.events.in_store import marked, offer_to_store, told_of_containers
from app.events.packaging_lines import packaging_lines
from app.events.rules import METHOD_SITES, PLANTS
from app.events.state import state_from_json
from app.packaging.read import Vocabulary, list_terms
from app.parties.models import Site
from app.parties.names import site_names
from app.trips.models import Trip


@dataclass(frozen=True)
class Coming:
    """A trip with bags that have not arrived yet."""

    id: UUID
    number: str
    vehicle: str
    from_name: str
    to_name: str
    departed_at: datetime
    bags: int
    mass_g: int


async def offer(
    session: AsyncSession, caller: Caller, kind: str, values: Blank, errors: Blank, site: str
) -> dict[str, Any]:
    """Return what the form of a kind needs besides its values; see templates/forms.

    `site` is the caller's own, or one that an official inspects; bags and trips are that site's
    alone, whatever site was typed: a form must not tell what another site holds.
    """
    if kind in ("hand_in", "collect"):
        bag = await _open_bag(session, site, values["code"]) if kind == "collect" else None
        words = {
            f"{vocabulary}s": await list_terms(session, vocabulary, limit=100)
            for vocabulary in get_args(Vocabulary)
        }
        lines = [] if bag else await packaging_lines(session, values, errors)
        return {"bag": bag, "lines": lines, **words}
    if kind == "arrive":
        return await _arriving(session, site, values)
    if kind in ("pack", "unpack", "repack"):
        return await offer_to_store(session, kind, values, site)
    fitting = await bags_at(session, site, kind)
    bags = {
        "cut": len(fitting) >= MOST_BAGS,
        "bags": await marked(session, fitting, values, site),
        "hints": await told_of_containers(session, values, site),
    }
    if kind == "depart":
        county = site[:6] or caller.area
        return {
            **bags,
            "places": [] if site else await places(session, county),
            "destinations": await destinations(session, county, site),
            "vehicles": await usual_vehicles(session, county),
        }
    if kind == "dispose":
        return {**bags, "methods": [m for m, plant in METHOD_SITES.items() if plant == site[7:8]]}
    return bags


async def _open_bag(session: AsyncSession, site: str, code: str) -> dict[str, Any] | None:
    found = await session.scalar(
        select(Batch).where(Batch.code == code, Batch.site == site, Batch.status == "open")
    )
    return pieces_in(found) if found else None


async def open_bag_at(session: AsyncSession, site: str) -> Batch | None:
    """Return the bag that a point filled last and has not sealed."""
    query = (
        select(Batch)
        .where(Batch.site == site, Batch.status == "open")
        .order_by(Batch.updated_at.desc())
        .limit(1)
    )
    return await session.scalar(query)


def pieces_in(batch: Batch) -> dict[str, Any]:
    """Return what stands in a bag that is being filled."""
    state = state_from_json(batch.state)
    return {
        "code": batch.code,
        "pieces": sum(line[-1] for line in state.contents),
        "mass_g": batch.mass_g,
        "hand_ins": state.hand_ins,
    }


async def _arriving(session: AsyncSession, site: str, values: Blank) -> dict[str, Any]:
    wanted = values["trip"] or await _trip_of(session, site, values["code"])
    trips = await coming(session, to=site)
    chosen = next((trip for trip in trips if str(trip.id) == wanted), None)
    if chosen:
        bags = await bags_of_trip(session, chosen.id, site)
        more = max(0, chosen.bags - sum(one.bags or 1 for one in bags))
        return {"trip": chosen, "trips": [], "bags": bags, "more": more}
    await marked(session, [], values, site)
    return {"trip": None, "trips": trips, "bags": [], "more": 0}


async def _trip_of(session: AsyncSession, site: str, code: str) -> str | None:
    """Return the trip on which a bag is coming to a site."""
    query = select(Batch.state["trip"].astext).where(
        Batch.code == code, Batch.status == "in_transit", Batch.seen_by.contains([site])
    )
    trip: str | None = await session.scalar(query)
    return trip


async def bags_of_trip(session: AsyncSession, trip: UUID, site: str) -> list[Bag]:
    """Return what of a trip to `site` is still on its way: containers, then loose bags."""
    on_the_way = (
        Batch.kind == "bag",
        Batch.status == "in_transit",
        Batch.seen_by.contains([site]),
        Batch.state["trip"].astext == str(trip),
        Batch.state["destination"].astext == site,
    )
    query = (
        select(Batch.code, Batch.mass_g, Batch.status)
        .where(*on_the_way, Batch.container.is_(None))
        .order_by(Batch.code)
        .limit(MAX_BATCHES)
    )
    packed = [
        replace(one, note=f"容器，内有 {one.bags} 袋")
        for one in await containers_of(session, *on_the_way)
    ]
    return [*packed, *(Bag(*row) for row in await session.execute(query))]


async def coming(
    session: AsyncSession,
    *,
    to: str | None = None,
    carrier: str | None = None,
) -> Sequence[Coming]:
    """Return trips with bags on their way to a site, or of a carrier, earliest departure first.

    `from_name` is one of the sites where a trip picked up, `to_name` one of those it goes to:
    most trips have one of each.
    """
    seer = to or carrier
    if seer is None:
        return []
    on_trip = Batch.state["trip"].astext
    moving = (
        select(
            on_trip,
            func.min(Batch.site),
            func.min(Batch.state["destination"].astext),
            func.count(),
            func.sum(Batch.mass_g),
        )
        .where(Batch.kind == "bag", Batch.status == "in_transit", Batch.seen_by.contains([seer]))
        .group_by(on_trip)
    )
    if to is not None:
        moving = moving.where(Batch.state["destination"].astext == to)
    loads = {UUID(row[0]): row[1:] for row in await session.execute(moving)}
    query = select(Trip).where(Trip.id.in_(loads))
    if carrier is not None:
        query = query.where(Trip.carrier == carrier)
    trips = (await session.scalars(query.order_by(Trip.opened_at))).all()
    named = [code for load in loads.values() for code in load[:2]]
    names = await site_names(session, named)
    found = []
    for t in trips:
        origin, destination, bags, mass_g = loads[t.id]
        found.append(
            Coming(
                id=t.id,
                number=t.number,
                vehicle=t.vehicle,
                from_name=names.get(origin, ""),
                to_name=names.get(destination or "", ""),
                departed_at=t.opened_at,
                bags=bags,
                mass_g=int(mass_g),
            )
        )
    return found


async def destinations(session: AsyncSession, county: str, origin: str) -> list[tuple[str, str]]:
    """Return (code, name) of where bags may go: the county's stations, then all plants."""
    near = Site.county == county
    query = (
        select(Site.code, Site.name, County.name, near)
        .join(County, County.code == Site.county)
        .where(
            Site.kind.in_(PLANTS) | ((Site.kind == "S") & near),
            Site.closed_on.is_(None),
            Site.code != origin,
        )
        .order_by(near.desc(), County.pinyin, Site.code)
    )
    rows = await session.execute(query)
    return [(code, name if own else f"{name}（{place}）") for code, name, place, own in rows]


async def places(session: AsyncSession, county: str) -> list[tuple[str, str]]:
    """Return (code, name with township) of where a driver may load: a county's points, stations."""
    query = (
        select(Site.code, Site.township, Site.name)
        .where(Site.county == county, Site.kind.in_(("P", "S")), Site.closed_on.is_(None))
        .order_by(Site.code)
    )
    rows = await session.execute(query)
    return [(code, f"{township or ''}{name}") for code, township, name in rows]


async def usual_vehicles(session: AsyncSession, county: str) -> list[str]:
    """Return the plates of the county's latest trips, each once."""
    query = (
        select(Trip.vehicle)
        .where(Trip.county == county)
        .group_by(Trip.vehicle)
        .order_by(func.max(Trip.opened_at).desc())
        .limit(20)
    )
    return list(await session.scalars(query))
