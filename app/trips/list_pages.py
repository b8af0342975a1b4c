"""The page that lists trips: what needs looking into first, then the latest, by what was asked."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from app.areas.read import list_areas
from app.areas.scope import Reach, reach_of
from app.auth.access import SignedIn
from app.auth.caller import SITE_ROLES, Caller
from app.auth.permissions import allows, require
from app.db import Reading, ReadSession
from app.errors import NotFound
from app.pagination import Cursor
from app.parties.plates import PlateError, normalise_plate
from app.templating import render
from app.trips.find import find_trip
from app.trips.leg import IN_DISPUTE, OVERDUE
from app.trips.listing import Asked, list_trips
from app.trips.schemas import TripListed

router = APIRouter(include_in_schema=False)

TRIPS_A_PAGE = 30
MOST_URGENT = 10
UNFIT = 422
View = Literal["", "coming", "sent"]
STATE = "^(open|under_way|delivered|in_dispute|overdue)?$"
Text = Annotated[str, Query(max_length=40)]
NO_SUCH = "没有这个单号，或者与您的站点、辖区无关。"
NEITHER = "请填 ZY 开头的单号，或者车牌号。"


@dataclass(frozen=True)
class Filters:
    """What a reader asks for, as typed; empty where nothing is asked."""

    view: str = ""
    state: str = ""
    area: str = ""
    find: str = ""
    start: str = ""
    end: str = ""

    @property
    def typed(self) -> dict[str, str]:
        """The filters by the names of their fields."""
        return {
            "view": self.view, "state": self.state, "area": self.area, "find": self.find,
            "from": self.start, "to": self.end,
        }  # fmt: skip


def _filters(
    *,
    view: View = "",
    state: Annotated[str, Query(pattern=STATE)] = "",
    area: Annotated[str, Query(pattern="^([0-9]{6})?$")] = "",
    find: Text = "",
    start: Annotated[str, Query(alias="from", max_length=20)] = "",
    end: Annotated[str, Query(alias="to", max_length=20)] = "",
) -> Filters:
    return Filters(view, state, area, find.strip(), start.strip(), end.strip())


@router.get("/trips")
async def show_trips(
    request: Request,
    caller: SignedIn,
    session: Reading,
    filters: Annotated[Filters, Depends(_filters)],
    *,
    cursor: Cursor = None,
) -> Response:
    require(caller, "trips.read")
    reach, now = await reach_of(session, caller), datetime.now(UTC)
    if filters.find[:2].upper() == "ZY" and await _is_seen(session, reach, filters.find):
        return RedirectResponse(f"/trips/{filters.find}", 303)
    asked, wrong = _asked(caller, filters)
    listed = await list_trips(session, reach, asked, now=now, limit=TRIPS_A_PAGE, cursor=cursor)
    narrowed = any(filters.typed[name] for name in ("state", "find", "from", "to"))
    urgent: list[TripListed] = []
    many: list[str] = []
    if not narrowed and not cursor:
        for state in (OVERDUE, IN_DISPUTE):
            some = replace(asked, state=state)
            page = await list_trips(session, reach, some, now=now, limit=MOST_URGENT)
            urgent += page["items"]
            many += [state] if page["next_cursor"] else []
    first = {trip.id for trip in urgent}
    kept = {name: text for name, text in filters.typed.items() if text}
    onward = urlencode({**kept, "cursor": listed["next_cursor"]})
    values = {
        "urgent": urgent,
        "many": many,
        "items": [] if wrong else [t for t in listed["items"] if t.id not in first],
        "filters": filters.typed,
        "asked": narrowed or bool(filters.area),
        "wrong": wrong,
        "views": caller.role in SITE_ROLES,
        "areas": await _areas(session, reach),
        "own": caller.site or "",
        "may_announce": allows(caller, "trips.announce"),
        "next_url": f"/trips?{onward}" if listed["next_cursor"] and not wrong else None,
    }
    return render(request, "trips/trips.html", values, UNFIT if wrong else 200)


async def _is_seen(session: ReadSession, reach: Reach, number: str) -> bool:
    try:
        await find_trip(session, reach, number)
    except NotFound:
        return False
    return True


def _asked(caller: Caller, filters: Filters) -> tuple[Asked, dict[str, str]]:
    """Return what is asked for, and a sentence for each field that cannot be read."""
    own = caller.site if caller.role in SITE_ROLES else None
    wrong: dict[str, str] = {}
    vehicle = None
    if filters.find[:2].upper() == "ZY":
        wrong["find"] = NO_SUCH
    elif filters.find:
        try:
            vehicle = normalise_plate(filters.find)
        except PlateError:
            wrong["find"] = NEITHER
    days: dict[str, date | None] = {"from": None, "to": None}
    for name in days:
        try:
            days[name] = date.fromisoformat(filters.typed[name]) if filters.typed[name] else None
        except ValueError:
            wrong[name] = "请填日期，例如 2026-06-01。"
    asked = Asked(
        state=filters.state or None,
        area=filters.area or None,
        vehicle=vehicle,
        start=days["from"],
        end=days["to"],
        towards=own if filters.view == "coming" else None,
        away_from=own if filters.view == "sent" else None,
    )
    return asked, wrong


async def _areas(session: ReadSession, reach: Reach) -> list[dict[str, str]]:
    """Return the reporting areas to choose from, for those who reach them all."""
    if not reach.everything:
        return []
    areas = await list_areas(session, limit=100)
    return [{"code": a.code, "name": a.name} for a in areas if a.kind != "province"]
