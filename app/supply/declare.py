"""Declare supply (产生量申报): the denominator of the rate, as `declare` events in the log.

Rows are idempotent by their own id: an office may send its month's file again. A wrong row is
replaced by another of the same county; the follower takes its mass back.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import County
from app.areas.scope import Reach, reach_of
from app.auth.caller import Caller
from app.auth.permissions import require
from app.db import Database, WriteSession
from app.errors import InvalidBody, NotFound
from app.events.declare import Statement, Subject, append_statement, register, replayed
from app.events.record import Random
from app.events.settle import Source
from app.ledger.leaf import MAX_LEAF_BYTES, jcs, leaf_hash
from app.ledger.models import Event
from app.orm import among
from app.supply.errors import SupplyRowReplaced, SupplyRowReused
from app.supply.models import SupplyRow
from app.supply.schemas import SupplyLine, as_sent, in_leaf

FRAME_BYTES = 2_000
"""Of a leaf, kept for what stands around the rows."""

Placed = tuple[int, SupplyLine]
"""A row with its place in the request, for pointers."""


class Holding(NamedTuple):
    """An event that holds declared rows, as its receipt names it."""

    event: UUID
    leaf_hash: bytes
    recorded_at: datetime


@dataclass(frozen=True)
class Declared:
    """How many rows were recorded, how many stood already, and the events that hold them all."""

    recorded: int
    duplicate: int
    events: tuple[Holding, ...]


async def declare_supply(
    database: Database,
    caller: Caller,
    rows: Sequence[SupplyLine],
    *,
    now: datetime,
    new_id: Callable[[], UUID],
    source: Source | None = None,
) -> Declared:
    """Record rows, all or none, in as many `declare` events as fit into leaves; committed.

    `new_id` gives each event its UUIDv7. Raises NotFound for a county or a replaced row that is
    absent or out of reach, SupplyRowReused, SupplyRowReplaced.
    """
    require(caller, "declare.supply")
    drawn = source or Random()

    async def work(session: WriteSession) -> Declared:
        placed = list(enumerate(rows))
        reach = await _check_counties(session, caller, placed)
        fresh = await _not_yet_declared(session, placed)
        await _check_replaced(session, reach, fresh)
        events = await _holding(session, {row.id for row in rows} - {row.id for _, row in fresh})
        for chunk in _leaf_sized([row for _, row in fresh]):
            statement = Statement(new_id(), "supply", now, [in_leaf(row) for row in chunk])
            entry = await append_statement(session, caller, statement, now=now, source=drawn)
            await _insert(session, chunk, statement.id)
            events.append(Holding(entry.id, leaf_hash(entry.leaf), now))
        return Declared(len(fresh), len(rows) - len(fresh), tuple(events))

    return await replayed(database, work)


async def _holding(session: AsyncSession, rows: set[str]) -> list[Holding]:
    """Return the events that hold rows which stand already: who lost the answer gets it again."""
    if not rows:
        return []
    found = await session.execute(
        select(Event.id, Event.leaf_hash, Event.recorded_at)
        .where(Event.id.in_(select(SupplyRow.event_id).where(among(SupplyRow.id, rows))))
        .order_by(Event.recorded_at, Event.id)
    )
    return [Holding(*row) for row in found]


def _leaf_sized(rows: Sequence[SupplyLine]) -> Iterator[list[SupplyLine]]:
    """Cut rows, in order, into pieces whose leaves stay within 65 535 bytes."""
    chunk: list[SupplyLine] = []
    room = MAX_LEAF_BYTES - FRAME_BYTES
    for row in rows:
        size = len(jcs(in_leaf(row))) + 1
        if chunk and size > room:
            yield chunk
            chunk, room = [], MAX_LEAF_BYTES - FRAME_BYTES
        chunk.append(row)
        room -= size
    if chunk:
        yield chunk


async def _apply(
    session: AsyncSession, caller: Caller, rows: Sequence[SupplyLine], event_id: UUID, _: date
) -> None:
    """Apply one `declare` event: every row must be new, or two events would count it."""
    placed = list(enumerate(rows))
    reach = await _check_counties(session, caller, placed)
    fresh = {i for i, _ in await _not_yet_declared(session, placed)}
    for i, row in placed:
        if i not in fresh:
            raise SupplyRowReused(row=row.id, pointer=f"/rows/{i}/id")
    await _check_replaced(session, reach, placed)
    await _insert(session, rows, event_id)


async def _check_counties(session: AsyncSession, caller: Caller, rows: Sequence[Placed]) -> Reach:
    reach = await reach_of(session, caller)
    named = {row.county for _, row in rows}
    known = set(await session.scalars(select(County.code).where(County.code.in_(named))))
    for i, row in rows:
        if row.county not in known or not reach.holds_county(row.county):
            raise NotFound(what=row.county, pointer=f"/rows/{i}/county")
    return reach


async def _not_yet_declared(session: AsyncSession, rows: Sequence[Placed]) -> list[Placed]:
    """Return the rows that are new; the same id with other content raises SupplyRowReused."""
    ids = {row.id for _, row in rows}
    standing = await session.scalars(select(SupplyRow).where(SupplyRow.id.in_(ids)))
    known = {row.id: _as_declared(row) for row in standing}
    fresh = []
    for i, row in rows:
        content = in_leaf(row)
        if row.id not in known:
            known[row.id] = content
            fresh.append((i, row))
        elif known[row.id] != content:
            raise SupplyRowReused(row=row.id, pointer=f"/rows/{i}/id")
    return fresh


async def _check_replaced(session: AsyncSession, reach: Reach, rows: Sequence[Placed]) -> None:
    """Raise where a replaced row is not there, is another county's, or was replaced before."""
    named = {row.replaces for _, row in rows if row.replaces}
    if not named:
        return
    found = await session.execute(
        select(SupplyRow.id, SupplyRow.county).where(SupplyRow.id.in_(named))
    )
    counties: dict[str, str] = dict(found.all())
    earlier = await session.execute(
        select(SupplyRow.replaces, SupplyRow.id).where(SupplyRow.replaces.in_(named))
    )
    replaced: dict[str | None, str] = dict(earlier.all())
    for i, row in rows:
        if row.replaces:
            pointer = f"/rows/{i}/replaces"
            county = counties.get(row.replaces)
            if county is None or not reach.holds_county(county):
                raise NotFound(what=row.replaces, pointer=pointer)
            if county != row.county:
                raise _other_county(pointer)
            if row.replaces in replaced:
                raise SupplyRowReplaced(
                    row=row.replaces, replaced_by=replaced[row.replaces], pointer=pointer
                )
            replaced[row.replaces] = row.id
        counties[row.id] = row.county


def _other_county(pointer: str) -> InvalidBody:
    words = "更正的申报行应属于同一个县"
    english = "the replaced row must be of the same county"
    return InvalidBody(
        reason=words, errors=[{"pointer": pointer, "detail": words, "detail_en": english}]
    )


def _as_declared(row: SupplyRow) -> dict[str, Any]:
    """Return a stored row in the form in which it stands in its leaf."""
    found = {
        "id": row.id,
        "dealer": row.dealer,
        "county": row.county,
        "on": row.on_day.isoformat(),
        "registration": row.registration,
        "spec": row.spec,
        "units": row.units,
        "unit_weight_mg": row.unit_weight_mg,
        "mass_g": row.mass_g,
        "method": row.method,
        "replaces": row.replaces,
    }
    return {key: value for key, value in found.items() if value is not None}


async def _insert(session: AsyncSession, rows: Sequence[SupplyLine], event_id: UUID) -> None:
    await session.execute(
        insert(SupplyRow),
        [
            {
                "id": row.id,
                "county": row.county,
                "on_day": row.on,
                "dealer": row.dealer,
                "registration": row.registration,
                "spec": row.spec,
                "units": row.units,
                "unit_weight_mg": row.unit_weight_mg,
                "mass_g": row.grams,
                "method": row.method,
                "replaces": row.replaces,
                "event_id": event_id,
            }
            for row in rows
        ],
    )


register(Subject("supply", SupplyLine, in_leaf, _apply, of_counties=True, as_sent=as_sent))
