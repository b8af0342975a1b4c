"""Stories of bags that have a say in each other's, folded together. Pure. model.md, Mass and Repack.

Two things tie bags to each other. *Weighing many together* divides one net mass in proportion to
what each weighed just before. A *repack* gives its outputs what its inputs hold. Everything else
is each bag's own fold. Steps are taken in the order of their events over all bags, so the end
does not depend on the order in which anything was told.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.balance.apportion import apportion
from app.balance.postings import REPACK, Transfer
from app.events.fold import LEFT_BEHIND, Folded, advance, next_move
from app.events.state import Claim, LabelFacts, Order, Repacking, State, Step, Vector, add_mass
from app.events.taking import Conflict, Moved


@dataclass
class _Bag:
    """One bag while its story is being folded."""

    label: LabelFacts
    steps: list[Step]
    state: State
    at: int = 0
    transfers: list[Transfer] = field(default_factory=list)
    taken: list[tuple[Step, Moved]] = field(default_factory=list)

    def take(self, step: Step) -> Conflict | None:
        """Take the next step, with what others gave to it."""
        moved = advance(self.label, self.state, step, next_move(self.steps, self.at))
        if isinstance(moved, Conflict):
            return moved
        self.state = moved.state
        self.transfers.extend(moved.transfers)
        self.taken.append((step, moved))
        self.at += 1
        return None


def fold(label: LabelFacts, story: Iterable[Step]) -> Folded | Conflict:
    """Fold one bag's story in its own order, whatever order it is given in.

    What others have a say in is known by then (`delta`, `vector`): it is folded as if alone.
    """
    found = fold_together({"": label}, {"": story})
    return replace(found, batch=None) if isinstance(found, Conflict) else found[""]


def fold_together(
    labels: Mapping[str, LabelFacts],
    stories: Mapping[str, Iterable[Step]],
    start: Mapping[str, State] | None = None,
) -> dict[str, Folded] | Conflict:
    """Fold the stories of bags by code; of a conflict `batch` says which bag it is about.

    Whoever shares a group weighing or a repack must be among them, unless the share is known: a
    step then carries it (`delta`, `vector`). With `start`
    the stories go on from those states, and `transfers` are what the further steps book.
    """
    bags = {
        code: _Bag(
            labels[code],
            sorted(story, key=lambda s: s.order),
            (start or {}).get(code, State()),
        )
        for code, story in stories.items()
    }
    events: dict[tuple[Order, str], list[str]] = defaultdict(list)
    for code in sorted(bags):
        for step in bags[code].steps:
            events[step.order, step.event].append(code)
    for key in sorted(events):
        conflict = _happen(bags, events[key])
        if conflict:
            return conflict
    return {
        code: Folded(bag.state, tuple(bag.transfers), tuple(bag.taken))
        for code, bag in bags.items()
    }


def _happen(bags: Mapping[str, _Bag], codes: Sequence[str]) -> Conflict | None:
    """Let one event happen to all its bags: inputs before outputs, shares from what they held."""
    steps = _divided({code: bags[code].steps[bags[code].at] for code in codes}, bags)
    body = next((s.repacking for s in steps.values() if s.repacking), None)
    made = {output.code for output in body.outputs} if body else set()
    if body is None or all(step.vector is not None for c, step in steps.items() if c in made):
        return _all(bags, steps)
    conflict = _all(bags, {code: step for code, step in steps.items() if code not in made})
    if conflict:
        return conflict
    inputs = [bags[code] for code, _ in body.inputs if code in steps]
    given = _sum(_gave(bag) for bag in inputs)
    vectors = _shared_out(body, given)
    heir, claim = _handed_on(inputs, given)
    outputs = {
        code: replace(step, vector=vectors[code], heir=heir, claim=claim)
        for code, step in steps.items()
        if code in made
    }
    return _all(bags, outputs)


def _all(bags: Mapping[str, _Bag], steps: Mapping[str, Step]) -> Conflict | None:
    for code, step in steps.items():
        conflict = bags[code].take(step)
        if conflict:
            return replace(conflict, batch=code)
    return None


def _divided(steps: dict[str, Step], bags: Mapping[str, _Bag]) -> dict[str, Step]:
    """Divide what was weighed together, in proportion to last masses, ties by code."""
    groups: dict[tuple[str, int], list[str]] = defaultdict(list)
    found = dict(steps)
    for code, step in steps.items():
        if step.group is None or step.mass_g is not None or step.outcome in LEFT_BEHIND:
            continue
        if step.delta is None:
            groups[step.group].append(code)
        else:
            found[code] = with_share(step, bags[code].state)
    for (_, net_g), codes in groups.items():
        members = sorted(codes)
        shares = apportion(net_g, [bags[code].state.mass_g for code in members])
        for code, share in zip(members, shares, strict=True):
            found[code] = replace(steps[code], mass_g=share, mass_source="apportioned")
    return found


def with_share(step: Step, state: State) -> Step:
    """Return a step of a shared weighing with the mass that the bag's known share gives it."""
    if step.delta is None or step.mass_g is not None or step.outcome in LEFT_BEHIND:
        return step
    return replace(step, mass_g=state.mass_g + step.delta, mass_source="apportioned")


def _gave(bag: _Bag) -> Vector:
    """Return what an input gave to the outputs, by origin."""
    _, moved = bag.taken[-1]
    return _sum(((t.origin, t.mass_g),) for t in moved.transfers if t.target == REPACK)


def _sum(vectors: Iterable[Vector]) -> Vector:
    return add_mass((), [part for vector in vectors for part in vector])


def _shared_out(body: Repacking, given: Vector) -> dict[str, Vector]:
    """Divide what the inputs gave among the outputs, each origin to the gram.

    Output after output takes its mass out of what is left, in proportion, so that neither an
    output nor an origin gains or loses a gram.
    """
    origins, left = [origin for origin, _ in given], [grams for _, grams in given]
    found: dict[str, Vector] = {}
    for output in body.outputs:
        shares = apportion(output.mass_g, left) if origins else []
        left = [held - share for held, share in zip(left, shares, strict=True)]
        found[output.code] = tuple(
            (origin, share) for origin, share in zip(origins, shares, strict=True) if share
        )
    return found


def _handed_on(inputs: Iterable[_Bag], given: Vector) -> tuple[str | None, Claim | None]:
    """Return whose claim goes on with the outputs, and which part of them it is.

    What another party weighed at the latest as an input is confirmed and not claimed again. So
    mostly the claims that are left are those of the site that repacks what it collected itself.
    """
    waiting = [bag for bag in inputs if bag.state.collector and not bag.state.confirmed]
    if not waiting:
        return None, None
    heirs = {bag.state.collector for bag in waiting if bag.state.collector}
    site = waiting[0].taken[-1][0].site
    claimed = _sum(bag.state.claimed(_gave(bag)) for bag in waiting)
    whole = dict(given)
    part = tuple((origin, grams, whole[origin]) for origin, grams in claimed if grams)
    return site if site in heirs else min(heirs), None if claimed == given else part
