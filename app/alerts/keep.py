"""The ledger of findings in the database: read what a turn concerns, write what it changed."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text, delete, func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.alerts.journal import note_changes
from app.alerts.models import Finding
from app.alerts.rules.mark import Item, Mark
from app.alerts.rules.openings import Ledger, Opened, Turn, play
from app.alerts.running import AlertClock, AlertMark

CLOCK = "alerts"
_ITEM = (AlertMark.rule, AlertMark.subject, AlertMark.window, AlertMark.event, AlertMark.batch)


async def clock_of(session: AsyncSession) -> datetime | None:
    """Return the instant up to which silence has been judged; None before the first leaf."""
    found: datetime | None = await session.scalar(
        select(AlertClock.at).where(AlertClock.name == CLOCK)
    )
    return found


async def play_turns(
    session: AsyncSession,
    turns: Sequence[Turn],
    *,
    clock: datetime,
    size: int,
    until: datetime | None = None,
) -> None:
    """Apply turns and the passing of time, from `clock` on and `size` leaves, and write all."""
    end = max([clock, *(turn.at for turn in turns), *([until] if until else [])])
    ledger = await _load(session, turns, clock, end, size)
    play(ledger, turns, until)
    await _write_marks(session, ledger)
    await _write_findings(session, ledger.changed.values())
    row = insert(AlertClock).values(name=CLOCK, at=ledger.clock)
    await session.execute(
        row.on_conflict_do_update(index_elements=["name"], set_={"at": ledger.clock})
    )


def mark_of(row: AlertMark) -> Mark:
    """Return a stored mark."""
    return Mark(
        row.rule, row.subject, row.window, row.county, row.site, frozenset(row.seen_by),
        row.figures, event=row.event, batch=row.batch, due_at=row.due_at, need=row.need,
    )  # fmt: skip


async def _load(
    session: AsyncSession, turns: Sequence[Turn], clock: datetime, end: datetime, size: int
) -> Ledger:
    changes = [change.mark for turn in turns for change in turn.changes]
    coming = ~AlertMark.active & (AlertMark.due_at <= end)
    rows = list(await session.scalars(select(AlertMark).where(coming)))
    if changes:
        items = {mark.item for mark in changes}
        rows += await session.scalars(select(AlertMark).where(_in(_ITEM, items)))
    several = {mark.key for mark in changes if mark.need > 1}
    several |= {(row.rule, row.subject, row.window) for row in rows if row.need > 1}
    if several:
        rows += await session.scalars(select(AlertMark).where(_in(_ITEM[:3], several)))
    marks = {mark_of(row).item: (mark_of(row), row.active) for row in rows}
    keys = {mark.key for mark in changes} | {mark.key for mark, _ in marks.values()}
    if not keys:
        return Ledger({}, {}, {}, {}, clock, size)
    counts = await session.execute(
        select(*_ITEM[:3], func.count())
        .where(_in(_ITEM[:3], keys), AlertMark.active)
        .group_by(*_ITEM[:3])
    )
    columns = (Finding.rule, Finding.subject, Finding.window)
    openings = await session.execute(
        select(*columns, func.max(Finding.opening)).where(_in(columns, keys)).group_by(*columns)
    )
    open_ = await session.scalars(
        select(Finding).where(_in(columns, keys), Finding.closed_at.is_(None))
    )
    return Ledger(
        marks,
        {(r, s, w): n for r, s, w, n in counts},
        {(f.rule, f.subject, f.window): _opened(f) for f in open_},
        {(r, s, w): n for r, s, w, n in openings},
        clock,
        size,
    )


def _in(columns: Sequence[Any], keys: Iterable[tuple[str, ...]]) -> Any:
    """Return whether columns are one of the keys, as one parameter a column."""
    parts = list(zip(*keys, strict=True)) or [()] * len(columns)
    lists = [literal(list(part), ARRAY(Text())) for part in parts]
    names = [f"k{n}" for n in range(len(columns))]
    table = func.unnest(*lists).table_valued(*names).render_derived()
    return tuple_(*columns).in_(select(*table.c))


def _opened(row: Finding) -> Opened:
    return Opened(
        (row.rule, row.subject, row.window), row.opening, row.county, row.site,
        frozenset(row.seen_by), row.figures, [str(e) for e in row.events], list(row.batches),
        row.opened_at, row.opened_leaf, row.log_size,
    )  # fmt: skip


async def _write_marks(session: AsyncSession, ledger: Ledger) -> None:
    gone: set[Item] = {item for item in ledger.touched if item not in ledger.marks}
    if gone:
        await session.execute(delete(AlertMark).where(_in(_ITEM, gone)))
    rows = []
    for item in sorted(ledger.touched - gone):
        mark, active = ledger.marks[item]
        rows.append(
            {
                **dict(zip(("rule", "subject", "window", "event", "batch"), item, strict=True)),
                "due_at": mark.due_at,
                "active": active,
                "need": mark.need,
                "county": mark.county,
                "site": mark.site,
                "seen_by": sorted(mark.seen_by),
                "figures": mark.figures,
            }
        )
    if rows:
        await upsert(session, AlertMark, rows)


async def _write_findings(session: AsyncSession, findings: Iterable[Opened]) -> None:
    """Write findings, closed ones first: their key may be open again."""
    rows = [
        {
            "id": f.id,
            **dict(zip(("rule", "subject", "window"), f.key, strict=True)),
            "opening": f.opening,
            "county": f.county,
            "site": f.site,
            "seen_by": sorted(f.seen_by),
            "figures": f.figures,
            "events": [UUID(e) for e in f.events],
            "batches": f.batches,
            "opened_at": f.opened_at,
            "opened_leaf": f.opened_leaf,
            "closed_at": f.closed_at,
            "closed_leaf": f.closed_leaf,
            "log_size": f.log_size,
        }
        for f in sorted(findings, key=lambda f: (f.closed_at is None, f.key, f.opening))
    ]
    if rows:
        await upsert(session, Finding, rows)
        await note_changes(session, rows)


async def upsert(session: AsyncSession, table: Any, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows, or put them in the place of those with the same primary key."""
    fresh = insert(table)
    keys = [column.name for column in table.__table__.primary_key]
    values = {name: fresh.excluded[name] for name in rows[0] if name not in keys}
    connection = await session.connection()
    await connection.execute(
        fresh.on_conflict_do_update(index_elements=keys, set_=values), list(rows)
    )
