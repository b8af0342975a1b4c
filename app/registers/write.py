"""Store entries and their versions: as many statements for five thousand as for one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table, column, func, insert, literal, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from app.ids import SYSTEM, uuid7
from app.orm import Base
from app.plan.search import put_all, take_out
from app.registers.draft import Draft, shown_values
from app.registers.fields import folded
from app.registers.known import Known
from app.registers.models import RegisterEntry, RegisterPersonal, RegisterVersion
from app.registers.register import Register

FOUND_AS = "entry"
"""The kind of a register's entries in the search over the plan."""


@dataclass(frozen=True)
class Act:
    """Who writes, for which department, when; and the import that a write belongs to."""

    actor: UUID
    department: str
    at: datetime
    imported_by: UUID | None = None


async def insert_entries(
    session: AsyncSession, register: Register, drafts: Sequence[Draft], act: Act
) -> list[UUID] | None:
    """Store new entries, each with its first version; return their ids in order.

    Returns None, with nothing of them to be kept, where one of them stands already: then the
    caller rolls back. Entries go in by identity, so that two writers never wait in a ring.
    """
    ids = [uuid7(SYSTEM, act.at) for _ in drafts]
    rows = [
        {
            "id": entry,
            "register": register.slug,
            "version": 1,
            **_standing(register, draft, act),
        }
        for entry, draft in zip(ids, drafts, strict=True)
    ]
    rows.sort(key=lambda row: row["identity_key"])
    table, names = _recordset(RegisterEntry, rows)
    fresh = (
        upsert(RegisterEntry)
        .from_select(names, table)
        .on_conflict_do_nothing()
        .returning(RegisterEntry.id)
    )
    stored = (await session.scalars(fresh)).all()
    if len(stored) < len(rows):
        return None
    await insert_versions(
        session, [(entry, 1, draft) for entry, draft in zip(ids, drafts, strict=True)], act
    )
    return ids


def _standing(register: Register, draft: Draft, act: Act) -> dict[str, Any]:
    """Return the columns of an entry that follow from what was sent."""
    return {
        "name": draft.name,
        "name_key": folded(draft.name),
        "identity_key": draft.identity_key,
        "county": register.code_of("county", draft.values),
        "area": register.code_of("area", draft.values),
        "industry": register.code_of("industry", draft.values),
        "values": dict(draft.values),
        "document": draft.document,
        "valid_from": draft.valid_from,
        "valid_to": draft.valid_to,
        "withdrawn": False,
        "changed_at": act.at,
    }


async def insert_versions(
    session: AsyncSession, versions: Sequence[tuple[UUID, int, Draft]], act: Act
) -> None:
    """Store versions (entry, number, what it says), and their personal data apart."""
    rows = [
        {
            "entry": entry,
            "number": number,
            "name": draft.name,
            "values": dict(draft.values),
            "document": draft.document,
            "valid_from": draft.valid_from,
            "valid_to": draft.valid_to,
            "withdrawn": False,
            "note": draft.note,
            **_by(act),
        }
        for entry, number, draft in versions
    ]
    await _insert(session, RegisterVersion, rows)
    people = [
        {"entry": entry, "number": number, "values": dict(draft.personal)}
        for entry, number, draft in versions
        if draft.personal
    ]
    if people:
        await _insert(session, RegisterPersonal, people)


def _by(act: Act) -> dict[str, Any]:
    return {
        "actor": act.actor,
        "department": act.department,
        "recorded_at": act.at,
        "imported_by": act.imported_by,
    }


async def change_to(
    session: AsyncSession, register: Register, entry: RegisterEntry, draft: Draft, act: Act
) -> None:
    """Let an entry say what the draft says, as a new version."""
    entry.version += 1
    for name, value in _standing(register, draft, act).items():
        setattr(entry, name, value)
    await session.flush()
    await insert_versions(session, [(entry.id, entry.version, draft)], act)


async def repeat_with(
    session: AsyncSession, entry: RegisterEntry, act: Act, *, note: str, withdrawn: bool
) -> None:
    """Add a version that says what stood, with a note: withdrawn, or its personal data erased."""
    entry.version += 1
    entry.withdrawn = withdrawn
    entry.changed_at = act.at
    await session.flush()
    await session.execute(
        insert(RegisterVersion).values(
            entry=entry.id,
            number=entry.version,
            name=entry.name,
            values=entry.values,
            document=entry.document,
            valid_from=entry.valid_from,
            valid_to=entry.valid_to,
            withdrawn=withdrawn,
            note=note,
            **_by(act),
        )
    )


async def make_findable(
    session: AsyncSession,
    register: Register,
    entries: Sequence[tuple[UUID, Draft]],
    known: Known,
) -> None:
    """Bring the search to what entries say; nothing personal is in it."""
    await put_all(
        session,
        [
            {
                "kind": FOUND_AS,
                "key": str(entry),
                "title": draft.name,
                "text": " ".join(
                    [
                        register.name,
                        *shown_values(register, draft.values, known).values(),
                        draft.document or "",
                    ]
                ),
                "url": f"/plan/registers/{register.slug}/{entry}",
                "public": register.public,
            }
            for entry, draft in entries
        ],
    )


async def let_go(session: AsyncSession, entry: UUID) -> None:
    """Take an entry out of the search."""
    await take_out(session, FOUND_AS, [str(entry)])


async def _insert(
    session: AsyncSession, model: type[Base], rows: Sequence[Mapping[str, Any]]
) -> None:
    table, names = _recordset(model, rows)
    await session.execute(insert(model).from_select(names, table))


def _recordset(model: type[Base], rows: Sequence[Mapping[str, Any]]) -> tuple[Any, list[str]]:
    """Return rows as one parameter and one SELECT, and their columns: no limit of parameters."""
    table = model.__table__
    assert isinstance(table, Table)
    names = list(rows[0])
    records = (
        func.jsonb_to_recordset(literal([_plain(row) for row in rows], JSONB))
        .table_valued(*(column(name, table.columns[name].type) for name in names))
        .render_derived(with_types=True)
    )
    return select(*(records.columns[name] for name in names)), names


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as JSON holds it: ids, days and instants are texts there."""
    kept = (dict, bool, int, str, type(None))
    return {key: value if isinstance(value, kept) else str(value) for key, value in row.items()}
