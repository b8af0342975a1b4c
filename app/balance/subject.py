"""What a balance is about: a site, the counties of an area, or a trip."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class OfSite:
    """One point, station or plant, by its code."""

    site: str


@dataclass(frozen=True)
class OfCounties:
    """All sites and trips of some counties taken together; a trip counts at its sender's."""

    counties: frozenset[str]


@dataclass(frozen=True)
class OfTrip:
    """What one trip carries."""

    trip: UUID


Subject = OfSite | OfCounties | OfTrip
