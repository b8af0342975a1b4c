"""Sort a trip's bags into its legs. Pure.

Everything is read from postings through `transit/<trip>`, summed by bag and by the step they are
about, so that late events, containers and corrections are right by themselves: a corrected
step's postings are booked back. A bag without any mass has no postings; the events that name it
stand in for them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.trips.leg import ARRIVED, MOVING, RETURNED, STAYED, WRITTEN_OFF, Bag, Leg, Moved, Told


def legs_of(
    told: Iterable[Told],
    moved: Mapping[tuple[str, str], Moved],
    planned: Sequence[tuple[str, str]] = (),
    containers: frozenset[str] = frozenset(),
) -> tuple[list[Leg], dict[str, list[Told]]]:
    """Return a trip's legs, and the bags that came in but were not on it.

    Announced legs come first, in their order, the others as they departed.

    `told` are the trip's steps and those that its postings are about; `moved` is what each moved,
    by (bag, event); `planned` the announced (origin, destination)s. A code of `containers` stands
    for its members, which have postings of their own.
    """
    steps = sorted(told, key=lambda one: one.order)
    bags: dict[str, list[Told]] = defaultdict(list)
    by_event = {one.event: one for one in steps}
    named = {(code, one.event) for one in steps for code in one.codes | one.exceptions.keys()}
    for code, event in sorted(named | moved.keys()):
        if event in by_event and code not in containers:
            bags[code].append(by_event[event])
    building: dict[tuple[str, str], _Building] = {leg: _Building() for leg in planned}
    strays: dict[str, list[Told]] = {}
    for code in sorted(bags):
        story = sorted(bags[code], key=lambda one: one.order)
        if not _ride(code, story, moved, building):
            lost = [
                one
                for one in story
                if one.kind == "arrive" and one.names_trip and code in one.codes
            ]
            if lost:
                strays[code] = lost
    legs = [one.leg(*key) for key, one in building.items()]
    later = [leg for leg in legs if (leg.origin, leg.destination) not in planned]
    later.sort(key=lambda leg: leg.departures[0].order)
    return [*legs[: len(legs) - len(later)], *later], strays


@dataclass
class _Riding:
    """A bag on the trip, as its story goes on."""

    departure: Told
    out_g: int
    outcome: str | None = None
    reason: str | None = None


@dataclass
class _Building:
    """A leg while its bags are sorted into it."""

    departures: dict[str, Told] = field(default_factory=dict)
    arrivals: dict[str, Told] = field(default_factory=dict)
    bags: list[Bag] = field(default_factory=list)

    def leg(self, origin: str, destination: str) -> Leg:
        in_order = [
            tuple(sorted(steps.values(), key=lambda one: one.order))
            for steps in (self.departures, self.arrivals)
        ]
        return Leg(origin, destination, in_order[0], in_order[1], tuple(self.bags))


def _ride(
    code: str,
    story: Sequence[Told],
    moved: Mapping[tuple[str, str], Moved],
    building: dict[tuple[str, str], _Building],
) -> bool:
    """Sort one bag into the legs that it rode; tell whether it was on the trip at all."""
    riding: _Riding | None = None
    rode = False
    for step in story:
        did = moved.get((code, step.event), Moved())
        said = step.exceptions.get(code)
        if riding and said:
            riding.outcome, riding.reason = said.outcome, said.reason
        left_behind = said is not None and said.outcome in STAYED
        if riding and step.kind == "depart" and step.names_trip and code in step.codes:
            # Loaded once more without an arrival between: what its postings say of it cancels out
            # but for what was found more or less.
            found_g = did.out_g - did.off_g
            did = Moved(riding.out_g + found_g, riding.out_g, step.site, found_g, booked=True)
        leaves = step.kind == "depart" and _happened(code, step, did.out_g, did)
        lands = not left_behind and (did.off_g or not leaves)
        if riding and lands and _happened(code, step, did.off_g, did):
            _settle(code, riding, step, did, building)
            riding = None
        if leaves:
            if riding:
                _still_moving(code, riding, building)
            riding, rode = _Riding(step, did.out_g), True
    if riding:
        _still_moving(code, riding, building)
    return rode


def _happened(code: str, step: Told, grams: int, did: Moved) -> bool:
    """Tell whether a step moved a bag: by its postings, else, for one without mass, by its word.

    What was booked and is booked back did not happen.
    """
    return grams > 0 or (not did.booked and code in step.codes)


def _leg_of(riding: _Riding, building: dict[tuple[str, str], _Building]) -> _Building:
    departure = riding.departure
    leg = building.setdefault((departure.site, departure.destination or ""), _Building())
    leg.departures[departure.event] = departure
    return leg


def _still_moving(code: str, riding: _Riding, building: dict[tuple[str, str], _Building]) -> None:
    _leg_of(riding, building).bags.append(
        Bag(
            code,
            MOVING,
            riding.out_g,
            moving_g=riding.out_g,
            outcome=riding.outcome,
            reason=riding.reason,
        )
    )


def _settle(
    code: str,
    riding: _Riding,
    step: Told,
    did: Moved,
    building: dict[tuple[str, str], _Building],
) -> None:
    leg = _leg_of(riding, building)
    site = did.to or step.site
    if site == WRITTEN_OFF:
        bag = Bag(code, WRITTEN_OFF, riding.out_g, written_off_g=riding.out_g)
    else:
        state = RETURNED if site == riding.departure.site else ARRIVED
        received_g = riding.out_g + did.difference_g
        bag = Bag(
            code,
            state,
            riding.out_g,
            received_g=received_g,
            difference_g=did.difference_g,
            at=site,
        )
        leg.arrivals[step.event] = step
    if not _is_over(riding.outcome, bag.state, came=site == riding.departure.destination):
        bag = replace(bag, outcome=riding.outcome, reason=riding.reason)
    leg.bags.append(bag)


def _is_over(outcome: str | None, state: str, *, came: bool) -> bool:
    """Tell whether what a receiver said of a bag is no longer so.

    Nothing is missing that somebody has, or refused that its receiver took in after all.
    """
    return (outcome == "missing" and state != WRITTEN_OFF) or (outcome == "refused" and came)
