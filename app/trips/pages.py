"""Pages of one trip: the waybill on screen, the other side's word."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from app.areas.scope import reach_of
from app.auth.access import SignedIn, require_same_origin
from app.auth.caller import Caller
from app.auth.permissions import require
from app.db import Reading, Writing
from app.templating import moment, render
from app.trips.confirm import confirm
from app.trips.find import find_trip, id_of
from app.trips.leg import MOVING, RANK
from app.trips.look import look_at
from app.trips.schemas import MAX_STOPS, LegShown, TripShown
from app.trips.waybill import confirm_by_of, sentences_of, words_of
from app.trips.wording import MANIFEST_ELSEWHERE, NOTHING_RIDES

router = APIRouter(include_in_schema=False)


@router.get("/TRIPS/{trip}")
async def show_scanned(caller: SignedIn, session: Reading, trip: str) -> Response:
    """Lead on from the QR of a printed waybill, whose address is all in capitals."""
    require(caller, "trips.read")
    await find_trip(session, await reach_of(session, caller), trip)
    return RedirectResponse(f"/trips/{trip}", 303)


@router.get("/trips/{trip}")
async def show_trip(
    request: Request, caller: SignedIn, session: Reading, trip: str, *, announced: bool = False
) -> Response:
    require(caller, "trips.read")
    answer = await look_at(session, caller, trip, datetime.now(UTC))
    # What somebody must look into stands first.
    legs = sorted(answer.legs, key=lambda leg: RANK[leg.state], reverse=True)
    values = {
        "trip": answer,
        "stages": _stages(answer),
        "legs": [_leg(leg, caller) for leg in legs],
        "manifest_elsewhere": MANIFEST_ELSEWHERE,
        "nothing_rides": NOTHING_RIDES.get(answer.nothing_rides or ""),
        "just_announced": announced,
    }
    return render(request, "trips/trip.html", values)


def _leg(leg: LegShown, caller: Caller) -> dict[str, Any]:
    """Return a leg with what is wrong in words, and whether the caller may receive it."""
    moving = [bag for bag in leg.bags if bag.state == MOVING]
    bags = [(bag, " · ".join(words_of(bag))) for bag in leg.bags]
    return {
        "leg": leg,
        "sentences": sentences_of(leg),
        "bags": bags,
        "odd": [(bag, words) for bag, words in bags if bag.outcome or bag.elsewhere],
        "count": len(leg.bags),
        "moving": len(moving),
        "received": sum(b.at is not None and b.at.code == leg.destination.code for b in leg.bags),
        "confirm_by": confirm_by_of(leg),
        "loads": leg.departed_at is None and _loads(leg, caller),
        "receives": bool(moving) and caller.site == leg.destination.code,
    }


def _stages(trip: TripShown) -> list[dict[str, str]]:
    """Return how far a trip is: announced, on the road, received."""
    left = [leg.departed_at for leg in trip.legs if leg.departed_at]
    came = [leg.arrived_at for leg in trip.legs if leg.arrived_at]
    bags: list[str] = [bag.state for leg in trip.legs for bag in leg.bags]
    moving = bags.count(MOVING)
    waiting = any(leg.departed_at is None for leg in trip.legs)
    reached = 2 if came and not moving and not waiting else 1 if left else 0
    first = ("登记计划", "list", moment(trip.opened_at)) if trip.announced else ("装车", "bag", "")
    told = (
        first,
        ("发运", "truck", moment(min(left)) if left else ""),
        ("签收", "arrive", _said_of_arrival(len(bags), moving, max(came)) if came else ""),
    )
    return [
        {"name": name, "icon": icon, "note": note,
         "state": "now" if n == reached else "done" if n < reached else ""}
        for n, (name, icon, note) in enumerate(told)
    ]  # fmt: skip


def _said_of_arrival(bags: int, moving: int, came: datetime) -> str:
    return f"{bags} 袋中 {bags - moving} 袋" if moving else moment(came)


def _loads(leg: LegShown, caller: Caller) -> bool:
    """Tell whether the caller may record what departs on a leg; a driver sees the own trips alone."""
    return caller.role == "carrier" or caller.site == leg.origin.code


@router.post("/trips/{trip}/confirm", dependencies=[Depends(require_same_origin)])
async def post_confirm(
    caller: SignedIn,
    session: Writing,
    trip: str,
    site: Annotated[list[str], Form(max_length=MAX_STOPS)],
) -> Response:
    require(caller, "trips.confirm")
    reach = await reach_of(session, caller)
    seen = await find_trip(session, reach, trip)
    await confirm(session, caller, seen.file, site, datetime.now(UTC))
    return RedirectResponse(f"/trips/{await id_of(session, trip)}", 303)
