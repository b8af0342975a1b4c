"""Add, change and withdraw an entry, erase its personal data: one transaction each.

Versions are only ever added. Who may write is decided before anything is looked up.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.read import today
from app.auth.caller import Caller
from app.db import WriteSession, constraint
from app.errors import InvalidBody, NotFound
from app.registers.draft import Draft, Fault, Reader, entry_texts
from app.registers.errors import (
    RegisterEntryChanged,
    RegisterEntryDuplicate,
    RegisterEntryWithdrawn,
)
from app.registers.known import Known, known_to
from app.registers.models import RegisterEntry, RegisterImport, RegisterPersonal
from app.registers.register import Register, find_register
from app.registers.rights import require_editor
from app.registers.write import (
    Act,
    change_to,
    insert_entries,
    let_go,
    make_findable,
    repeat_with,
)
from app.web import escape_pointer

IDENTITY = "uq_register_entry_identity"
ERASED = "删除个人信息"
Given = Mapping[str, Any]
"""The parts of an entry by name, its fields under `values`, as a body sends them."""

log = structlog.stdlib.get_logger("platform")


async def add_entry(
    session: WriteSession,
    caller: Caller,
    slug: str,
    given: Given,
    *,
    department: str | None,
    backfill: bool,
    now: datetime,
) -> UUID:
    """Store a new entry and return its id.

    `backfill` says that a list of the past is entered (补录): then an entry may be over already.
    Raises what `require_editor` does, InvalidBody, RegisterEntryDuplicate.
    """
    register = await find_register(session, slug)
    own = require_editor(caller, register, department)
    draft, known = await _read(session, register, given, backfill=backfill)
    ids = await insert_entries(session, register, [draft], Act(caller.id, own, now))
    if ids is None:
        raise await duplicate_of(session, register, draft.identity_key)
    await make_findable(session, register, [(ids[0], draft)], known)
    return ids[0]


async def change_entry(
    session: WriteSession,
    caller: Caller,
    slug: str,
    entry_id: UUID,
    given: Given,
    *,
    version: int,
    department: str | None,
    now: datetime,
) -> None:
    """Let an entry say something else from now on; `version` is the one that the caller saw.

    Raises what `add_entry` does, NotFound, RegisterEntryChanged, RegisterEntryWithdrawn.
    """
    register = await find_register(session, slug)
    own = require_editor(caller, register, department)
    entry = await _locked(session, register, entry_id, version)
    # An entry is ended by giving it an end, which may be past.
    draft, known = await _read(session, register, given, backfill=True)
    try:
        async with session.begin_nested():
            await change_to(session, register, entry, draft, Act(caller.id, own, now))
    except IntegrityError as error:
        if constraint(error) != IDENTITY:
            raise
        raise await duplicate_of(session, register, draft.identity_key) from None
    await make_findable(session, register, [(entry_id, draft)], known)


async def withdraw_entry(
    session: WriteSession,
    caller: Caller,
    slug: str,
    entry_id: UUID,
    *,
    version: int,
    note: str,
    now: datetime,
) -> None:
    """Take an entry off its register, with a note that says why; its history stays.

    Raises what `change_entry` does.
    """
    register = await find_register(session, slug)
    own = require_editor(caller, register)
    entry = await _locked(session, register, entry_id, version)
    await repeat_with(session, entry, Act(caller.id, own, now), note=note, withdrawn=True)
    await let_go(session, entry_id)


async def erase_personal(
    session: WriteSession, caller: Caller, slug: str, entry_id: UUID, *, now: datetime
) -> None:
    """Erase the personal data of all versions of an entry, and what is kept of refused files.

    The masked entry stands. Its identity is replaced, for a hash of a name is that of a person.
    Raises what `require_editor` does, NotFound.
    """
    register = await find_register(session, slug)
    own = require_editor(caller, register)
    entry = await _found(session, register, entry_id)
    if not register.personal:
        return
    await session.execute(delete(RegisterPersonal).where(RegisterPersonal.entry == entry_id))
    await session.execute(
        update(RegisterImport)
        .where(RegisterImport.register == slug, RegisterImport.cells.is_not(None))
        .values(cells=None)
    )
    entry.identity_key = str(entry_id)
    act = Act(caller.id, own, now)
    await repeat_with(session, entry, act, note=ERASED, withdrawn=entry.withdrawn)
    log.info("personal data erased", account=str(caller.id), register=slug, entry=str(entry_id))


async def _read(
    session: AsyncSession, register: Register, given: Given, *, backfill: bool
) -> tuple[Draft, Known]:
    """Return the entry that a body describes, with what it refers to; InvalidBody."""
    values = given["values"]
    known = await known_to(session, register, entry_texts(register, [values]))
    unknown = values.keys() - {field.name for field in register.fields}
    faults = [Fault(name, "没有这个字段", "unknown field") for name in sorted(unknown)]
    reader = Reader(register, known, entered_on=None if backfill else today())
    found = reader.read({**values, **{key: given[key] for key in given if key != "values"}})
    if isinstance(found, Draft) and not faults:
        return found, known
    faults += [] if isinstance(found, Draft) else found
    fields = {field.name for field in register.fields} | unknown
    raise InvalidBody.of(
        [
            {
                "pointer": f"/values/{escape_pointer(fault.part)}"
                if fault.part in fields
                else f"/{fault.part}",
                "detail": fault.chinese,
                "detail_en": fault.english,
            }
            for fault in faults
        ]
    )


async def _found(session: AsyncSession, register: Register, entry_id: UUID) -> RegisterEntry:
    query = (
        select(RegisterEntry)
        .where(RegisterEntry.id == entry_id, RegisterEntry.register == register.slug)
        .with_for_update()
    )
    entry = await session.scalar(query)
    if entry is None:
        raise NotFound(what=str(entry_id))
    return entry


async def _locked(
    session: AsyncSession, register: Register, entry_id: UUID, version: int
) -> RegisterEntry:
    """Return an entry that stands as the caller saw it, locked until the transaction ends."""
    entry = await _found(session, register, entry_id)
    if entry.withdrawn:
        raise RegisterEntryWithdrawn(entry=str(entry_id))
    if entry.version != version:
        raise RegisterEntryChanged(entry=str(entry_id), version=version, standing=entry.version)
    return entry


async def duplicate_of(
    session: AsyncSession, register: Register, key: str
) -> RegisterEntryDuplicate:
    """Return the problem that names the standing entry of an identity."""
    query = select(RegisterEntry.id, RegisterEntry.name).where(
        RegisterEntry.register == register.slug,
        RegisterEntry.identity_key == key,
        RegisterEntry.withdrawn.is_(False),
    )
    row = (await session.execute(query)).first()
    labels = [register.columns[part] for part in register.identity]
    return RegisterEntryDuplicate(
        register=register.slug,
        entry=str(row.id) if row else None,
        standing=row.name if row else None,
        labels="、".join(labels),
        fields=list(register.identity),
    )
