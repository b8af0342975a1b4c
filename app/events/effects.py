"""What an event does to bags and containers: on top of their states, or by folding stories anew.

The newest event of everything it touches goes on from the stored states. A late one, and a
correction, folds the whole stories of all bags that it can change; the end is the same by test.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from app.areas.scope import township_key
from app.balance.postings import Transfer, outstanding
from app.errors import DomainError
from app.events.conflicts import RULES
from app.events.facts import Facts, Known
from app.events.fold import LEFT_BEHIND, Folded
from app.events.happening import Happening
from app.events.resting import check_nothing_rests
from app.events.shelf import settled, tied
from app.events.state import Order, State, Step
from app.events.story import steps_of
from app.events.taking import Conflict
from app.events.together import fold_together


@dataclass(frozen=True)
class Effect:
    """What becomes of one bag or container."""

    code: str
    state: State
    transfers: tuple[Transfer, ...]
    seers: frozenset[str]


@dataclass(frozen=True)
class Acted:
    """All that an event does, and what did not fit in it."""

    effects: tuple[Effect, ...]
    flags: tuple[str, ...] = ()


def effects_of(
    facts: Facts,
    happening: Happening | None,
    takes_back: Happening | None,
    pointers: Mapping[str, str],
) -> Acted:
    """Return what an event does, or one that takes another back, perhaps in its stead.

    Raises the DomainError of the rule that it breaks, Lacking where whole stories are needed.
    """
    if happening and takes_back is None:
        members = _members_now(facts, happening)
        steps = None if members is None else steps_of(happening, members)
        if steps is not None and _all_newest(facts, steps):
            return _go_on(facts, happening, steps, pointers)
    return _fold_anew(facts, happening, takes_back, pointers)


def _members_now(facts: Facts, happening: Happening) -> dict[str, list[str]] | None:
    """Return what is in each container it acts on; None where it is not a container's newest."""
    places = _containers(happening)
    for code in places:
        last = facts.known[code].state.last
        if last is not None and happening.order <= last:
            return None
    found: dict[str, list[str]] = {code: [] for code in happening.containers}
    if found:
        for code, known in facts.known.items():
            if known.state.container in found:
                found[known.state.container].append(code)
    return found


def _containers(happening: Happening) -> set[str]:
    """Return the containers that an event names: that it acts on, packs or unpacks."""
    named = {happening.body["container"]} if "container" in happening.body else set()
    return named | happening.containers.keys()


def _all_newest(facts: Facts, steps: Mapping[str, Step]) -> bool:
    lasts = ((facts.known[code].state.last, step.order) for code, step in steps.items())
    return all(last is None or order > last for last, order in lasts)


def _go_on(
    facts: Facts, happening: Happening, steps: Mapping[str, Step], pointers: Mapping[str, str]
) -> Acted:
    known = {code: facts.known[code] for code in steps}
    folded = fold_together(
        {code: one.label for code, one in known.items()},
        {code: [step] for code, step in steps.items()},
        {code: one.state for code, one in known.items()},
    )
    if isinstance(folded, Conflict):
        raise _problem(folded, happening, pointers)
    _check_was_packed(folded, happening, pointers)
    seers = _seers(facts, happening)
    effects = [Effect(code, one.state, one.transfers, seers) for code, one in folded.items()] + [
        Effect(code, placed(facts.known[code].state, happening, code), (), seers)
        for code in sorted(_containers(happening))
    ]
    return Acted(tuple(effects), (*_flags(folded, happening), *_astray(facts, happening)))


def _fold_anew(
    facts: Facts,
    happening: Happening | None,
    takes_back: Happening | None,
    pointers: Mapping[str, str],
) -> Acted:
    shelf = facts.shelf
    seeds = _concerned(facts, takes_back, happening)
    astray = _astray(facts, happening) if happening and not takes_back else ()
    # Who shared a weighing with a bag until now has another share once the bag was taken out.
    until_now = tied(shelf, seeds).since
    told = {code: shelf.story(code) for code in until_now} if takes_back else {}
    if takes_back:
        shelf.take(takes_back.event)
    if happening:
        shelf.put(happening)
    try:
        seeds = _earlier(seeds, _concerned(facts, happening))
        places = _containers(happening) if happening else set()
        if takes_back:
            places |= _containers(takes_back)
        moved = [_effect_on_container(facts, code) for code in sorted(places)]
        known = tied(shelf, _earlier(seeds, until_now))
        stories = {
            code: settled(
                code,
                shelf.story(code),
                facts.known[code].booked,
                shared=known.shared,
                known=facts.known[code].state,
            )
            for code in known.since
        }
        folded = fold_together({code: facts.known[code].label for code in stories}, stories)
        if takes_back:
            before = {code: facts.known[code] for code in stories}
            check_nothing_rests(before, told, folded, takes_back, happening)
        if isinstance(folded, Conflict):
            raise _problem(folded, happening or takes_back, pointers)
        _check_was_packed(folded, happening, pointers)
        effects = [
            _refolded(facts, facts.known[code], code, one, seeds) for code, one in folded.items()
        ]
    finally:
        if happening:
            shelf.take(happening.event)
        if takes_back:
            shelf.put(takes_back)
    flags = _flags(folded, happening) if happening else ()
    return Acted((*(e for e in effects if e), *moved), (*flags, *astray))


def _earlier(left: Mapping[str, Order], right: Mapping[str, Order]) -> dict[str, Order]:
    """Return the bags of both, each with the earlier of its orders."""
    return dict(left) | {code: min(order, left.get(code, order)) for code, order in right.items()}


def _check_was_packed(
    folded: Mapping[str, Folded], happening: Happening | None, pointers: Mapping[str, str]
) -> None:
    """Raise where bags are unpacked that nobody packed, and of which nothing later is known.

    Such an unpack waits for its pack. Once a later step names one of the bags by itself, the
    pack would have to wait for the unpack too: then this is a gap.
    """
    if happening is None or happening.kind != "unpack":
        return
    lacking = [
        code
        for code in sorted(happening.bags)
        if any(
            step.event == happening.event and "missing-pack" in moved.flags
            for step, moved in folded[code].taken
        )
    ]
    if lacking and all(folded[code].taken[-1][0].event == happening.event for code in lacking):
        conflict = Conflict("bag-not-in-container", happening.event, None, True, lacking[0])
        raise _problem(conflict, happening, pointers)


def _concerned(facts: Facts, *told: Happening | None) -> dict[str, Order]:
    """Return the bags that events name or reach, each from the first of them on; Lacking."""
    found: dict[str, Order] = {}
    for happening in told:
        if happening:
            members = set().union(*facts.shelf.reached(happening).values())
            since = dict.fromkeys(happening.bags | members, happening.order)
            found = _earlier(found, since)
    return found


def _effect_on_container(facts: Facts, code: str) -> Effect:
    state, seers = State(), frozenset[str]()
    for happening in sorted(facts.shelf.own(code), key=lambda h: h.order):
        state = placed(state, happening, code)
        seers |= _seers(facts, happening)
    return Effect(code, state, (), seers)


def _refolded(
    facts: Facts, known: Known, code: str, folded: Folded, seeds: Mapping[str, Order]
) -> Effect | None:
    """Return what changed for a bag; None where nothing did and the event is not about it."""
    transfers = tuple(outstanding(folded.transfers, known.booked))
    if code not in seeds and not transfers and folded.state == known.state:
        return None
    seers = frozenset[str]().union(
        *(_seers(facts, facts.shelf.happenings[step.event]) for step, _ in folded.taken)
    )
    return Effect(code, folded.state, transfers, seers)


def placed(state: State, happening: Happening, code: str) -> State:
    """Return where a container is after an event that names it; it has a place, no mass."""
    if state.last is not None and happening.order < state.last:
        return state
    if happening.kind == "arrive" and code in happening.left_behind:
        return replace(state, last=happening.order, last_event=happening.event)
    departs = happening.kind == "depart"
    return State(
        status={"depart": "in_transit", "arrive": "received"}.get(happening.kind, "stored"),
        site=happening.body["site"],
        trip=happening.stamps.get("trip") if departs else None,
        destination=happening.body["destination"] if departs else None,
        last=happening.order,
        last_event=happening.event,
    )


def _astray(facts: Facts, happening: Happening) -> tuple[str, ...]:
    """Flag a container with bags in it that is handled at another site than it was last seen."""
    if happening.kind in ("arrive", "write_off"):
        return ()  # it comes from elsewhere, or nobody has it; of its bags it is said anyway
    for code in _containers(happening):
        state = facts.known[code].state
        elsewhere = state.site not in (None, happening.body["site"]) or state.trip
        if elsewhere and any(k.state.container == code for k in facts.known.values()):
            return ("container-elsewhere",)
    return ()


def _flags(folded: Mapping[str, Folded], happening: Happening) -> tuple[str, ...]:
    taken = [
        (step, moved)
        for code in sorted(folded)
        for step, moved in reversed(folded[code].taken)
        if step.event == happening.event
    ]
    divided = {step.group for step, _ in taken if step.outcome not in LEFT_BEHIND}
    # A scale showed something, and nobody has told yet of what: it is divided once they do.
    unknown = set(happening.weighed) - divided or _sends_empty(happening, (s for s, _ in taken))
    empty = ("missing-pack",) if unknown else ()
    return tuple(dict.fromkeys((*(flag for _, moved in taken for flag in moved.flags), *empty)))


def _sends_empty(happening: Happening, steps: Iterable[Step]) -> bool:
    """Tell whether a container leaves of which nobody has told yet what is in it."""
    filled = {step.via for step in steps}
    return happening.kind == "depart" and bool(happening.containers.keys() - filled)


def _seers(facts: Facts, happening: Happening) -> frozenset[str]:
    """Return the codes of everyone whose scope an event brings its bags into."""
    body = happening.body
    seers: set[str] = set()
    for code in (body["site"], body.get("destination")):
        site = facts.sites.get(code) if code else None
        if site:
            seers |= {site.code, site.county, township_key(site.county, site.township)}
    if happening.kind == "depart" and body["vehicle"] in facts.carriers:
        seers.add(facts.carriers[body["vehicle"]])
    return frozenset(seers)


def _problem(
    conflict: Conflict, happening: Happening | None, pointers: Mapping[str, str]
) -> DomainError:
    """Return the problem that names the rule, the bag and the event in the way."""
    own = happening is not None and conflict.step == happening.event
    batch = conflict.batch or ""
    return RULES[conflict.rule](
        batch=batch,
        pointer=pointers.get(batch) or _through(happening, pointers),
        in_the_way=conflict.in_the_way if own else conflict.step,
        retry=True if conflict.retry else None,
    )


def _through(happening: Happening | None, pointers: Mapping[str, str]) -> str | None:
    """Return where the container stands through which a bag was reached."""
    containers: Iterable[str] = happening.containers if happening else ()
    return next((pointers[code] for code in containers if code in pointers), None)
