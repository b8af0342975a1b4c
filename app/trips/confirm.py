"""Confirm a departure that the other side recorded."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.caller import SITE_ROLES, Caller
from app.auth.permissions import RIGHTS, require
from app.errors import Forbidden
from app.trips.errors import NothingToConfirm, OwnSideCannotConfirm
from app.trips.follow import keep_legs
from app.trips.leg import CARRIER, ORIGIN, Told
from app.trips.load import TripFile
from app.trips.models import TripConfirmation

SIDES = {
    ORIGIN: ("发运站点", "the sending site"),
    CARRIER: ("承运方驾驶员", "the carrier's driver"),
}


def side_of(caller: Caller, file: TripFile, site: str | None) -> str | None:
    """Return the side that a caller stands on at a pick-up of a trip, None for everyone else."""
    if caller.role == "carrier":
        own = file.trip.carrier is not None and caller.organisation == file.trip.carrier
        return CARRIER if own else None
    sends = any(one.leg.origin == site for one in file.legs)
    return ORIGIN if caller.role in SITE_ROLES and caller.site == site and sends else None


def waiting_for(caller: Caller, file: TripFile) -> list[str]:
    """Return the pick-ups whose departures wait for this caller's word."""
    return sorted(
        {
            departure.site
            for one in file.legs
            for departure in one.unconfirmed
            if side_of(caller, file, departure.site) not in (None, departure.side)
        }
    )


async def confirm(
    session: AsyncSession, caller: Caller, file: TripFile, sites: Sequence[str], now: datetime
) -> None:
    """Confirm what the other side recorded at pick-ups; where none is named, at the own site.

    For a driver, who has no site, that is all of them. Saying it twice changes nothing. Raises
    Forbidden for whoever stands on neither side, OwnSideCannotConfirm where the caller's own side
    recorded it, NothingToConfirm where nothing has departed there.
    """
    action = "trips.confirm"
    require(caller, action)
    rows: dict[UUID, dict[str, Any]] = {}
    named: Sequence[str | None] = sites or [caller.site]
    for site in named:
        side = side_of(caller, file, site)
        if side is None:
            raise Forbidden(
                action=f"{RIGHTS[action].name}（只有发运站点和承运方可以确认）",
                action_en=f"{action}: only the sending site and the carrier may",
            )
        for departure in _of_the_other_side(file, site, side):
            rows[UUID(departure.event)] = {
                "trip": file.trip.id,
                "event_id": UUID(departure.event),
                "origin": departure.site,
                "side": side,
                "by": caller.id,
                "at": now,
            }
    statement = insert(TripConfirmation).on_conflict_do_nothing()
    await session.execute(statement, list(rows.values()))
    await keep_legs(session, [file.trip.id])


def _of_the_other_side(file: TripFile, site: str | None, side: str) -> list[Told]:
    """Return the departures from a site, or from all, that a side has not recorded itself."""
    legs = [one.leg for one in file.legs if site is None or one.leg.origin == site]
    departures = [departure for leg in legs for departure in leg.departures]
    if not departures:
        # The other side's phone may still hold the departure.
        raise NothingToConfirm(site=site or file.trip.number, retry=True)
    others = [departure for departure in departures if departure.side != side]
    if not others:
        other = SIDES[CARRIER if side == ORIGIN else ORIGIN]
        raise OwnSideCannotConfirm(side=SIDES[side][0], other=other[0], other_en=other[1])
    return others
