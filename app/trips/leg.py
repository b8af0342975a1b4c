"""A leg of a trip, its bags, and the state that leaves it in. Pure.

A leg is what a trip took from one origin for one destination.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.trips.policy import Policy

OPEN, UNDER_WAY, DELIVERED, IN_DISPUTE, OVERDUE = STATES = (
    "open", "under_way", "delivered", "in_dispute", "overdue",
)  # fmt: skip
RANK = {OPEN: 1, DELIVERED: 2, UNDER_WAY: 3, IN_DISPUTE: 4, OVERDUE: 5}
"""A trip is in the state of its leg with the highest rank."""
STAYED = frozenset({"refused", "missing"})
"""Outcomes at arrival with which a bag stays on its trip."""
MOVING, ARRIVED, RETURNED, WRITTEN_OFF = "moving", "arrived", "returned", "written_off"
CARRIER, ORIGIN = "carrier", "origin"
THOUSAND = 1000

Order = tuple[int, int, int, str]
"""The order of a story: effective, unclamped, the device's sequence, the id."""


@dataclass(frozen=True)
class AtArrival:
    """What a receiver said of a bag that did not simply arrive."""

    outcome: str
    reason: str


@dataclass(frozen=True)
class Told:
    """A departure, an arrival or another step that moved a trip's load, as its leaf tells it.

    `codes` are the codes that it names, `side` tells who recorded a departure.
    """

    event: str
    kind: str
    site: str
    order: Order
    at: datetime
    recorded_at: datetime
    codes: frozenset[str]
    destination: str | None = None
    side: str = ORIGIN
    regime: str | None = None
    manifest: str | None = None
    names_trip: bool = True
    flags: tuple[str, ...] = ()
    exceptions: Mapping[str, AtArrival] = field(default_factory=dict)
    difference_reason: str | None = None
    container: str | None = None
    """Of a packing or unpacking: into which container, or out of which."""


@dataclass(frozen=True)
class Moved:
    """What one step moved of one bag, in net grams; `booked` tells whether it ever moved anything.

    `out_g` went from a site onto the trip, `off_g` from the trip to `to` (a site code, or an
    account such as `written_off`); `difference_g` is what the step's weighing found more.
    """

    out_g: int = 0
    off_g: int = 0
    to: str = ""
    difference_g: int = 0
    booked: bool = False


@dataclass(frozen=True)
class Bag:
    """One bag of a leg. Grams: out = received − difference + moving + written off.

    `received_g` is what `at` took in, whoever that is.
    """

    code: str
    state: str
    out_g: int
    received_g: int = 0
    moving_g: int = 0
    written_off_g: int = 0
    difference_g: int = 0
    outcome: str | None = None
    reason: str | None = None
    at: str | None = None
    """The site that took it in."""

    @property
    def waiting(self) -> bool:
        """Tell whether nobody has said yet what became of it."""
        return self.state == MOVING and self.outcome not in STAYED


@dataclass(frozen=True)
class Leg:
    """What a trip took from one origin for one destination; announced alone where none departed."""

    origin: str
    destination: str
    departures: tuple[Told, ...] = ()
    arrivals: tuple[Told, ...] = ()
    bags: tuple[Bag, ...] = ()

    @property
    def out_g(self) -> int:
        """Grams that left."""
        return sum(bag.out_g for bag in self.bags)

    @property
    def received_g(self) -> int:
        """Grams that the receiver took in, as weighed there."""
        return sum(bag.received_g for bag in self.bags if bag.at == self.destination)

    @property
    def returned_g(self) -> int:
        """Grams that the sender took back."""
        return sum(bag.received_g for bag in self.bags if bag.state == RETURNED)

    @property
    def elsewhere_g(self) -> int:
        """Grams that somebody else took in than the receiver or the sender."""
        return sum(bag.received_g for bag in self.bags if self.went_elsewhere(bag))

    def went_elsewhere(self, bag: Bag) -> bool:
        """Tell whether a bag was taken in by another site than the receiver and the sender."""
        return bag.at not in (None, self.destination, self.origin)

    @property
    def carried_g(self) -> int:
        """Grams that left, of what somebody has taken in by now."""
        return self.out_g - self.moving_g - self.written_off_g

    @property
    def moving_g(self) -> int:
        """Grams that are still on the trip."""
        return sum(bag.moving_g for bag in self.bags)

    @property
    def written_off_g(self) -> int:
        """Grams that were written off on the way."""
        return sum(bag.written_off_g for bag in self.bags)

    @property
    def difference_g(self) -> int:
        """What arrived more than left (less: negative)."""
        return sum(bag.difference_g for bag in self.bags)

    @property
    def departed_at(self) -> datetime | None:
        """When the first of its load left."""
        return min((told.at for told in self.departures), default=None)

    @property
    def arrived_at(self) -> datetime | None:
        """When the last of its load came to where somebody took it in."""
        return max((told.at for told in self.arrivals), default=None)

    @property
    def waiting(self) -> bool:
        """Tell whether there are bags of which nobody has said anything yet."""
        return any(bag.waiting for bag in self.bags)

    def count(self, state: str) -> int:
        """Return how many bags are in a state."""
        return sum(bag.state == state for bag in self.bags)

    def settled(self, policy: Policy) -> str:
        """Return the leg's state but for time: open, under way, delivered or in dispute.

        In dispute: a bag was refused or missed and is neither received, returned nor written off;
        one arrived damaged; or the weighings differ beyond the policy's limits.
        """
        if not self.departures:
            return OPEN
        if self.disputed(policy):
            return IN_DISPUTE
        return UNDER_WAY if self.count(MOVING) else DELIVERED

    def disputed(self, policy: Policy) -> bool:
        """Tell whether something about the leg is in dispute."""
        unsettled = any(bag.state == MOVING and bag.outcome in STAYED for bag in self.bags)
        damaged = any(bag.outcome == "damaged" for bag in self.bags)
        return unsettled or damaged or self.beyond(policy)

    def beyond(self, policy: Policy) -> bool:
        """Tell whether what arrived weighs too much less, or more, than what left."""
        off = abs(self.difference_g)
        share = off * THOUSAND > policy.difference_permille * self.carried_g
        return off > 0 and (share or off > policy.difference_g)

    def due_at(self, policy: Policy) -> datetime | None:
        """Return by when its load is expected; None where nothing has departed."""
        left = self.departed_at
        return left and left + timedelta(hours=policy.deliver_within_h)


def state_at(settled: str, due_at: datetime | None, now: datetime, *, waiting: bool) -> str:
    """Return a leg's state: overdue where bags of which nobody spoke are past their time."""
    return OVERDUE if waiting and due_at is not None and due_at < now else settled


def state_of_trip(legs: Iterable[str]) -> str:
    """Return a trip's state from its legs': that of the highest rank; open where it has none."""
    return max(legs, key=RANK.__getitem__, default=OPEN)
