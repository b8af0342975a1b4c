"""One step of the pure fold of a bag's story: no database, no clock. model.md, Story and fold.

`advance` takes a step; `together.py` whole stories. Reality is recorded and what does not fit is
flagged: a *gap* is a step that fits once others are supplied that somebody's phone may still
hold. A *conflict* is what cannot be true; `retry` says that a missing step could still cure it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.balance.postings import (
    DIFFERENCE,
    FIELD,
    OPENING,
    REPACK,
    WRITTEN_OFF,
    Transfer,
    removed_account,
    site_account,
    transit_account,
)
from app.events.state import FINAL, MAX_MASS_G, LabelFacts, State, Step, add_mass
from app.events.taking import Conflict, Moved, Taking

HELD = frozenset({"collected", "stored", "received"})
MOVES = frozenset({"depart", "arrive", "dispose"})
LEFT_BEHIND = frozenset({"refused", "missing"})
"""Outcomes at arrival with which a bag stays on its trip."""
OF_PACKED = frozenset({"unpack", "stock_count"})
"""What may name a packed bag by itself."""
AFTER_THE_END = {
    "disposed": "batch-already-disposed",
    "repacked": "batch-already-repacked",
    "written_off": "batch-already-written-off",
}


@dataclass(frozen=True)
class Folded:
    """A whole story: the state at its end, all transfers due, each step with what it did."""

    state: State
    transfers: tuple[Transfer, ...] = ()
    taken: tuple[tuple[Step, Moved], ...] = ()


def advance(
    label: LabelFacts, state: State, step: Step, onward: Step | None = None
) -> Moved | Conflict:
    """Take one step, or say what it contradicts; `onward` is the next known move, if any.

    A bag may leave a site, come back and leave again. Told in the wrong order, the halves of such
    a round trip would wait for each other for ever: a departure from where the bag has left, an
    arrival where it still is. The next move settles it: a half that an arrival here, or a
    departure from here, follows is a gap and not a conflict.
    """
    taking = Taking(label, state, step, onward)
    if state.status in FINAL:
        # What ended with its container may have been taken out before: that can still be told.
        return taking.conflict(AFTER_THE_END[state.status], retry=state.packed_by is not None)
    if state.container and not step.via and step.kind not in OF_PACKED:
        return taking.conflict("bag-is-packed", retry=True, in_the_way=state.packed_by)
    if step.group and step.mass_g is not None and step.mass_source != "apportioned":
        # Its container is on the scale and it is too: what is it of the net?
        return taking.conflict("bag-is-packed", retry=True, in_the_way=state.packed_by)
    conflict = _KINDS[step.kind](taking)
    if conflict is None and taking.state.mass_g > MAX_MASS_G:
        # Another's weight that is still to come may leave it a smaller share.
        return taking.conflict("bag-too-heavy", retry=bool(step.group), in_the_way=state.last_event)
    return conflict or taking.done()


def next_move(steps: Sequence[Step], n: int) -> Step | None:
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
    taking.change(hand_ins=state.hand_ins + 1, mass_source=step.mass_source or "counted")
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
    trip = step.trip or step.root or step.event
    taking.book(taking.state.mass, site_account(step.site), transit_account(trip))
    taking.enter("in_transit")
    taking.change(trip=trip, destination=step.destination)
    return None


def _arrive(taking: Taking) -> Conflict | None:
    state, step = taking.state, taking.step
    if step.outcome in LEFT_BEHIND:
        # Not taken in: it stays on its trip until it is received, returned or written off.
        taking.flags.append(f"{step.outcome}-at-arrival")
        if not step.member:
            taking.leave_container()
        taking.change(left=step.outcome)
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
    taking.end_in_container()
    return None


def _pack(taking: Taking) -> Conflict | None:
    state, step = taking.state, taking.step
    if state.container and not step.member:
        return taking.conflict("bag-is-packed", retry=True, in_the_way=state.packed_by)
    _handle(taking)
    if not step.member:
        taking.change(container=step.container, packed_by=step.event)
    return None


def _unpack(taking: Taking) -> Conflict | None:
    state, step = taking.state, taking.step
    if state.container is None:
        taking.missing("pack")
    elif state.container != step.container:
        return taking.conflict("bag-not-in-container", retry=True, in_the_way=state.packed_by)
    _handle(taking)
    if not step.member:
        taking.leave_container()
    return None


def _stock_count(taking: Taking) -> Conflict | None:
    state, step = taking.state, taking.step
    # Of a weighing with bags that are known an unknown one gets no share: that is no opening stock.
    if state.status == "unused" and step.mass_g != 0:
        if step.mass_g is None or step.mass_source == "carried":
            return taking.conflict("opening-stock-needs-a-mass", retry=True)
        found = ((f"{taking.label.county}/{taking.label.scope}", step.mass_g),)
        taking.book(found, OPENING, site_account(step.site))
        taking.enter("stored")
        taking.change(mass=found, mass_source=step.mass_source)
        return None
    if state.status == "open" and taking.here:
        # Not closed yet: what the scale says is still what the point takes back.
        taking.weigh(against=FIELD)
        return None
    _handle(taking)
    return None


def _handle(taking: Taking) -> None:
    """Handle a bag where it is held: its status stays, unless it was believed elsewhere."""
    state = taking.state
    held = taking.here and state.status in HELD
    taking.take_up()
    taking.weigh()
    if not held:
        sealed_here = state.status in ("unused", "open") and state.site in (None, taking.step.site)
        taking.enter("collected" if sealed_here else "received")


def _repack(taking: Taking) -> Conflict | None:
    if taking.step.vector is not None:
        return _come_out(taking)
    step = taking.step
    taking.take_up()
    taking.weigh()
    here, whole = site_account(step.site), taking.state.mass
    for reason, grams in step.removed:
        taking.book(taking.part(grams), here, removed_account(reason))
    taking.book(taking.state.mass, here, REPACK)
    taking.enter("repacked")
    taking.change(mass=whole)
    return None


def _come_out(taking: Taking) -> Conflict | None:
    state, step = taking.state, taking.step
    if state.status != "unused":
        return taking.conflict("output-already-used")
    vector = step.vector or ()
    taking.book(vector, REPACK, site_account(step.site))
    taking.enter("stored")
    taking.change(
        mass=add_mass((), vector),
        mass_source=step.mass_source,
        contents=step.contents,
        materials=step.materials,
        collector=step.heir,
        claim=step.claim,
        born=step.event,
    )
    return None


def _write_off(taking: Taking) -> Conflict | None:
    state, step = taking.state, taking.step
    if state.status == "in_transit" and step.site in (state.site, state.destination):
        account = transit_account(state.trip or "")
        taking.weigh(DIFFERENCE, account)
        sender = (state.site or step.site)[:6]
        taking.book(taking.state.mass, account, WRITTEN_OFF, sender)
    else:
        taking.take_up()
        taking.weigh()
        taking.book(taking.state.mass, site_account(step.site), WRITTEN_OFF)
    taking.enter("written_off")
    taking.end_in_container()
    return None


_KINDS = {
    "hand_in": _hand_in,
    "collect": _collect,
    "store": _store,
    "pack": _pack,
    "unpack": _unpack,
    "repack": _repack,
    "stock_count": _stock_count,
    "write_off": _write_off,
    "depart": _depart,
    "arrive": _arrive,
    "dispose": _dispose,
}
KINDS = tuple(_KINDS)
