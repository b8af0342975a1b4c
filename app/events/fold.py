"""The story of a bag as a pure fold: no database, no clock. model.md, Story and fold.

`advance` takes one step; `fold` a whole story. Reality is recorded and what does not fit is
flagged: a *gap* is a step that fits once others are supplied that somebody's phone may still
hold. A *conflict* is what cannot be true; `retry` says that a missing step could still cure it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.balance.postings import FIELD, Transfer, site_account, transit_account
from app.events.state import LabelFacts, State, Step
from app.events.taking import Conflict, Moved, Taking

HELD = frozenset({"collected", "stored", "received"})
MOVES = frozenset({"depart", "arrive", "dispose"})
LEFT_BEHIND = frozenset({"refused", "missing"})
"""Outcomes at arrival with which a bag stays on its trip."""


@dataclass(frozen=True)
class Folded:
    """A whole story: the state at its end, all transfers due, each step with what it did."""

    state: State
    transfers: tuple[Transfer, ...] = ()
    taken: tuple[tuple[Step, Moved], ...] = ()


def fold(label: LabelFacts, story: Iterable[Step]) -> Folded | Conflict:
    """Fold a story in its own order, whatever order it is given in."""
    state = State()
    transfers: list[Transfer] = []
    taken: list[tuple[Step, Moved]] = []
    steps = sorted(story, key=lambda s: s.order)
    for n, step in enumerate(steps):
        moved = advance(label, state, step, _next_move(steps, n))
        if isinstance(moved, Conflict):
            return moved
        state = moved.state
        transfers.extend(moved.transfers)
        taken.append((step, moved))
    return Folded(state, tuple(transfers), tuple(taken))


def advance(
    label: LabelFacts, state: State, step: Step, onward: Step | None = None
) -> Moved | Conflict:
    """Take one step, or say what it contradicts; `onward` is the next known move, if any.

    A bag may leave a site, come back and leave again. Told in the wrong order, the halves of such
    a round trip would wait for each other for ever: a departure from where the bag has left, an
    arrival where it still is. The next move settles it: a half that an arrival here, or a
    departure from here, follows is a gap and not a conflict.
    """
    if state.status == "disposed":
        return Conflict("batch-already-disposed", step.event, state.last_event)
    taking = Taking(label, state, step, onward)
    conflict = _KINDS[step.kind](taking)
    return conflict or taking.done()


def _next_move(steps: Sequence[Step], n: int) -> Step | None:
    """Return the first step after a departure or arrival that moves the bag again."""
    if steps[n].kind not in MOVES:
        return None
    moves = (s for s in steps[n + 1 :] if s.kind in MOVES and s.outcome not in LEFT_BEHIND)
    return next(moves, None)


def _hand_in(taking: Taking) -> Conflict | None:
    state, step = taking.state, taking.step
    if state.status not in ("unused", "open"):
        return taking.conflict("bag-is-sealed")
    if state.status == "open" and not taking.here:
        return taking.conflict("bag-is-open-elsewhere")
    taking.fill()
    taking.enter("open")
    source = "weighed" if step.mass_g is not None else "counted"
    taking.change(hand_ins=state.hand_ins + 1, mass_source=source)
    return None


def _collect(taking: Taking) -> Conflict | None:
    state, step = taking.state, taking.step
    if state.status not in ("unused", "open"):
        return taking.conflict("bag-is-sealed")
    if state.status == "unused":
        taking.fill()
    elif not taking.here:
        return taking.conflict("bag-is-open-elsewhere")
    else:
        # The sealed weight is what the point took back: the difference from what was counted
        # or weighed over days goes back to the field, it is nobody's loss.
        taking.weigh(against=FIELD)
    taking.enter("collected")
    taking.change(mass_source=step.mass_source)
    return None


def _store(taking: Taking) -> Conflict | None:
    taking.take_up()
    taking.weigh()
    taking.enter("stored")
    return None


def _depart(taking: Taking) -> Conflict | None:
    if taking.state.status == "in_transit" and taking.here and not taking.then("arrive"):
        return taking.conflict("batch-already-departed", retry=True)
    step = taking.step
    taking.take_up()
    taking.weigh()
    trip = step.trip or step.event
    taking.book(taking.state.mass, site_account(step.site), transit_account(trip))
    taking.enter("in_transit")
    taking.change(trip=trip, destination=step.destination)
    return None


def _arrive(taking: Taking) -> Conflict | None:
    state, step = taking.state, taking.step
    if step.outcome in LEFT_BEHIND:
        # Not taken in: it stays on its trip until it is received, returned or written off.
        taking.flags.append(f"{step.outcome}-at-arrival")
        return None
    if taking.here and state.status in HELD | {"open"}:
        if not taking.then("depart"):
            return taking.conflict("batch-already-here", retry=True)
        taking.flags.append("missing-depart")
    if step.outcome:
        taking.flags.append(f"{step.outcome}-at-arrival")
    taking.take_up()
    taking.weigh()
    taking.enter("received")
    return None


def _dispose(taking: Taking) -> Conflict | None:
    step = taking.step
    taking.take_up()
    taking.weigh()
    taking.book(taking.state.mass, site_account(step.site), f"treated/{step.method}")
    taking.enter("disposed")
    return None


_KINDS = {
    "hand_in": _hand_in,
    "collect": _collect,
    "store": _store,
    "depart": _depart,
    "arrive": _arrive,
    "dispose": _dispose,
}
KINDS = tuple(_KINDS)
