"""Look at one trip as a caller sees it: what its page, its JSON and its paper all show."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.scope import reach_of
from app.auth.caller import Caller
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
