"""The log as lines of JSON, all that an auditor's tool checks: docs/log.md, The export.

It only reads and prints what stands, in a damaged database too; `scripts/verify` judges.
"""

import base64
import json
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.balance.flows import FLOWS
from app.balance.models import CountyFlow, SiteFlow
from app.evidence import rows
from app.ledger.follow import cursor_of
from app.ledger.leaf import commitment
from app.ledger.models import Correction, Event, EventPrivate, Leaf
from app.ops.models import Installation
from app.orm import Base
from app.supply.follow import SUPPLY
from app.supply.models import SupplyDay, SupplyRow
from app.transparency.models import (
    LogCheckpoint,
    LogCosignature,
    LogHead,
    LogKey,
    LogTile,
)

FORMAT = "log-export/1"
ROWS_AT_ONCE = 50
"""Rows held in memory: a leaf has up to 64 KB, and its postings may be many."""

Says = Callable[[Row[Any]], list[Any]]


@dataclass(frozen=True)
class Section:
    """Lines of one kind: where they are read, and what each says after its kind."""

    kind: str
    statement: Select[Any]
    says: Says


async def export_lines(session: AsyncSession, *, private: bool) -> AsyncGenerator[str]:
    """Yield the whole log as it stands in the session's snapshot, each line with its newline.

    Memory does not grow with the log. `private` adds the private parts, which hold personal data,
    and the salts of their commitments.
    """
    yield _line(await _head(session))
    counts: dict[str, int] = {}
    for section in _sections(private=private):
        counts.setdefault(section.kind, 0)
        found = await session.stream(
            section.statement, execution_options={"yield_per": ROWS_AT_ONCE}
        )
        try:
            async for row in found:
                counts[section.kind] += 1
                yield _line([section.kind, *section.says(row)])
        finally:
            await found.close()
    yield _line(["end", counts])


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


async def _head(session: AsyncSession) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "origin": await session.scalar(select(Installation.log_origin)),
        "leaves": await session.scalar(select(func.count()).select_from(Leaf)),
        "flows": await cursor_of(session, FLOWS.name),
        "supply": await cursor_of(session, SUPPLY.name),
        "checkpoint": await _newest_checkpoint(session),
    }


async def _newest_checkpoint(session: AsyncSession) -> str | None:
    """Return the newest note with the lines of its witnesses, None before the first."""
    newest = select(LogCheckpoint.size, LogCheckpoint.note)
    newest = newest.order_by(LogCheckpoint.size.desc().nulls_last()).limit(1)
    found = (await session.execute(newest)).one_or_none()
    if found is None or found.note is None:
        return None
    lines = await session.scalars(
        select(LogCosignature.line)
        .where(LogCosignature.size == found.size)
        .order_by(LogCosignature.vkey.collate("C"))
    )
    return "".join([found.note, *(line or "" for line in lines)])


def _sections(*, private: bool) -> Iterator[Section]:
    yield Section("leaf", rows.leaves(), _leaf_says(private=private))
    yield Section("waiting", rows.waiting(), list)
    for table, statement in rows.strays():
        yield Section("orphan", statement, _orphan_says(table, private=private))
    yield Section("tile", rows.rows_of(LogTile), _tile_says)
    for kind, table in (
        ("head", LogHead),
        ("checkpoint", LogCheckpoint),
        ("cosignature", LogCosignature),
        ("key", LogKey),
        ("correction", Correction),
        ("site_flow", SiteFlow),
        ("county_flow", CountyFlow),
    ):
        yield Section(kind, rows.rows_of(table), list)
    names = rows.columns_of(SupplyRow)
    yield Section(
        "supply_row", rows.rows_of(SupplyRow), lambda row: [dict(zip(names, row, strict=True))]
    )
    yield Section("supply_day", rows.rows_of(SupplyDay), list)


def _leaf_says(*, private: bool) -> Says:
    names = rows.columns_of(Event)

    def says(row: Row[Any]) -> list[Any]:
        index, event_id, codes, postings, *rest = tuple(row)
        event, secret = rest[: len(names)], rest[len(names) :]
        return [
            index,
            event_id,
            # Both are found by their id: without it, there is no such row.
            dict(zip(names, event, strict=True)) if event[0] is not None else None,
            codes or [],
            json.loads(postings) if postings else [],
            _private_says(secret, private=private) if secret[0] is not None else None,
        ]

    return says


def _private_says(row: list[Any], *, private: bool) -> dict[str, Any]:
    """Return the commitment to a row of `event_private`, null where the row cannot be committed to.

    With `private` also its salt and its private part, as text where it is no JSON that Python and
    JCS can read.
    """
    _, salt, text = row
    part, bound = text, None
    try:
        part = json.loads(text)
        bound = commitment(bytes.fromhex(salt), part)
    except (TypeError, ValueError, RecursionError):
        part = text
    return {"commitment": bound} | ({"salt": salt, "private": part} if private else {})


def _orphan_says(table: type[Base], *, private: bool) -> Says:
    names = rows.columns_of(table)

    def says(row: Row[Any]) -> list[Any]:
        if table is EventPrivate:
            told = {"event_id": row[0], **_private_says(list(row), private=private)}
        else:
            told = dict(zip(names, row, strict=True))
        return [table.__tablename__, told]

    return says


def _tile_says(row: Row[Any]) -> list[Any]:
    level, index, hashes = tuple(row)
    return [
        level,
        index,
        None if hashes is None else base64.b64encode(bytes.fromhex(hashes)).decode(),
    ]
