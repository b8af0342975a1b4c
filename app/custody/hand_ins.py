"""The hand-ins of original bags: what the points' ledgers hold, page by page."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.custody.stories import counts_at
from app.events.happening import Happening, happening_of, mass_in
from app.ledger.leaf import read_leaf
from app.ledger.models import Event, EventBatch, Leaf
from app.orm import among


@dataclass(frozen=True)
class HandedIn:
    """One hand-in into a bag; grams as weighed, else as counted. Nobody's name."""

    event: UUID
    batch: str
    site: str
    effective_at: datetime
    occurred_on: date
    mass_g: int | None
    pieces: int
    leaf_index: int | None


async def hand_ins_of(
    session: AsyncSession,
    codes: Collection[str],
    size: int | None,
    *,
    after: tuple[str, UUID] | None,
    limit: int,
) -> list[HandedIn]:
    """Return hand-ins in force into bags by (bag, id), which is their time. One statement."""
    wanted = sorted(code for code in codes if after is None or code >= after[0])
    place = (EventBatch.batch_code, EventBatch.event_id)
    # The leaf is JCS: a corrected hand-in holds its kind in exactly these letters.
    corrected = (Event.kind == "correct") & Event.leaf.contains('"kind":"hand_in"')
    query = (
        select(EventBatch.batch_code, Event.leaf, Leaf.leaf_index)
        .join(Event, Event.id == EventBatch.event_id)
        .outerjoin(Leaf, Leaf.event_id == Event.id)
        .where(among(EventBatch.batch_code, wanted), *counts_at(size))
        .where(or_(Event.kind == "hand_in", corrected))
        .order_by(*place)
        .limit(limit)
    )
    if after is not None:
        query = query.where(tuple_(*place) > after)
    found = []
    for code, leaf, leaf_index in await session.execute(query):
        happening = happening_of(read_leaf(leaf))
        if happening:
            found.append(_handed_in(code, happening, leaf_index))
    return found


def _handed_in(code: str, happening: Happening, leaf_index: int | None) -> HandedIn:
    weighed, _ = mass_in(happening.body["batches"][0])
    counted = sum((happening.stamps.get("counted") or {}).get("scopes", {}).values())
    return HandedIn(
        UUID(happening.event), code, happening.body["site"],
        datetime.fromisoformat(happening.stamps["effective_at"]), happening.day,
        weighed if weighed is not None else counted or None,
        sum(line["pieces"] for line in happening.body["contents"]), leaf_index,
    )  # fmt: skip
