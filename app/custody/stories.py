"""Stories as the log tells them, now or at any size it has had: events in force, by batch.

A correction counts once it is in that part of the log; what it corrects counts until then.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, BindParameter, ColumnElement, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.balance.models import Posting
from app.balance.postings import Transfer
from app.events.fold import Folded
from app.events.happening import Happening, codes_in, happening_of
from app.events.shelf import settled
from app.events.state import LabelFacts, Step
from app.events.story import story_of
from app.events.taking import Conflict
from app.events.together import fold
from app.ledger.leaf import read_leaf
from app.ledger.models import Correction, Event, EventBatch, Leaf
from app.orm import among_given
from app.prepared import Prepared

_Later = aliased(Leaf)
"""The leaf of a correction, beside that of what it corrects."""


@dataclass(frozen=True)
class Told:
    """One event as its leaf tells it; `happening` is what counts of it."""

    happening: Happening
    parts: dict[str, Any]
    recorded_at: datetime
    leaf_index: int | None


@dataclass(frozen=True)
class Stories:
    """Events in force by id, and which of them name each batch or container."""

    told: dict[str, Told]
    named: dict[str, set[str]]

    def own(self, code: str) -> list[Happening]:
        """Return the events that name a code."""
        return [self.told[event].happening for event in self.named.get(code, ())]

    def story(self, code: str, booked: Collection[Transfer]) -> list[Step]:
        """Return a bag's steps, shares of weighings and repacks as they are booked."""
        return settled(code, self.whole(code), list(booked))

    def whole(self, code: str) -> list[Step]:
        """Return a bag's steps, shares of weighings and repacks left open."""
        boxes = {box: self.own(box) for box in self._boxes(code)}
        return story_of(code, self.own(code), boxes)

    def around(self, code: str) -> list[Happening]:
        """Return the events that name a bag, or a container that it was in at some time."""
        return [h for one in (code, *self._boxes(code)) for h in self.own(one)]

    def _boxes(self, code: str) -> set[str]:
        return {h.body["container"] for h in self.own(code) if h.kind == "pack"}


def folded(code: str, label: LabelFacts, story: Iterable[Step]) -> Folded:
    """Fold a story whose shares of weighings and repacks are filled in as they are booked."""
    found = fold(label, story)
    assert not isinstance(found, Conflict), f"{code}: each prefix of the log was decided to fit"
    return found


async def stories_of(
    session: AsyncSession, codes: Iterable[str], size: int | None = None
) -> Stories:
    """Return the stories of batches, with those of the containers they were in.

    `size` cuts the log; None means all that is committed, the newest events perhaps without a
    place. One statement, and one more where some were packed, however many codes.
    """
    found = Stories({}, defaultdict(set))
    wanted = set(codes)
    await _add(session, found, wanted, size)
    boxes = {
        told.happening.body["container"]
        for told in found.told.values()
        if told.happening.kind == "pack"
    }
    await _add(session, found, boxes - wanted, size)
    return found


async def _add(session: AsyncSession, found: Stories, codes: set[str], size: int | None) -> None:
    if not codes:
        return
    for leaf, recorded_at, leaf_index in await _as_of(session, _IN_FORCE, codes, size):
        parts = read_leaf(leaf)
        happening = happening_of(parts)
        if happening is None:
            continue
        found.told[happening.event] = Told(happening, parts, recorded_at, leaf_index)
        for code in codes.intersection(codes_in(happening.body)):
            found.named[code].add(happening.event)


def counts_at(size: int | BindParameter[int] | None) -> list[ColumnElement[bool]]:
    """Return the WHERE clauses that keep events in force as of a size of the log; None means now.

    With a size, `leaf` must be among what is queried.
    """
    gone = select(Correction.corrects).where(Correction.corrects == Event.id)
    if size is None:
        return [~gone.exists()]
    told = select(_Later.event_id).where(
        _Later.event_id == Correction.event_id, _Later.leaf_index < size
    )
    return [Leaf.leaf_index < size, ~gone.where(told.exists()).exists()]


_SIZE = bindparam("size", type_=BigInteger())


def _in_force(size: BindParameter[int] | None) -> Any:
    """Return the query of the leaves that name codes and count, as of a size of the log."""
    named = select(EventBatch.event_id).where(among_given(EventBatch.batch_code, "codes"))
    query = (
        select(Event.leaf, Event.recorded_at, Leaf.leaf_index)
        .outerjoin(Leaf, Leaf.event_id == Event.id)
        .where(Event.id.in_(named))
    )
    return query.where(*counts_at(size))


def _booked(size: BindParameter[int] | None) -> Any:
    query = select(*_POSTING).where(among_given(Posting.batch_code, "codes"))
    if size is None:
        return query
    return query.join(Leaf, Leaf.event_id == Posting.cause).where(Leaf.leaf_index < size)


_POSTING: tuple[Any, ...] = (
    Posting.batch_code,
    Posting.about,
    Posting.origin,
    Posting.from_account,
    Posting.to_account,
    Posting.place,
    Posting.mass_g,
    Posting.occurred_on,
)
_IN_FORCE, _BOOKED = (
    (Prepared(query(None)), Prepared(query(_SIZE))) for query in (_in_force, _booked)
)
"""As of now, and as of a size of the log."""


async def _as_of(
    session: AsyncSession,
    queries: tuple[Prepared, Prepared],
    codes: Iterable[str],
    size: int | None,
) -> list[Any]:
    now, then = queries
    if size is None:
        return await now.rows(session, codes=list(codes))
    return await then.rows(session, codes=list(codes), size=size)


async def booked_of(
    session: AsyncSession, codes: Iterable[str], size: int | None = None
) -> dict[str, list[Transfer]]:
    """Return what is booked for batches, as of a size of the log."""
    found: dict[str, list[Transfer]] = defaultdict(list)
    for code, about, *rest in await _as_of(session, _BOOKED, set(codes), size):
        found[code].append(Transfer(str(about), *rest))
    return found
