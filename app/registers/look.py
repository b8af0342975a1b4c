"""What a visitor sees of the registers: the door's and the pages' one way in."""

from datetime import date
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.read import today
from app.auth.caller import Caller
from app.pagination import page
from app.registers.draft import entry_texts
from app.registers.kinds import registers_on
from app.registers.known import Known, known_to
from app.registers.read import (
    Asked,
    as_of,
    find_entry,
    history_of,
    list_entries,
    personal_of,
    referring_to,
)
from app.registers.register import Register, find_register
from app.registers.rights import is_official, may_edit, require_reader
from app.registers.shown import Shown, entry_shown, referring_shown, version_shown
from app.registers.source import Entry

log = structlog.stdlib.get_logger("platform")


async def see_registers(session: AsyncSession, on: date) -> list[Shown]:
    """Return every register with its counts on a day; the document is public, and so are they."""
    return [shown for _, shown in await registers_on(session, on)]


async def see_register(
    session: AsyncSession,
    caller: Caller | None,
    slug: str,
    asked: Asked,
    *,
    cursor: str | None,
    limit: int,
) -> Shown:
    """Return a register and a page of its entries: `register`, `may_edit`, `items`, `next_cursor`.

    Raises NotFound, and what `require_reader` does for a register that is not published.
    """
    [(register, shown)] = await registers_on(session, asked.on, slug)
    require_reader(caller, register)
    entries = await list_entries(session, register, asked, cursor=cursor, limit=limit + 1)
    known = await known_for(session, register, entries)
    items = page(
        entries,
        limit,
        lambda entry: [entry.name_key, entry.id],
        lambda entry: entry_shown(register, entry, known, asked.on),
    )
    return {
        "register": shown,
        "may_edit": may_edit(caller, register) and not register.live,
        **items,
    }


async def see_entry(
    session: AsyncSession,
    caller: Caller | None,
    slug: str,
    key: str,
    *,
    on: date | None = None,
    as_of_day: date | None = None,
) -> Shown:
    """Return an entry with its history and what refers to it; as it stood at the end of a day.

    The responsible departments see the personal data besides, and each such look is logged.
    Raises NotFound, and what `require_reader` does.
    """
    register = await find_register(session, slug)
    require_reader(caller, register)
    entry = await find_entry(session, register, key)
    if as_of_day and entry.version is not None:
        entry = await as_of(session, register, entry, as_of_day)
    history = await history_of(session, entry)
    values = [entry.values, *(version.values for version in history)]
    known = await known_to(session, register, entry_texts(register, values))
    editor = may_edit(caller, register)
    shown = {
        **entry_shown(register, entry, known, on or today()),
        "may_edit": editor and not register.live,
        "history": [
            version_shown(
                register,
                version,
                known,
                accounts=is_official(caller),
                notes=editor or not register.personal,
            )
            for version in history
        ],
        "referred_by": referring_shown(entry, await referring_to(session, register, entry)),
    }
    if register.personal and editor and caller:
        shown["personal"] = await _personal(session, caller, register, entry)
    return shown


async def _personal(
    session: AsyncSession, caller: Caller, register: Register, entry: Entry
) -> dict[str, Any] | None:
    log.info("personal data read", account=str(caller.id), register=register.slug, entry=entry.id)
    return await personal_of(session, entry)


async def see_written(session: AsyncSession, caller: Caller, slug: str, entry_id: UUID) -> Shown:
    """Return an entry as it stands after a write of the caller's."""
    return await see_entry(session, caller, slug, str(entry_id))


async def known_for(session: AsyncSession, register: Register, entries: list[Entry]) -> Known:
    """Return what the values of entries refer to."""
    return await known_to(
        session, register, entry_texts(register, [entry.values for entry in entries])
    )
