"""Look at one trip as a caller sees it: what its page, its JSON and its paper all show."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.scope import reach_of
from app.auth.caller import Caller
from app.errors import NotFound
from app.trips.confirm import waiting_for
from app.trips.find import find_trip
from app.trips.schemas import TripShown
from app.trips.show import shown
from app.workdays.read import calendar_of


async def look_at(
    session: AsyncSession, caller: Caller, reference: str, now: datetime
) -> TripShown:
    """Return a trip with the legs in the caller's reach as of `now`; NotFound."""
    seen = await find_trip(session, await reach_of(session, caller), reference)
    calendar = await calendar_of(session)
    return shown(seen, now, calendar, may_confirm=waiting_for(caller, seen.file))


async def load_of(
    session: AsyncSession, caller: Caller, reference: str, site: str
) -> dict[str, str]:
    """Return vehicle, driver and destination of what a trip is to load at a site, as far as known.

    Empty for a trip that the caller does not see: a form begins empty then.
    """
    try:
        seen = await find_trip(session, await reach_of(session, caller), reference)
    except NotFound:
        return {}
    goals = [one.leg.destination for one in seen.file.legs if one.leg.origin == site]
    known = {
        "vehicle": seen.file.trip.vehicle,
        "driver": "、".join(seen.drivers),
        "destination": goals[0] if len(goals) == 1 else "",
    }
    return {name: text for name, text in known.items() if text}
