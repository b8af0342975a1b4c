"""Under which rules a load travels: 转运交接单 or 危险废物转移联单. Pure.

名录 900-003-04 exempts transport to a store, a listed resource-use unit, and municipal landfills
and incinerators; a hazardous-waste plant, a cement kiln or an unlisted recycler is not exempt.
What an area makes of the doubtful ones is its dated policy.
"""

from dataclasses import dataclass

from app.trips.policy import Policy

INTERNAL, HAZARDOUS = "internal", "hazardous"
MANIFEST_MISSING = "manifest-missing"


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


def manifest_flags(regime: str, manifest: str | None) -> tuple[str, ...]:
    """Return what is missing on a departure: it is recorded all the same, and flagged."""
    return (MANIFEST_MISSING,) if regime == HAZARDOUS and not manifest else ()
