"""Who has used a manifest's number (危险废物转移联单编号) before: each consignor has its own."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.ledger.models import Correction
from app.orm import among
from app.parties.models import Site
from app.trips.models import TripEvent
from app.trips.regime import Consignment


async def consignments_under(
    session: AsyncSession, manifests: Collection[str], but_for: Iterable[UUID] = ()
) -> dict[str, set[Consignment]]:
    """Return which consignors' departures on which trips name each manifest.

    Corrected departures are left out, and those that are about to be (`but_for`).
    """
    found: dict[str, set[Consignment]] = defaultdict(set)
    if not manifests:
        return found
    gone = select(Correction.corrects).where(Correction.corrects == TripEvent.event_id)
    rows = await session.execute(
        select(TripEvent.manifest, TripEvent.trip, Site.operator)
        .join(Site, Site.code == TripEvent.site)
        .where(
            among(TripEvent.manifest, manifests),
            TripEvent.destination.is_not(None),
            ~gone.exists(),
            ~among(TripEvent.event_id, but_for),
        )
    )
    for manifest, trip, consignor in rows:
        found[manifest or ""].add((trip, consignor))
    return found
