"""What is known of a bag: a label's facts, one step of its story, the state they fold to.

Frozen, and plain enough to be kept as JSON in the `batch` row.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

STAGES = {
    "open": "collect",
    "collected": "collect",
    "stored": "store",
    "in_transit": "transport",
    "received": "transport",
    "repacked": "store",
    "written_off": "store",
    "disposed": "dispose",
}
"""The stage of the chain that a status belongs to."""
MAX_MASS_G = 2_000_000
"""Two tonnes: no bag weighs more."""
FINAL = frozenset({"repacked", "written_off", "disposed"})
"""Nothing follows: the mass is elsewhere, or off the books."""

Claim = tuple[tuple[str, int, int], ...]
"""So many grams in so many, by `<county>/<scope>`, sorted: origins that are not there have none."""

Line = tuple[str, str, str, str, int]
"""material, form, size, scope, pieces"""


Vector = tuple[tuple[str, int], ...]
"""Grams by key, sorted: by `<county>/<scope>`, by scope, by material."""


@dataclass(frozen=True)
class LabelFacts:
    """What a label says before anything is known of its bag."""

    county: str
    scope: str = "pesticide"


Order = tuple[int, int, int, str]


@dataclass(frozen=True)
class Output:
    """What a repack makes: its code, its grams, what is known of their materials."""

    code: str
    mass_g: int
    materials: Vector = ()


@dataclass(frozen=True)
class Repacking:
    """A repack's body: inputs as weighed, outputs in their order, what was taken out."""

    mode: str
    inputs: tuple[tuple[str, int], ...]
    outputs: tuple[Output, ...]
    removed: tuple[tuple[str, int], ...] = ()


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
    scopes: Vector = ()
    """Counted grams by scope, of a hand-in's or a collect's contents."""
    materials: Vector = ()
    """Counted grams by material; of a repack's output what its body says."""
    contents: tuple[Line, ...] = ()
    trip: str | None = None
    destination: str | None = None
    method: str | None = None
    outcome: str | None = None
    """Of an exception at arrival: refused, missing or damaged."""
    root: str | None = None
    """Of a replacement: the event that was first recorded; it keeps that one's place on a tie."""
    container: str | None = None
    """Of `pack` and `unpack`: into which, or out of which."""
    via: str | None = None
    """The container that the event names and that the bag was in."""
    member: bool = False
    """Reached through its container alone: the event does not name the bag itself."""
    group: tuple[str, int] | None = None
    """Weighed with others, not yet divided: which of the event's groups, and its net grams."""
    delta: int | None = None
    """Of a group whose shares are known: what this bag's share was more than it held before."""
    repacking: "Repacking | None" = None
    """The whole repack that the bag goes into or comes out of."""
    removed: Vector = ()
    """Of a repack's input: grams taken out of it, by reason."""
    vector: Vector | None = None
    """Of a repack's output: the mass by origin that its inputs give it."""
    heir: str | None = None
    """Of a repack's output: the site whose claim the next party's weighing confirms."""
    claim: "Claim | None" = None
    """Of a repack's output: which part of it that claim is; None: all."""

    @property
    def order(self) -> "Order":
        """The order of a story: effective, unclamped, the device's sequence, the id."""
        return (self.effective_us, self.adjusted_us, self.seq, self.root or self.event)

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
    mass: Vector = ()
    mass_source: str | None = None
    contents: tuple[Line, ...] = ()
    materials: Vector = ()
    """Counted grams by material, as far as counting went: what a sort divides by."""
    container: str | None = None
    """The container that it is in."""
    packed_by: str | None = None
    """The event that put it there; it stands on where the bag came to its end inside."""
    left: str | None = None
    """Refused or missing at an arrival: it may come back to its sender."""
    born: str | None = None
    """The repack that it came out of."""
    hand_ins: int = 0
    collector: str | None = None
    """The site that took the packaging back."""
    confirmed: bool = False
    claim: Claim | None = None
    """Of what came out of a repack: the part that nobody but the collector had weighed; None: all."""
    flags: tuple[tuple[str, str], ...] = ()
    """(event, flag) of every step that did not fit by itself."""
    last: Order | None = None
    last_event: str | None = None
    """The step that brought the bag into its status."""

    @property
    def mass_g(self) -> int:
        """The bag's mass, over all origins."""
        return sum(grams for _, grams in self.mass)

    def claimed(self, mass: Vector) -> Vector:
        """Return the part of a mass of this bag that its collector claims, to the nearest gram."""
        if self.claim is None:
            return mass
        parts = {origin: (part, whole) for origin, part, whole in self.claim}
        found = ((origin, grams, *parts.get(origin, (0, 1))) for origin, grams in mass)
        return tuple(
            (origin, (2 * grams * part + whole) // (2 * whole))
            for origin, grams, part, whole in found
        )


def state_to_json(label: LabelFacts, state: State) -> dict[str, Any]:
    """Return a JSON object that `state_from_json` turns into the same state."""
    # The values are scalars and tuples: no copy is needed, which `asdict` takes long to make.
    return {"label": vars(label).copy(), **vars(state)}


def state_from_json(stored: dict[str, Any]) -> State:
    """Return the state in a batch row."""
    values = {key: value for key, value in stored.items() if key != "label"}
    for key in ("mass", "contents", "materials", "flags"):
        values[key] = tuple(tuple(item) for item in values[key])
    if values["last"] is not None:
        values["last"] = tuple(values["last"])
    if values.get("claim") is not None:
        values["claim"] = tuple(tuple(item) for item in values["claim"])
    return State(**values)


def add_mass(left: Iterable[tuple[str, int]], right: Iterable[tuple[str, int]]) -> Vector:
    """Return two vectors added up, sorted by key."""
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
