"""What an event form offers to choose from: bags that fit, trips on their way, places, vehicles."""

from typing import Any, get_args

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.read import today
from app.auth.caller import Caller
from app.batches.models import Batch
from app.events.as_typed import Blank
from app.events.coming import bags_of_trip, coming_to, trip_of
from app.events.held import MOST_BAGS, bags_at
from app.events.in_store import marked, offer_to_store, told_of_containers
from app.events.packaging_lines import packaging_lines
from app.events.rules import METHOD_SITES
from app.events.state import state_from_json
from app.packaging.read import Vocabulary, list_terms
from app.tariffs.read import for_the_phone
from app.trips.choices import destinations, places, usual_vehicles


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
        county = site[:6] if kind == "hand_in" else ""
        tariffs = await for_the_phone(session, county, today()) if county else []
        return {"bag": bag, "lines": lines, "tariffs": tariffs, **words}
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
    wanted = values["trip"] or await trip_of(session, site, values["code"])
    trips = await coming_to(session, site)
    chosen = next((trip for trip in trips if str(trip.id) == wanted), None)
    if chosen:
        bags = await bags_of_trip(session, chosen.id, site)
        for bag in bags:
            named = values["code"] == bag.code
            if bag.left and not named and not values[f"outcome-{bag.code}"]:
                # It does not come by itself: whoever has it says so.
                values[f"outcome-{bag.code}"] = "later"
        simply = sum(one.bags or 1 for one in bags if not one.left)
        return {"trip": chosen, "trips": [], "bags": bags, "more": max(0, chosen.bags - simply)}
    await marked(session, [], values, site)
    return {"trip": None, "trips": trips, "bags": [], "more": 0}
