"""The chain of one phone: which of its events are known, and which do not follow one another. Pure.

An event names its place (`seq`, from 1) and the hash of what that phone recorded before (`prev`, none
for the first). The hash is that of the event's public part as it stands in its leaf, so that whoever
has the log can compute it, and nothing private hangs on it. Whatever the order in which events come,
the same runs and the same breaks are found, but for which of two events under one number came first.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from app.ledger.leaf import jcs, jcs_again

FIRST = 1
CLOCK_SLACK = timedelta(minutes=5)
"""So far may a phone's clock be behind without being said to have been set back."""


@dataclass(frozen=True)
class Seen:
    """The head of the log that a phone had seen before it recorded an event."""

    size: int
    root: str


@dataclass(frozen=True)
class Head:
    """A head as it was published; `made_at` is when its last leaf was recorded, so no earlier."""

    root: str
    made_at: datetime


@dataclass(frozen=True)
class Link:
    """An event's place in the chain of its phone; `hash` is what the next one must name."""

    device: str
    seq: int
    prev: str | None
    hash: str
    event: str
    seen: Seen | None = None


@dataclass(frozen=True)
class Run:
    """Events of a phone without a gap, by its two ends; `event` is the first."""

    first: int
    prev: str | None
    event: str
    last: int
    hash: str


@dataclass(frozen=True)
class Placed:
    """What is known of a phone once an event has come, and what does not fit.

    `broken` names events whose `prev` is not the hash of the one before; `repeated` says that the
    number was taken.
    """

    runs: tuple[Run, ...]
    broken: tuple[tuple[int, str], ...] = ()
    repeated: bool = False


def link_hash(event: dict[str, Any]) -> str:
    """Return hex SHA-256 of an event's public part, in canonical bytes: what the next one names."""
    return hashlib.sha256(jcs(event)).hexdigest()


def link_of(event: dict[str, Any]) -> Link | None:
    """Return the place of an event as its leaf has it; None where it says none, or has no chain."""
    device = event.get("device") or {}
    seq, prev = device.get("seq"), device.get("prev")
    if seq is None or seq < FIRST or (prev is None and seq != FIRST):
        return None
    own = hashlib.sha256(jcs_again(event)).hexdigest()
    seen = device.get("not_before")
    return Link(
        device["id"], seq, prev, own, event["id"],
        Seen(seen["size"], seen["root"]) if seen else None,
    )  # fmt: skip


def misdated(
    seen: Seen, head: Head | None, *, leaf_index: int, at: datetime
) -> Literal["root", "clock"] | None:
    """Tell what is wrong with an event said to have been made at a time, after a head was seen.

    `root`: no such head was published before the event had its own leaf. `clock`: the head is
    younger than the event says it is itself.
    """
    if head is None or head.root != seen.root or seen.size > leaf_index:
        return "root"
    return "clock" if at + CLOCK_SLACK < head.made_at else None


def place(runs: Sequence[Run], link: Link) -> Placed:
    """Put an event into what is known of its phone: runs in order, of which none touch."""
    before = next((run for run in runs if run.last == link.seq - 1), None)
    after = next((run for run in runs if run.first == link.seq + 1), None)
    if any(run.first <= link.seq <= run.last for run in runs):
        return Placed(tuple(runs), repeated=True)
    broken = []
    if before and before.hash != link.prev:
        broken.append((link.seq, link.event))
    if after and after.prev != link.hash:
        broken.append((after.first, after.event))
    head = before or Run(link.seq, link.prev, link.event, link.seq, link.hash)
    tail = after or Run(link.seq, link.prev, link.event, link.seq, link.hash)
    whole = Run(head.first, head.prev, head.event, tail.last, tail.hash)
    rest = [run for run in runs if run not in (before, after)]
    return Placed(tuple(sorted([*rest, whole], key=lambda run: run.first)), tuple(broken))


def missing_before(runs: Sequence[Run], run: Run) -> int:
    """Return how many events are missing just before a run."""
    last = max((other.last for other in runs if other.last < run.first), default=FIRST - 1)
    return run.first - 1 - last


def gaps(runs: Sequence[Run]) -> dict[str, int]:
    """Return how many events are missing before each run, by its first event; whole ones not."""
    found = {run.event: missing_before(runs, run) for run in runs}
    return {event: missing for event, missing in found.items() if missing}
