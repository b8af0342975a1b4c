"""Under which rules a load travels: 转运交接单 or 危险废物转移联单. Pure.

名录 900-003-04 exempts transport to a store, a listed resource-use unit, and municipal landfills
and incinerators; a hazardous-waste plant, a cement kiln or an unlisted recycler is not exempt.
What an area makes of the doubtful ones is its dated policy.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.trips.policy import Policy

INTERNAL, HAZARDOUS = "internal", "hazardous"
MANIFEST_MISSING, MANIFEST_USED = "manifest-missing", "manifest-used-before"
MANIFEST_DOUBTFUL = "manifest-doubtful"
Consignment = tuple[UUID, str]
"""A trip, and who sends something on it (移出人): the operator of the site that loads."""


@dataclass(frozen=True)
class Receiver:
    """What decides the regime about a destination on a day.

    `kind` is its letter in the site's code; `listed` tells whether the province lists it for
    resource use, `permitted` whether its 排污许可证 is in force.
    """

    kind: str
    listed: bool = False
    permitted: bool = False
    cement_kiln: bool = False


def regime_of(receiver: Receiver, policy: Policy) -> str:
    """Return `internal` or `hazardous`."""
    if receiver.kind == "H":
        return HAZARDOUS
    if receiver.cement_kiln:
        return policy.cement_kiln
    if receiver.kind == "R" and not receiver.listed:
        return policy.unlisted_recycler
    if receiver.kind in "IL" and not receiver.permitted:
        return policy.expired_permit
    return INTERNAL


def manifest_flags(
    regime: str,
    manifest: str | None,
    own: Consignment,
    others: Collection[Consignment],
    *,
    on: date,
    province: str,
) -> tuple[str, ...]:
    """Return what is odd about a departure's manifest: it is recorded all the same, and flagged.

    A number begins with the year and the province that it is filled in for. `others` are the
    consignments that named the same number before: each consignor fills in one for each run
    (危险废物转移管理办法), which several loads of one consignor on one truck share.
    """
    if not manifest:
        return (MANIFEST_MISSING,) if regime == HAZARDOUS else ()
    # One that was filled in on New Year's Eve may travel in January.
    fits = int(manifest[:4]) in (on.year, on.year - 1) and manifest[4:6] == province
    used = any(other != own for other in others)
    return (*(() if fits else (MANIFEST_DOUBTFUL,)), *((MANIFEST_USED,) if used else ()))
