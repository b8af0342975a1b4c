"""One step of a chain of custody, as it is told."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

STAGE_OF_KIND = {
    "hand_in": "collect",
    "collect": "collect",
    "store": "store",
    "depart": "transport",
    "arrive": "transport",
    "pack": "store",
    "unpack": "store",
    "repack": "store",
    "stock_count": "store",
    "write_off": "store",
    "dispose": "dispose",
}


@dataclass(frozen=True)
class CustodyStep:
    """One event in a batch's life.

    `mass_g` is the batch's mass when the step was done (of a treatment: what was treated),
    `difference_g` what a weighing found more (less: negative) than was held before, `pieces`
    what came in. `trip` is the trip's number, `trip_id` its id, which may be known first.
    `flags` name what did not fit, `missing` the kinds of steps that nobody has told yet.
    `role` and `reason` are None for a foreign step: who acted there is not the reader's business.
    """

    event: str
    kind: str
    stage: str
    effective_at: datetime
    recorded_at: datetime
    site: str
    site_name: str
    county: str
    county_name: str
    foreign: bool
    role: str | None
    mass_g: int
    mass_source: str | None
    difference_g: int
    pieces: int
    trip: str | None
    trip_id: UUID | None
    destination: str | None
    destination_name: str | None
    method: str | None
    certificate: str | None
    outcome: str | None
    reason: str | None
    flags: tuple[str, ...]
    leaf_index: int | None
    via: str | None = None
    """The container that was named instead of the bag."""
    container: str | None = None
    """Of `pack` and `unpack`: into which, or out of which."""
    corrects: str | None = None
    """The event whose place this one took."""
    mode: str | None = None
    """Of a repack: sort, mix or relabel."""
    bags: int | None = None
    """Of a container: how many it held, `mass_g` being theirs, 0 where it is not known."""
    short: int = 0
    """Of a container: how many more did not come along."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Return the kinds of steps that were supplied before this one."""
        gaps = ("missing-collect", "missing-depart", "missing-arrive", "missing-pack")
        return tuple(flag.removeprefix("missing-") for flag in self.flags if flag in gaps)
