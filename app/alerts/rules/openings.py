"""Marks come and go; findings open and close. In memory and in leaf order.

Pure but for the `Ledger` that it changes as it goes: the same leaves give the same openings,
however they are cut into turns. Time moves with the leaves: what silence makes due is due when a
leaf is recorded after it, or when the hourly tick says so; it bears the instant at which it came
due, never the tick's own.
"""

import heapq
from bisect import bisect_left, insort
from collections import defaultdict
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
    of_events: bool = False
    """Its marks are about events as a whole: its bags are those that the events name."""

    @property
    def id(self) -> UUID:
        """The same after every rebuild."""
        return finding_id(self.key, self.opening)


def finding_id(key: Key, opening: int) -> UUID:
    """Return the UUIDv5 of a key's n-th opening."""
    return uuid5(NAMESPACE, "\n".join((*key, str(opening))))


@dataclass
class Ledger:
    """What stands of the keys concerned: marks and whether they are due, findings, openings.

    Of the marks of a key that are due, the first by item is among `marks`, and stays among them
    however many of the turns' changes fall: its figures are what the finding shows.
    """

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
    speaking: dict[Key, list[Item]] = field(default_factory=lambda: defaultdict(list))
    """Those of `marks` that are due, in order."""

    def __post_init__(self) -> None:
        for item in sorted(item for item, (_, active) in self.marks.items() if active):
            self.speaking[item[:3]].append(item)

    def let_speak(self, mark: Mark) -> None:
        """Let a mark be due."""
        self.marks[mark.item] = (mark, True)
        self.counts[mark.key] = self.counts.get(mark.key, 0) + 1
        insort(self.speaking[mark.key], mark.item)

    def silence(self, mark: Mark) -> None:
        """Let a mark that is due no longer be."""
        self.counts[mark.key] -= 1
        items = self.speaking[mark.key]
        del items[bisect_left(items, mark.item)]


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
    ledger.let_speak(mark)
    ledger.touched.add(mark.item)


def _stand(ledger: Ledger, turn: Turn, mark: Mark, waiting: list[tuple[datetime, Item]]) -> None:
    before = ledger.marks.get(mark.item)
    if before and before[1]:
        ledger.silence(before[0])
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
        ledger.silence(mark)
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
        _list(stands, mark)
    if holds:
        first, _ = ledger.marks[ledger.speaking[mark.key][0]]
        stands.figures = first.figures | {"count": count}
    stands.of_events = bool(mark.event and not mark.batch)
    stands.log_size = ledger.size
    ledger.changed[stands.id] = stands


def _opened(ledger: Ledger, mark: Mark, at: datetime, leaf_index: int | None) -> Opened:
    opening = ledger.openings.get(mark.key, 0) + 1
    ledger.openings[mark.key] = opening
    found = Opened(
        mark.key, opening, mark.county, mark.site, frozenset(), {}, [], [],
        at, leaf_index, ledger.size,
    )  # fmt: skip
    for item in ledger.speaking[mark.key]:
        _list(found, ledger.marks[item][0])
    ledger.open[mark.key] = found
    return found


def _list(stands: Opened, mark: Mark) -> None:
    """Let an open finding list one more mark."""
    stands.seen_by |= mark.seen_by
    for listed, one in ((stands.events, mark.event), (stands.batches, mark.batch)):
        if one and one not in listed and len(listed) < MOST_LISTED:
            listed.append(one)
