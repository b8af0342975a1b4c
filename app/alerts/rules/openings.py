"""Marks come and go; findings open and close. In memory and in leaf order.

Pure but for the `Ledger` that it changes as it goes: the same leaves give the same openings,
however they are cut into turns. Time moves with the leaves: what silence makes due is due when a
leaf is recorded after it, or when the hourly tick says so; it bears the instant at which it came
due, never the tick's own.
"""

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from app.alerts.rules.mark import Item, Key, Mark

NAMESPACE = UUID("5f0c1b52-8f0e-5d3c-9f55-7d1a52f1a0c4")
MOST_LISTED = 50
"""Events and batches that a finding lists; `figures.count` says how many marks there are."""


@dataclass(frozen=True)
class Change:
    """A mark that begins to stand, or no longer does."""

    mark: Mark
    stands: bool


@dataclass(frozen=True)
class Turn:
    """What one leaf changes, or the beginning of a month: then `leaf_index` is None."""

    at: datetime
    leaf_index: int | None
    changes: Sequence[Change]


@dataclass
class Opened:
    """A finding as the follower keeps it."""

    key: Key
    opening: int
    county: str
    site: str | None
    seen_by: frozenset[str]
    figures: dict[str, Any]
    events: list[str]
    batches: list[str]
    opened_at: datetime
    opened_leaf: int | None
    log_size: int
    closed_at: datetime | None = None
    closed_leaf: int | None = None

    @property
    def id(self) -> UUID:
        """The same after every rebuild."""
        return finding_id(self.key, self.opening)


def finding_id(key: Key, opening: int) -> UUID:
    """Return the UUIDv5 of a key's n-th opening."""
    return uuid5(NAMESPACE, "\n".join((*key, str(opening))))


@dataclass
class Ledger:
    """What stands of the keys concerned: marks and whether they are due, findings, openings."""

    marks: dict[Item, tuple[Mark, bool]]
    counts: dict[Key, int]
    """Marks that are due, those in `marks` included."""
    open: dict[Key, Opened]
    openings: dict[Key, int]
    clock: datetime
    size: int
    """Leaves judged."""
    changed: dict[UUID, Opened] = field(default_factory=dict)
    touched: set[Item] = field(default_factory=set)


def play(ledger: Ledger, turns: Iterable[Turn], until: datetime | None = None) -> None:
    """Let turns change the ledger; then let time pass `until` an instant, if one is given."""
    waiting = [
        (mark.due_at, item)
        for item, (mark, active) in ledger.marks.items()
        if mark.due_at and not active
    ]
    heapq.heapify(waiting)
    for turn in turns:
        ledger.clock = max(ledger.clock, turn.at)
        _pass_time(ledger, waiting)
        if turn.leaf_index is not None:
            ledger.size = turn.leaf_index + 1
        for change in turn.changes:
            if change.stands:
                _stand(ledger, turn, change.mark, waiting)
            else:
                _fall(ledger, turn, change.mark.item)
    if until and until > ledger.clock:
        ledger.clock = until
    _pass_time(ledger, waiting)


def _pass_time(ledger: Ledger, waiting: list[tuple[datetime, Item]]) -> None:
    while waiting and waiting[0][0] <= ledger.clock:
        due_at, item = heapq.heappop(waiting)
        mark, active = ledger.marks.get(item, (None, False))
        if mark is None or active or mark.due_at != due_at:
            continue  # replaced or gone since it was put in line
        _activate(ledger, mark)
        _judge(ledger, mark, due_at, None)


def _activate(ledger: Ledger, mark: Mark) -> None:
    ledger.marks[mark.item] = (mark, True)
    ledger.touched.add(mark.item)
    ledger.counts[mark.key] = ledger.counts.get(mark.key, 0) + 1


def _stand(ledger: Ledger, turn: Turn, mark: Mark, waiting: list[tuple[datetime, Item]]) -> None:
    before = ledger.marks.get(mark.item)
    if before and before[1]:
        ledger.counts[mark.key] -= 1
    if mark.due_at is None or mark.due_at <= turn.at:
        _activate(ledger, mark)
    else:
        ledger.marks[mark.item] = (mark, False)
        ledger.touched.add(mark.item)
        heapq.heappush(waiting, (mark.due_at, mark.item))
    _judge(ledger, mark, turn.at, turn.leaf_index)


def _fall(ledger: Ledger, turn: Turn, item: Item) -> None:
    before = ledger.marks.pop(item, None)
    if before is None:
        return
    mark, active = before
    ledger.touched.add(item)
    if active:
        ledger.counts[mark.key] -= 1
        _judge(ledger, mark, turn.at, turn.leaf_index)


def _judge(ledger: Ledger, mark: Mark, at: datetime, leaf_index: int | None) -> None:
    """Open, change or close the finding of a mark's key."""
    count = ledger.counts.get(mark.key, 0)
    holds = count >= mark.need
    stands = ledger.open.get(mark.key)
    current = ledger.marks.get(mark.item)
    speaks = current is not None and current[1]
    if holds and stands is None and speaks:
        stands = _opened(ledger, mark, at, leaf_index)
    elif stands is None:
        return
    elif not holds:
        stands.closed_at = max(at, stands.opened_at)
        stands.closed_leaf = leaf_index
        del ledger.open[mark.key]
    elif speaks:
        _add(stands, mark)
    if holds:
        stands.figures = stands.figures | {"count": count}
    stands.log_size = ledger.size
    ledger.changed[stands.id] = stands


def _opened(ledger: Ledger, mark: Mark, at: datetime, leaf_index: int | None) -> Opened:
    opening = ledger.openings.get(mark.key, 0) + 1
    ledger.openings[mark.key] = opening
    found = Opened(
        mark.key, opening, mark.county, mark.site, mark.seen_by, mark.figures, [], [],
        at, leaf_index, ledger.size,
    )  # fmt: skip
    for other in _speaking(ledger, mark):
        _list(found, other)
    ledger.open[mark.key] = found
    return found


def _speaking(ledger: Ledger, mark: Mark) -> list[Mark]:
    """Return the marks that open a finding: one, or those that stood before where it takes more."""
    if mark.need == 1:
        return [mark]
    same = [m for m, active in ledger.marks.values() if active and m.key == mark.key]
    return sorted(same, key=lambda m: m.item)


def _add(stands: Opened, mark: Mark) -> None:
    """Let an open finding show one more mark; a state, which has but one, shows its latest."""
    if not mark.event and not mark.batch:
        stands.figures = mark.figures
    stands.seen_by |= mark.seen_by
    _list(stands, mark)


def _list(stands: Opened, mark: Mark) -> None:
    for listed, one in ((stands.events, mark.event), (stands.batches, mark.batch)):
        if one and one not in listed and len(listed) < MOST_LISTED:
            listed.append(one)
