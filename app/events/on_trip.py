"""Whether a departure may join a trip that exists, and what is odd about it. Pure."""

from app.auth.caller import Caller
from app.errors import Forbidden
from app.events.facts import TripRow
from app.events.schemas import Depart, Draft

OTHER_VEHICLE = "other-vehicle"


def check_trip(caller: Caller, trip: TripRow | None, draft: Draft) -> None:
    """Raise Forbidden where a driver would load for a trip of another carrier."""
    if (
        trip is not None
        and isinstance(draft, Depart)
        and caller.role == "carrier"
        and trip.carrier != caller.organisation
    ):
        raise Forbidden(
            action="发运（转运交接单不属于本单位）",
            action_en="event.depart, on a trip of another carrier",
            pointer="/trip",
        )


def vehicle_flags(trip: TripRow | None, draft: Depart) -> tuple[str, ...]:
    """Return what is odd: the load left with another vehicle than the trip's. Vehicles break."""
    return (OTHER_VEHICLE,) if trip is not None and trip.vehicle != draft.vehicle else ()
