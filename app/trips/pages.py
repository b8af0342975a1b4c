"""Pages of trips: what is coming and what was sent, the waybill on screen, the other side's word."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from app.areas.read import list_areas
from app.areas.scope import Reach, reach_of
from app.auth.access import SignedIn, require_same_origin
from app.auth.caller import SITE_ROLES, Caller
from app.auth.permissions import require
from app.db import Reading, ReadSession, Writing
from app.pagination import Cursor
from app.templating import render
from app.trips.confirm import confirm
from app.trips.find import find_trip, id_of
from app.trips.leg import IN_DISPUTE, MOVING, OVERDUE, RANK
from app.trips.listing import Asked, list_trips
from app.trips.look import look_at
from app.trips.schemas import LegShown, TripListed
from app.trips.waybill import confirm_by_of, sentences_of, words_of
from app.trips.wording import MANIFEST_ELSEWHERE

router = APIRouter(include_in_schema=False)

TRIPS_A_PAGE = 30
MOST_URGENT = 10
View = Literal["", "coming", "sent"]
STATE = "^(open|under_way|delivered|in_dispute|overdue)?$"


@router.get("/trips")
async def show_trips(
    request: Request,
    caller: SignedIn,
    session: Reading,
    *,
    view: View = "",
    state: Annotated[str, Query(pattern=STATE)] = "",
    area: Annotated[str, Query(pattern="^([0-9]{6})?$")] = "",
    cursor: Cursor = None,
) -> Response:
    require(caller, "trips.read")
    reach = await reach_of(session, caller)
    now = datetime.now(UTC)
    asked = _asked(caller, view, state, area)
    listed = await list_trips(session, reach, asked, now=now, limit=TRIPS_A_PAGE, cursor=cursor)
    urgent: list[TripListed] = []
    if not state and not cursor:
        urgent = await _urgent(session, reach, _asked(caller, view, "", area), now)
    first = {trip.id for trip in urgent}
    filters = {"view": view, "state": state, "area": area}
    onward = urlencode({**filters, "cursor": listed["next_cursor"]})
    values = {
        "urgent": urgent,
        "items": [trip for trip in listed["items"] if trip.id not in first],
        "filters": filters,
        "views": caller.role in SITE_ROLES,
        "areas": await _areas(session, reach),
        "own": caller.site or "",
        "next_url": f"/trips?{onward}" if listed["next_cursor"] else None,
    }
    return render(request, "trips/trips.html", values)


def _asked(caller: Caller, view: str, state: str, area: str) -> Asked:
    own = caller.site if caller.role in SITE_ROLES else None
    return Asked(
        state=state or None,
        area=area or None,
        towards=own if view == "coming" else None,
        away_from=own if view == "sent" else None,
    )


async def _urgent(
    session: ReadSession, reach: Reach, asked: Asked, now: datetime
) -> list[TripListed]:
    """Return the trips that somebody must look into: overdue first, then in dispute."""
    found: list[TripListed] = []
    for state in (OVERDUE, IN_DISPUTE):
        some = Asked(state=state, area=asked.area, towards=asked.towards, away_from=asked.away_from)
        page = await list_trips(session, reach, some, now=now, limit=MOST_URGENT)
        found += page["items"]
    return found


async def _areas(session: ReadSession, reach: Reach) -> list[dict[str, str]]:
    """Return the reporting areas to choose from, for those who reach them all."""
    if not reach.everything:
        return []
    areas = await list_areas(session, limit=100)
    return [{"code": a.code, "name": a.name} for a in areas if a.kind != "province"]


@router.get("/TRIPS/{trip}")
async def show_scanned(caller: SignedIn, session: Reading, trip: str) -> Response:
    """Lead on from the QR of a printed waybill, whose address is all in capitals."""
    require(caller, "trips.read")
    await find_trip(session, await reach_of(session, caller), trip)
    return RedirectResponse(f"/trips/{trip}", 303)


@router.get("/trips/{trip}")
async def show_trip(request: Request, caller: SignedIn, session: Reading, trip: str) -> Response:
    require(caller, "trips.read")
    answer = await look_at(session, caller, trip, datetime.now(UTC))
    # What somebody must look into stands first.
    legs = sorted(answer.legs, key=lambda leg: RANK[leg.state], reverse=True)
    values = {
        "trip": answer,
        "legs": [_leg(leg, caller) for leg in legs],
        "manifest_elsewhere": MANIFEST_ELSEWHERE,
    }
    return render(request, "trips/trip.html", values)


def _leg(leg: LegShown, caller: Caller) -> dict[str, Any]:
    """Return a leg with what is wrong in words, and whether the caller may receive it."""
    moving = [bag for bag in leg.bags if bag.state == MOVING]
    return {
        "leg": leg,
        "sentences": sentences_of(leg),
        "bags": [(bag, " · ".join(words_of(bag))) for bag in leg.bags],
        "moving": len(moving),
        "confirm_by": confirm_by_of(leg),
        "receives": bool(moving) and caller.site == leg.destination.code,
    }


@router.post("/trips/{trip}/confirm", dependencies=[Depends(require_same_origin)])
async def post_confirm(
    caller: SignedIn,
    session: Writing,
    trip: str,
    site: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    require(caller, "trips.confirm")
    reach = await reach_of(session, caller)
    seen = await find_trip(session, reach, trip)
    await confirm(session, caller, seen.file, site or None, datetime.now(UTC))
    return RedirectResponse(f"/trips/{await id_of(session, trip)}", 303)
