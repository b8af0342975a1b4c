"""Round trips told half by half: a bag leaves a site, comes back, and is loaded again.

Where the second loading is known first, neither half of the round trip fits by itself: the
departure looks like loading twice, the return like an arrival where the bag already is. Both are
refused and kept. The half that comes while the other one waits is recorded with a gap, and then
the other fits. Two scans of one loading stay a conflict: no return waits between them.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.events.fold import Conflict, Folded, Moved, advance, fold
from app.events.models import Refusal
from app.events.parse import draft_of, parse_codes
from app.events.schemas import Draft
from app.events.state import LabelFacts, State, Step

OTHER_HALF = {"batch-already-departed": "arrive", "batch-already-here": "depart"}
"""The kind of step that a doubt needs, by rule; it is refused by the other rule."""
MOST_WAITING = 200
"""Refused bodies looked through, newest first."""


@dataclass(frozen=True)
class Waiting:
    """A refused body that another half would cure."""

    kind: str
    site: str
    codes: frozenset[str]
    effective_at: datetime

    @classmethod
    def of(cls, draft: Draft, codes: Collection[str], effective_at: str) -> "Waiting":
        """Return a refused draft; `effective_at` is what its problem says."""
        at = datetime.fromisoformat(effective_at)
        return cls(draft.event_kind, draft.site, frozenset(codes), at)


def fit(
    label: LabelFacts,
    state: State,
    story: Sequence[Step] | None,
    step: Step,
    waiting: Collection[Waiting],
    code: str,
) -> Moved | Folded | Conflict:
    """Fold a new step in; what it contradicts is a conflict unless its other half waits.

    `story` is needed where the step is not the newest. Doubts that stood before are not its own.
    """
    outcome: Moved | Folded | Conflict
    if state.last is None or step.order > state.last:
        outcome = advance(label, state, step)
        since = state.last[0] if state.last else 0
        found = [(step, since, outcome.doubt)] if isinstance(outcome, Moved) else []
    else:
        assert story is not None, "a late event needs the whole story"
        outcome = fold(label, [*story, step], strict=False)
        found = _doubts(outcome)
        if found:
            stood = {told.event for told, _, _ in _doubts(fold(label, story, strict=False))}
            found = [one for one in found if one[0].event not in stood]
    for told, since, doubt in found:
        if doubt and not any(_cures(one, told, since, doubt, code) for one in waiting):
            return doubt
    return outcome


def _doubts(folded: Folded | Conflict) -> list[tuple[Step, int, Conflict | None]]:
    """Return the steps in doubt, each with the time of the step before it."""
    taken = folded.taken if isinstance(folded, Folded) else ()
    times = [0, *(step.effective_us for step, _ in taken)]
    return [
        (step, since, moved.doubt)
        for (step, moved), since in zip(taken, times, strict=False)
        if moved.doubt
    ]


def _cures(one: Waiting, told: Step, since: int, doubt: Conflict, code: str) -> bool:
    at = round(one.effective_at.timestamp() * 1_000_000)
    return (
        one.kind == OTHER_HALF[doubt.rule]
        and one.site == told.site
        and code in one.codes
        and since < at < told.effective_us
    )


async def waiting_at(session: AsyncSession, site: str) -> list[Waiting]:
    """Return the halves of round trips that were refused at a site, the newest ones."""
    rule = Refusal.problem["type"].astext
    rows = await session.execute(
        select(Refusal.body, Refusal.problem["effective_at"].astext)
        .where(Refusal.site == site, rule.in_([f"/problems/{name}" for name in OTHER_HALF]))
        .order_by(Refusal.at.desc())
        .limit(MOST_WAITING)
    )
    found = []
    for body, effective_at in rows:
        if effective_at:
            draft = draft_of(json.loads(body))
            found.append(Waiting.of(draft, parse_codes(draft), effective_at))
    return found
