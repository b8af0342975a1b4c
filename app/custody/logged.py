"""Which leaves tell of a batch: what anybody needs to have them proven, and nothing more."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.events.happening import Happening, happening_of
from app.events.story import members_at, story_of
from app.ledger.leaf import read_leaf
from app.ledger.models import Correction, Event, EventBatch, Leaf

_Of = aliased(Correction)
"""The correction that an event itself is."""
MOST_LEAVES = 500
"""Of one batch. A bag has some twenty; whoever needs more has the export."""


@dataclass(frozen=True)
class LoggedEvent:
    """An event that tells of a batch, and its place in the log; None until it is sequenced.

    `via` is the container that it names instead, while the batch was in it. `corrects` is the
    event that it corrects, `corrected_by` the one that took its place.
    """

    event: UUID
    kind: str
    occurred_on: date
    leaf_index: int | None
    leaf_hash: bytes
    via: str | None = None
    corrects: UUID | None = None
    corrected_by: UUID | None = None


@dataclass(frozen=True)
class _Told:
    logged: LoggedEvent
    happening: Happening | None
    effective_at: datetime
    recorded_at: datetime


async def logged_events(session: AsyncSession, code: str) -> Sequence[LoggedEvent]:
    """Return the first MOST_LEAVES events that tell of a batch, in leaf order, those without last.

    Those that were corrected stand among them: the log forgets nothing. Open to anyone, so it
    tells what was done and on which day: no person, no site, no mass.
    """
    own = await _naming(session, code)
    found = {told.logged.event: told.logged for told in own}
    packs = [told for told in own if told.happening and told.happening.kind == "pack"]
    boxes = sorted({told.happening.body["container"] for told in packs if told.happening})
    around = {
        box: await _naming(session, box, since=min(told.effective_at for told in packs))
        for box in boxes
        if box != code
    }
    counted = [t.happening for t in own if t.happening and not t.logged.corrected_by]
    counting = {box: _counting(told) for box, told in around.items()}
    via = {step.event: step.via for step in story_of(code, counted, counting) if step.via}
    for box, all_told in around.items():
        for told in all_told:
            known = told.logged.event in found
            counts = str(told.logged.event) in via or _was_inside(code, box, told, counting[box])
            if counts and not known:
                found[told.logged.event] = _through(told.logged, box)
            if counts:
                found |= _corrections(told.logged, all_told, box)
    order = {told.logged.event: told.recorded_at for told in chain(own, *around.values())}
    items = sorted(found.values(), key=lambda one: _place(one, order[one.event]))
    return items[:MOST_LEAVES]


def _place(one: LoggedEvent, recorded_at: datetime) -> tuple[bool, int, datetime, UUID]:
    return (one.leaf_index is None, one.leaf_index or 0, recorded_at, one.event)


def _counting(told: Iterable[_Told]) -> list[Happening]:
    return [t.happening for t in told if t.happening and not t.logged.corrected_by]


def _was_inside(code: str, box: str, told: _Told, counting: list[Happening]) -> bool:
    """Tell whether an event that no longer counts acted on a container while a bag was in it."""
    happening = told.happening
    return (
        told.logged.corrected_by is not None
        and happening is not None
        and box in happening.containers
        and code in members_at(box, counting, happening.order)
    )


def _corrections(
    corrected: LoggedEvent, among_: Iterable[_Told], box: str
) -> dict[UUID, LoggedEvent]:
    """Return the correction of an event, which may name nothing by itself."""
    return {
        told.logged.event: _through(told.logged, box)
        for told in among_
        if told.logged.event == corrected.corrected_by
    }


def _through(one: LoggedEvent, box: str) -> LoggedEvent:
    values: dict[str, Any] = {**vars(one), "via": box}
    return LoggedEvent(**values)


async def _naming(session: AsyncSession, code: str, since: datetime | None = None) -> list[_Told]:
    """Return the events that name a code, whether they count or not."""
    query = (
        select(
            Event.id, Event.kind, Event.occurred_on, Leaf.leaf_index, Event.leaf_hash,
            _Of.corrects, Correction.event_id,
            Event.leaf, Event.effective_at, Event.recorded_at,
        )
        .join(EventBatch, EventBatch.event_id == Event.id)
        .outerjoin(Leaf, Leaf.event_id == Event.id)
        .outerjoin(Correction, Correction.corrects == Event.id)
        .outerjoin(_Of, _Of.event_id == Event.id)
        .where(EventBatch.batch_code == code)
        .order_by(Leaf.leaf_index.asc().nulls_last(), Event.recorded_at, Event.id)
        .limit(MOST_LEAVES)
    )  # fmt: skip
    if since is not None:
        query = query.where(Event.effective_at >= since)
    found = []
    for id_, kind, day, index, hashed, corrects_, by, leaf, at, recorded in await session.execute(
        query
    ):
        logged = LoggedEvent(id_, kind, day, index, hashed, None, corrects_, by)
        found.append(_Told(logged, happening_of(read_leaf(leaf)), at, recorded))
    return found
