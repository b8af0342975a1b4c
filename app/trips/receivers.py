"""What decides the regime about destinations: their kind, the province's list, their permits."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.orm import among
from app.parties.models import ListedUnit, Permit, Site
from app.trips.regime import Receiver


async def receivers_on(
    session: AsyncSession, codes: Iterable[str], on: date
) -> dict[str, Receiver]:
    """Return the sites among codes as receivers on a day."""
    wanted = set(codes)
    sites = (await session.scalars(select(Site).where(among(Site.code, wanted)))).all()
    listed = select(ListedUnit.site).where(
        among(ListedUnit.site, wanted),
        ListedUnit.valid_from <= on,
        or_(ListedUnit.valid_to.is_(None), ListedUnit.valid_to >= on),
    )
    permitted = select(Permit.site).where(
        among(Permit.site, wanted),
        Permit.kind == "discharge",
        Permit.valid_from <= on,
        Permit.valid_to >= on,
    )
    on_list = set(await session.scalars(listed))
    with_permit = set(await session.scalars(permitted))
    return {
        site.code: Receiver(
            kind=site.kind,
            listed=site.code in on_list,
            permitted=site.code in with_permit,
            cement_kiln=site.plant_kind == "cement_kiln",
        )
        for site in sites
    }
