"""What a case is about, as whoever found it says: an alert now, complaints and inspections later."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class About:
    """A matter: `key` stays the same however often it comes back, `id` is its latest occurrence."""

    kind: str
    key: str
    id: UUID
    title: str
    reason: str
    severity: str
    county: str
    site: str | None
    seen_by: frozenset[str]
    since: datetime
    """From when the time to resolve it counts."""
