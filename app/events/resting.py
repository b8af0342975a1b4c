"""What later events rest on cannot be taken from under them: undo newest first. Pure.

Model.md, Correction: a correction that would un-occur what later events rest on, or change the
origin of a mixed input, is refused, naming the nearest one.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from app.balance.postings import Transfer
from app.events.correction_errors import LaterEventsRestOnThis
from app.events.fold import MOVES, Folded
from app.events.happening import Happening
from app.events.shelf import given_by_inputs
from app.events.state import State, Step, add_mass
from app.events.story import ENDS
from app.events.taking import Conflict


class Before(Protocol):
    """A bag before the correction: its state and what is booked."""

    state: State
    booked: list[Transfer]


def check_nothing_rests(
    before: Mapping[str, Before],
    stories: Mapping[str, Sequence[Step]],
    folded: Mapping[str, Folded] | Conflict,
    takes_back: Happening,
    replacement: Happening | None,
) -> None:
    """Raise LaterEventsRestOnThis where a step beside the corrected one no longer fits.

    `stories` are those of bags before the correction. What moved or ended a bag and is in its story
    no more did so through a container in which, by the correction, it never was. A mere weighing of
    that container is divided anew.
    """
    own = {takes_back.event, replacement.event if replacement else None}
    if isinstance(folded, Conflict):
        if folded.step not in own:
            raise LaterEventsRestOnThis(batch=folded.batch, in_the_way=folded.step)
        return
    resting = sorted(
        (step.order, code, step.event)
        for code, one in folded.items()
        for step in (
            *_new_gaps(before[code].state, one),
            *_mixed_anew(before[code], one),
            *_no_more(stories.get(code, ()), one),
        )
        if step.event not in own
    )
    if resting:
        _, code, event = resting[0]
        raise LaterEventsRestOnThis(batch=code, in_the_way=event)


def _new_gaps(state: State, folded: Folded) -> Iterator[Step]:
    """Yield the steps that lack something now which they did not lack before."""
    lacked = {(event, flag) for event, flag in state.flags if flag.startswith("missing-")}
    for step, moved in folded.taken:
        missing = ((step.event, flag) for flag in moved.flags if flag.startswith("missing-"))
        if not lacked.issuperset(missing):
            yield step


def _no_more(story: Sequence[Step], folded: Folded) -> Iterator[Step]:
    """Yield the steps that moved or ended the bag and are in its story no more."""
    kept = {step.event for step, _ in folded.taken}
    return (step for step in story if step.kind in MOVES | ENDS and step.event not in kept)


def _mixed_anew(before: Before, folded: Folded) -> Iterator[Step]:
    """Yield the repack of several bags whose output would hold other origins than are booked.

    A gram more or less of each input is none: that is how far a weight that was put right moves
    the whole grams into which its bag's mass is divided.
    """
    for step, _ in folded.taken:
        body = step.repacking
        if step.vector is None or body is None or len(body.inputs) == 1:
            continue
        booked = given_by_inputs(t for t in before.booked if t.about == step.event)
        changed = add_mass(step.vector, ((origin, -grams) for origin, grams in booked))
        if any(abs(grams) > len(body.inputs) for _, grams in changed):
            yield step
