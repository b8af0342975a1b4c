"""Whole stories while a late event or a correction is decided: who has a say in whose mass. Pure.

A code stands *whole* on the shelf when every event in force that names it is there. What a late
event can change is found from there: the bags it names or reaches through a container, and whoever
shares a weighing or a repack with one of them later.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.balance.postings import DIFFERENCE, FIELD, OPENING, REPACK, UNEXPLAINED, Transfer
from app.events.happening import Happening
from app.events.state import Order, State, Step, Vector, add_mass
from app.events.story import members_at, story_of

WEIGHED_AGAINST = frozenset({DIFFERENCE, FIELD, OPENING, UNEXPLAINED})
"""The accounts that a weighing can be booked against."""


NOTHING = State()


class Lacking(Exception):
    """Codes whose whole story is needed before this can be decided."""

    def __init__(self, codes: Iterable[str]) -> None:
        self.codes = frozenset(codes)
        super().__init__(sorted(self.codes))


@dataclass
class Shelf:
    """Events in force by id, and for each code that stands whole the ids of those that name it."""

    happenings: dict[str, Happening] = field(default_factory=dict)
    named: dict[str, set[str]] = field(default_factory=dict)

    def open(self, code: str) -> None:
        """Let a code stand whole; what names it is put on the shelf."""
        self.named.setdefault(code, set())

    def put(self, happening: Happening) -> None:
        """Add an event to the stories that stand whole."""
        for code in _codes(happening) & self.named.keys():
            self.named[code].add(happening.event)
            self.happenings[happening.event] = happening

    def take(self, event: str) -> None:
        """Take away an event that is no longer in force."""
        happening = self.happenings.pop(event, None)
        if happening:
            for code in _codes(happening) & self.named.keys():
                self.named[code].discard(event)

    def own(self, code: str) -> list[Happening]:
        """Return the events that name a code; Lacking where it does not stand whole."""
        if code not in self.named:
            raise Lacking([code])
        return [self.happenings[event] for event in self.named[code]]

    def members(self, container: str, order: Order) -> set[str]:
        """Return the bags in a container just before a place in the order; Lacking."""
        return members_at(container, self.own(container), order)

    def story(self, code: str) -> list[Step]:
        """Return a bag's whole story; Lacking where it, or a container it was in, is not whole."""
        own = self.own(code)
        containers = {h.body["container"] for h in own if h.kind == "pack"}
        lacking = containers - self.named.keys()
        if lacking:
            raise Lacking(lacking)
        return story_of(code, own, {container: self.own(container) for container in containers})

    def reached(self, happening: Happening) -> dict[str, set[str]]:
        """Return the members of each container that an event acts on; Lacking."""
        return {
            container: self.members(container, happening.order)
            for container in happening.containers
        }


@dataclass(frozen=True)
class Tied:
    """Bags whose stories have to be folded together, each with the order from which it may change."""

    since: Mapping[str, Order]
    shared: frozenset[str]
    """Weighings and repacks all of whose bags are among them."""


def tied(shelf: Shelf, seeds: Mapping[str, Order]) -> Tied:
    """Follow group weighings and repacks from bags that change; Lacking names what is not whole."""
    since: dict[str, Order] = {}
    shared: set[str] = set()
    lacking: set[str] = set()
    waiting = list(seeds.items())
    while waiting:
        code, order = waiting.pop()
        if code in since and since[code] <= order:
            continue
        since[code] = order
        try:
            for step in shelf.story(code):
                if step.order >= order and (step.group or step.repacking):
                    happening = shelf.happenings[step.event]
                    shared.add(step.event)
                    waiting += [(mate, step.order) for mate in _mates(shelf, happening)]
        except Lacking as more:
            lacking |= more.codes
    if lacking:
        raise Lacking(lacking)
    return Tied(since, frozenset(shared))


def _mates(shelf: Shelf, happening: Happening) -> set[str]:
    """Return all bags that share an event's weighing or repack."""
    return set(happening.bags).union(*shelf.reached(happening).values())


def settled(
    code: str,
    story: Iterable[Step],
    booked: Sequence[Transfer],
    *,
    shared: Collection[str] = (),
    known: State = NOTHING,
) -> list[Step]:
    """Return a story with the shares filled in that stand in the bookings; `shared` are left open.

    `known` is the bag's state: it has whose claim came with it out of a repack, if it did.
    """
    found = []
    for step in story:
        if step.event in shared or not (step.group or step.repacking):
            found.append(step)
        else:
            share = filled(code, step, booked)
            found.append(replace(share, heir=known.collector, claim=known.claim))
    return found


def filled(code: str, step: Step, booked: Iterable[Transfer]) -> Step:
    """Return a step with the share of a weighing, or what its inputs gave it, as it is booked."""
    about = [t for t in booked if t.about == step.event]
    if step.repacking:
        if all(output.code != code for output in step.repacking.outputs):
            return step
        return replace(step, vector=given_by_inputs(about))
    gained = sum(t.mass_g for t in about if t.source in WEIGHED_AGAINST)
    lost = sum(t.mass_g for t in about if t.target in WEIGHED_AGAINST)
    return replace(step, delta=gained - lost)


def given_by_inputs(transfers: Iterable[Transfer]) -> Vector:
    """Return what a repack's output came to hold, by origin, from the transfers about the repack."""
    came = [
        (t.origin, t.mass_g if t.source == REPACK else -t.mass_g)
        for t in transfers
        if REPACK in (t.source, t.target)
    ]
    return tuple((origin, grams) for origin, grams in add_mass((), came) if grams)


def _codes(happening: Happening) -> set[str]:
    codes = set(happening.bags) | happening.containers.keys()
    if "container" in happening.body:
        codes.add(happening.body["container"])
    return codes
