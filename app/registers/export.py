"""A register as .csv for Excel, in pieces: memory does not grow with the register."""

import csv
import io
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any

from app.auth.caller import Caller
from app.csv_cells import BOM, cell_of
from app.db import Database
from app.pagination import encode_cursor
from app.registers.draft import shown_values
from app.registers.known import Known
from app.registers.look import known_for
from app.registers.read import Asked, list_entries
from app.registers.register import COMMON, NAME, NOTE, Register, find_register
from app.registers.rights import require_reader
from app.registers.source import Entry

ROWS_AT_ONCE = 1_000
ID = "编号"


async def register_csv(
    database: Database, caller: Caller | None, slug: str, asked: Asked
) -> AsyncIterator[bytes]:
    """Return the entries asked for, piece by piece, with Chinese headings and nothing personal.

    Raises NotFound and what `require_reader` does, before the first piece.
    """
    pieces = _pieces(database, caller, slug, asked)
    first = await anext(pieces)

    async def all_pieces() -> AsyncIterator[bytes]:
        async with aclosing(pieces):
            yield first
            async for piece in pieces:
                yield piece

    return all_pieces()


async def _pieces(
    database: Database, caller: Caller | None, slug: str, asked: Asked
) -> AsyncGenerator[bytes]:
    async with database.read() as session:
        register = await find_register(session, slug)
        require_reader(caller, register)
        headings = [ID, *(register.columns[part] for part in _parts(register))]
        # The headings go out with the first rows: what is refused must not begin with a 200.
        head = BOM + _lines([headings])
        cursor: str | None = None
        while True:
            entries = await list_entries(
                session, register, asked, cursor=cursor, limit=ROWS_AT_ONCE
            )
            known = await known_for(session, register, entries)
            if head or entries:
                yield head + _lines([_row(register, entry, known) for entry in entries])
            head = b""
            if len(entries) < ROWS_AT_ONCE:
                return
            cursor = encode_cursor([entries[-1].name_key, entries[-1].id])


def _parts(register: Register) -> list[str]:
    """Return the parts of an entry that are published: not a person's data, not remarks."""
    people = {field.name for field in register.fields if field.personal}
    return [part for part in register.columns if part not in people | {NOTE}]


def _row(register: Register, entry: Entry, known: Known) -> list[Any]:
    parts: dict[str, Any] = {
        NAME: entry.name,
        **shown_values(register, entry.values, known),
        **{part: getattr(entry, part) for part in COMMON if part != NOTE},
    }
    return [entry.id, *(parts.get(part) for part in _parts(register))]


def _lines(rows: Sequence[Sequence[Any]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([cell_of(cell) for cell in row] for row in rows)
    return out.getvalue().encode()
