"""What is known of a bag: a label's facts, one step of its story, the state they fold to.

Frozen, and plain enough to be kept as JSON in the `batch` row.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

STAGES = {
    "open": "collect",
    "collected": "collect",
    "stored": "store",
    "in_transit": "transport",
    "received": "transport",
    "disposed": "dispose",
}
"""The stage of the chain that a status belongs to."""

Line = tuple[str, str, str, str, int]
"""material, form, size, scope, pieces"""


@dataclass(frozen=True)
class LabelFacts:
    """What a label says before anything is known of its bag."""

    county: str
    scope: str = "pesticide"


@dataclass(frozen=True)
class Step:
    """What one event says of one bag."""

    event: str
    kind: str
    site: str
    effective_us: int
    adjusted_us: int
    seq: int
    occurred_on: date
    mass_g: int | None = None
    mass_source: str | None = None
    scopes: tuple[tuple[str, int], ...] = ()
    """Counted grams by scope, of a hand-in's or a collect's contents."""
    contents: tuple[Line, ...] = ()
    trip: str | None = None
    destination: str | None = None
    method: str | None = None
    outcome: str | None = None
    """Of an exception at arrival: refused, missing or damaged."""

    @property
    def order(self) -> tuple[int, int, int, str]:
        """The order of a story: effective, unclamped, the device's sequence, the id."""
        return (self.effective_us, self.adjusted_us, self.seq, self.event)

    @property
    def county(self) -> str:
        """The county of the step's site."""
        return self.site[:6]


@dataclass(frozen=True)
class State:
    """Where a bag is and what is in it. `mass` is a vector over `<county>/<scope>`, sorted."""

    status: str = "unused"
    site: str | None = None
    """The holder; of a bag in transit, its sender."""
    trip: str | None = None
    destination: str | None = None
    mass: tuple[tuple[str, int], ...] = ()
    mass_source: str | None = None
    contents: tuple[Line, ...] = ()
    hand_ins: int = 0
    collector: str | None = None
    """The site that took the packaging back."""
    confirmed: bool = False
    flags: tuple[tuple[str, str], ...] = ()
    """(event, flag) of every step that did not fit by itself."""
    last: tuple[int, int, int, str] | None = None
    last_event: str | None = None
    """The step that brought the bag into its status."""

    @property
    def mass_g(self) -> int:
        """The bag's mass, over all origins."""
        return sum(grams for _, grams in self.mass)


def state_to_json(label: LabelFacts, state: State) -> dict[str, Any]:
    """Return a JSON object that `state_from_json` turns into the same state."""
    return {"label": asdict(label), **asdict(state)}


def state_from_json(stored: dict[str, Any]) -> State:
    """Return the state in a batch row."""
    values = {key: value for key, value in stored.items() if key != "label"}
    for key in ("mass", "contents", "flags"):
        values[key] = tuple(tuple(item) for item in values[key])
    if values["last"] is not None:
        values["last"] = tuple(values["last"])
    return State(**values)


def add_mass(
    left: Iterable[tuple[str, int]], right: Iterable[tuple[str, int]]
) -> tuple[tuple[str, int], ...]:
    """Return two mass vectors added up, sorted by origin."""
    sums: dict[str, int] = {}
    for origin, grams in (*left, *right):
        sums[origin] = sums.get(origin, 0) + grams
    return tuple(sorted(sums.items()))


def add_contents(left: Iterable[Line], right: Iterable[Line]) -> tuple[Line, ...]:
    """Return two lists of contents piled up, one line a sort."""
    pieces: dict[tuple[str, str, str, str], int] = {}
    for *what, count in (*left, *right):
        key = (what[0], what[1], what[2], what[3])
        pieces[key] = pieces.get(key, 0) + count
    return tuple((*key, count) for key, count in sorted(pieces.items()))
