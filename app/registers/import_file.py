"""Import entries from a sheet: all rows or none, in a fixed number of statements."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.read import today
from app.auth.caller import Caller
from app.db import Database, WriteSession
from app.errors import NotFound
from app.ids import SYSTEM, uuid7
from app.registers.draft import Draft, Reader, entry_texts
from app.registers.file_faults import (
    Told,
    faults_of,
    parts_of,
    refused,
    standing_already,
    told,
    unheaded,
)
from app.registers.known import Known, known_to
from app.registers.models import RegisterImport
from app.registers.register import Register, find_register
from app.registers.rights import require_editor, require_responsible
from app.registers.sheet import Sheet, read_sheet
from app.registers.workbook import errors_xlsx
from app.registers.write import Act, insert_entries, make_findable
from app.web import Unfit

KEPT_DAYS = 30
"""How long the cells of a refused file are kept."""
LONGEST_FILE_NAME = 200


@dataclass(frozen=True)
class Imported:
    """An accepted file: its import's id and how many entries it added."""

    id: UUID
    imported: int


@dataclass(frozen=True)
class Importer:
    """Who may import into a register: decided before a file is looked at."""

    caller: Caller
    department: str
    register: Register


async def importer_to(database: Database, caller: Caller, slug: str) -> Importer:
    """Return the caller as one who may import; raises NotFound and what `require_editor` does."""
    async with database.read() as session:
        register = await find_register(session, slug)
    return Importer(caller, require_editor(caller, register), register)


async def import_entries(
    database: Database,
    importer: Importer,
    content: bytes,
    *,
    file_name: str,
    backfill: bool,
    now: datetime,
) -> Imported:
    """Add every row of a file as an entry, or none; committed.

    Raises RegisterImportRefused with every fault; the cells of a refused sheet are kept for its
    error file.
    """
    register = importer.register
    try:
        sheet = await asyncio.to_thread(read_sheet, content)
    except Unfit as error:
        raise refused([told(None, None, str(error), error.english)], None) from None
    import_id = uuid7(SYSTEM, now)
    async with database.write() as session:
        act = Act(importer.caller.id, importer.department, now, import_id)
        values = {
            "id": import_id,
            "register": register.slug,
            "file_name": file_name[:LONGEST_FILE_NAME],
            "rows": len(sheet.rows),
            "actor": importer.caller.id,
            "recorded_at": now,
        }
        faults = await _import(session, register, sheet, act, values, backfill=backfill)
        if faults:
            cells = [[row.number, *row.cells] for row in (sheet.headings, *sheet.rows)]
            await session.execute(
                insert(RegisterImport).values(
                    **values, accepted=False, cells=cells, errors=list(faults)
                )
            )
    if faults:
        raise refused(faults, import_id)
    return Imported(import_id, len(sheet.rows))


async def _import(
    session: WriteSession,
    register: Register,
    sheet: Sheet,
    act: Act,
    values: Mapping[str, Any],
    *,
    backfill: bool,
) -> list[Told]:
    """Store a sheet's entries; where anything is wrong store none and return what it is."""
    parts, faults = parts_of(register, sheet.headings)
    if faults:
        return faults
    given = [
        {part: row.cells[i] for part, i in parts.items() if i < len(row.cells)}
        for row in sheet.rows
    ]
    known = await known_to(session, register, entry_texts(register, given))
    reader = Reader(register, known, entered_on=None if backfill else today())
    read = await asyncio.to_thread(lambda: [reader.read(one) for one in given])
    faults = [*unheaded(sheet), *faults_of(register, sheet.rows, read)]
    drafts = [one for one in read if isinstance(one, Draft)]
    faults += await standing_already(session, register, sheet.rows, read)
    if faults:
        return sorted(faults, key=itemgetter("row"))
    if not drafts:
        return [told(sheet.headings.number, None, "表里没有数据行", "the sheet has no rows")]
    if await _store(session, register, drafts, known, act, values):
        return []
    # Someone else entered one of them between the look and the writing.
    changed = "名单刚被别人更改，请再导入一次", "the register has just changed; send the file again"
    return await standing_already(session, register, sheet.rows, read) or [
        told(sheet.headings.number, None, *changed)
    ]


async def _store(
    session: WriteSession,
    register: Register,
    drafts: Sequence[Draft],
    known: Known,
    act: Act,
    values: Mapping[str, Any],
) -> bool:
    """Store entries under their import; False, and nothing stored, where one stands already."""
    async with session.begin_nested() as tried:
        accepted = insert(RegisterImport).values(**values, accepted=True, cells=None, errors=[])
        await session.execute(accepted)
        ids = await insert_entries(session, register, drafts, act)
        if ids is None:
            await tried.rollback()
            return False
        await make_findable(session, register, list(zip(ids, drafts, strict=True)), known)
    return True


async def forget_old_cells(session: AsyncSession, now: datetime) -> None:
    """Forget what refused files held, thirty days after they were sent: it may be personal."""
    await session.execute(
        update(RegisterImport)
        .where(
            RegisterImport.cells.is_not(None),
            RegisterImport.recorded_at < now - timedelta(days=KEPT_DAYS),
        )
        .values(cells=None)
    )


async def error_file(session: AsyncSession, caller: Caller, import_id: UUID) -> bytes:
    """Return a refused file with its errors beside its rows, as .xlsx.

    Only to the departments that keep the register; NotFound where nothing is kept (any more).
    """
    found = await session.get(RegisterImport, import_id)
    if found is None:
        raise NotFound(what=str(import_id))
    register = await find_register(session, found.register)
    require_responsible(caller, register)
    if found.cells is None:
        raise NotFound(what=str(import_id))
    return await asyncio.to_thread(errors_xlsx, found.cells, found.errors)
