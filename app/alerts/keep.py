"""The ledger of findings in the database: read what a turn concerns, write what it changed."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Select,
    Table,
    Text,
    TextClause,
    delete,
    func,
    literal,
    select,
    text,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.alerts.journal import note_changes
from app.alerts.models import Finding
from app.alerts.rules.mark import Item, Mark
from app.alerts.rules.openings import MOST_LISTED, Ledger, Opened, Turn, play
from app.alerts.running import AlertClock, AlertMark
from app.events.happening import codes_in
from app.ledger.leaf import read_leaf
from app.ledger.models import Event
from app.orm import Base, among

CLOCK = "alerts"
_ITEM = (AlertMark.rule, AlertMark.subject, AlertMark.window, AlertMark.event, AlertMark.batch)
_MARK = (
    *_ITEM, AlertMark.due_at, AlertMark.active, AlertMark.need, AlertMark.county, AlertMark.site,
    AlertMark.seen_by, AlertMark.figures,
)  # fmt: skip


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


async def marks_where(session: AsyncSession, *clauses: Any) -> list[tuple[Mark, bool]]:
    """Return the stored marks that fit, each with whether it is due."""
    return await _marks(session, select(*_MARK).where(*clauses))


async def _marks(session: AsyncSession, query: Select[Any]) -> list[tuple[Mark, bool]]:
    rows = await session.execute(query)
    return [
        (
            Mark(
                rule, subject, window, county, site, frozenset(seen_by), figures,
                event=event, batch=batch, due_at=due_at, need=need,
            ),
            active,
        )
        for rule, subject, window, event, batch, due_at, active, need, county, site, seen_by,
            figures in rows
    ]  # fmt: skip


async def _load(
    session: AsyncSession, turns: Sequence[Turn], clock: datetime, end: datetime, size: int
) -> Ledger:
    changes = [change.mark for turn in turns for change in turn.changes]
    found = await marks_where(session, ~AlertMark.active, AlertMark.due_at <= end)
    if changes:
        found += await marks_where(session, _in(_ITEM, {mark.item for mark in changes}))
    several = {mark.key for mark in changes if mark.need > 1}
    several |= {mark.key for mark, _ in found if mark.need > 1}
    if several:
        found += await marks_where(session, _in(_ITEM[:3], several))
    keys = Counter(mark.key for mark in changes) + Counter({mark.key: 1 for mark, _ in found})
    if not keys:
        return Ledger({}, {}, {}, {}, clock, size)
    found += await _first(session, keys)
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
        {mark.item: (mark, active) for mark, active in found},
        {(r, s, w): n for r, s, w, n in counts},
        {(f.rule, f.subject, f.window): _opened(f) for f in open_},
        {(r, s, w): n for r, s, w, n in openings},
        clock,
        size,
    )


async def _first(
    session: AsyncSession, keys: Mapping[tuple[str, str, str], int]
) -> list[tuple[Mark, bool]]:
    """Return the first marks of keys that are due: one more than may fall, by key."""
    lists = [*zip(*keys, strict=True)]
    asked = (
        func.unnest(
            *(literal(list(one), ARRAY(Text())) for one in lists),
            literal([n + 1 for n in keys.values()], ARRAY(BigInteger())),
        )
        .table_valued("rule", "subject", "window", "n")
        .render_derived("asked")
    )
    of_key = [
        column == asked.c[column.name]
        for column in (AlertMark.rule, AlertMark.subject, AlertMark.window)
    ]
    first = (
        select(*_MARK)
        .where(*of_key, AlertMark.active)
        .order_by(AlertMark.event, AlertMark.batch)
        .limit(asked.c.n)
        .lateral("first")
    )
    return await _marks(session, select(*first.c).select_from(asked).join(first, true()))


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
    await upsert(session, AlertMark, rows)


async def _write_findings(session: AsyncSession, findings: Iterable[Opened]) -> None:
    """Write findings, closed ones first: their key may be open again."""
    ordered = sorted(findings, key=lambda f: (f.closed_at is None, f.key, f.opening))
    named = await _named_by(session, {e for f in ordered if f.of_events for e in f.events})
    rows = [
        {
            "id": f.id,
            **dict(zip(("rule", "subject", "window"), f.key, strict=True)),
            "opening": f.opening,
            "county": f.county,
            "site": f.site,
            "seen_by": sorted(f.seen_by),
            "figures": f.figures,
            "events": f.events,
            "batches": _bags_of(f.events, named) if f.of_events else f.batches,
            "opened_at": f.opened_at,
            "opened_leaf": f.opened_leaf,
            "closed_at": f.closed_at,
            "closed_leaf": f.closed_leaf,
            "log_size": f.log_size,
        }
        for f in ordered
    ]
    await upsert(session, Finding, rows)
    await note_changes(session, rows)


async def _named_by(session: AsyncSession, events: Collection[str]) -> dict[str, list[str]]:
    """Return the codes that events name, by event."""
    if not events:
        return {}
    ids = [UUID(event) for event in events]
    rows = await session.execute(select(Event.id, Event.leaf).where(among(Event.id, ids)))
    return {str(id_): codes_in(read_leaf(leaf)["event"]) for id_, leaf in rows}


def _bags_of(events: Iterable[str], named: Mapping[str, list[str]]) -> list[str]:
    codes = dict.fromkeys(code for event in events for code in named.get(event, ()))
    return list(codes)[:MOST_LISTED]


async def upsert(session: AsyncSession, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows, or put them in the place of those with the same primary key; one statement.

    The rows travel as one JSON parameter, whose elements take the table's own types.
    """
    if rows:
        packed = json.dumps(rows, default=str, separators=(",", ":"))
        await session.execute(_upserting(table), {"rows": packed})


@lru_cache
def _upserting(table: type[Base]) -> TextClause:
    named: Table = table.__table__  # type: ignore[assignment]
    keys = ", ".join(f'"{column.name}"' for column in named.primary_key)
    columns = [f'"{column.name}"' for column in named.columns]
    others = [f'"{c.name}" = excluded."{c.name}"' for c in named.columns if not c.primary_key]
    return text(
        f"INSERT INTO {named.name} ({', '.join(columns)}) SELECT {', '.join(columns)}"  # noqa: S608  names of our own models
        f" FROM jsonb_populate_recordset(NULL::{named.name}, CAST(:rows AS jsonb))"
        f" ON CONFLICT ({keys}) DO UPDATE SET {', '.join(others)}"
    )
