"""What a phone takes along: enough of its site that most mistakes are seen without a network.

One bounded read in one snapshot. Lists hold the newest; what is cut is said, and the server decides
in the end whatever a phone believed.
"""

import hashlib
from collections.abc import Sequence
from typing import Any, get_args

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.names import county_names
from app.areas.read import today
from app.auth.caller import Caller
from app.auth.people import is_first, people_of
from app.batches.models import Batch, Label
from app.capture.bags import bags_of
from app.events.coming import coming_to
from app.events.facts import packaging_now
from app.events.packaging_lines import USUAL
from app.ledger.leaf import jcs
from app.packaging.read import Vocabulary, list_terms
from app.parties.models import Site, Vehicle
from app.tariffs.read import for_the_phone
from app.trips.choices import destinations, places, usual_vehicles

MOST_LABELS = 1_000
MOST_TERMS = 100


async def pack_of(session: AsyncSession, caller: Caller) -> dict[str, Any]:
    """Return the pack of the caller's site, or of a carrier's driver, who has none.

    `bags` are those of app/capture/bags.py, `labels` the site's that nobody has used. The head of the log is not in it: it grows with every event anywhere, and phones ask
    `/log/checkpoint` for it.
    """
    site = await session.get(Site, caller.site) if caller.site else None
    county = site.county if site else caller.area
    labels = await _labels(session, caller.site) if caller.site else []
    packaging = await packaging_now(session)
    names = await county_names(session, [county])
    return {
        "account": {
            "id": str(caller.id),
            "name": caller.display_name,
            "role": caller.role,
            "first": await is_first(session, caller),
        },
        "site": _site(site) if site else None,
        "people": [
            {"id": str(one.id), "name": one.name, "pin": one.pin_check}
            for one in (await people_of(session, caller.site) if site else ())
        ],
        "county": {"code": county, "name": names.get(county, county)},
        **await bags_of(session, caller, county),
        "labels": {
            kind: [code for code, of in labels[:MOST_LABELS] if of == kind]
            for kind in ("bag", "container")
        },
        "labels_cut": len(labels) > MOST_LABELS,
        "trips": await _trips(session, caller.site),
        "destinations": [
            one
            for _, some in await destinations(session, county, caller.site or "")
            for one in some
        ],
        "places": [] if site else await places(session, county),
        "vehicles": await _vehicles(session, caller, county),
        "tariffs": await for_the_phone(session, county, today()) if caller.site else [],
        "packaging": {
            **{f"{one}s": await _terms(session, one) for one in get_args(Vocabulary)},
            "version": packaging.version,
            "weights": [[*sort, mg] for sort, mg in sorted(packaging.weights.items())],
            "usual": [list(sort) for sort in USUAL if sort[:3] in packaging.weights],
        },
    }


def tag_of(pack: dict[str, Any]) -> str:
    """Return the pack's entity tag: another exactly where something in it is."""
    return f'"{hashlib.sha256(jcs(pack)).hexdigest()[:32]}"'


def _site(site: Site) -> dict[str, Any]:
    return {"code": site.code, "name": site.name, "kind": site.kind, "township": site.township}


async def _labels(session: AsyncSession, site: str) -> Sequence[Any]:
    used = select(Batch.code).where(Batch.code == Label.code).exists()
    query = (
        select(Label.code, Label.kind)
        .where(Label.site == site, Label.voided_at.is_(None), ~used)
        .order_by(Label.issued_at.desc(), Label.code)
        .limit(MOST_LABELS + 1)
    )
    return (await session.execute(query)).all()


async def _trips(session: AsyncSession, site: str | None) -> list[dict[str, Any]]:
    return [
        {"id": str(one.id), "number": one.number, "vehicle": one.vehicle, "from": one.from_name}
        for one in await coming_to(session, site or "")
    ]


async def _vehicles(session: AsyncSession, caller: Caller, county: str) -> list[str]:
    """Return a carrier's own plates, or those that have lately driven in the county."""
    if caller.role != "carrier":
        return await usual_vehicles(session, county)
    own = select(Vehicle.plate).where(Vehicle.organisation == caller.organisation)
    return list(await session.scalars(own.order_by(Vehicle.plate).limit(MOST_TERMS)))


async def _terms(session: AsyncSession, vocabulary: Vocabulary) -> list[dict[str, str]]:
    words = await list_terms(session, vocabulary, limit=MOST_TERMS)
    return [{"slug": word.slug, "name": word.name} for word in words]
