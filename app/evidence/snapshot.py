"""The export out of one snapshot, on a connection of its own, in pieces of some size."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing

from sqlalchemy import text

from app.db import Database
from app.evidence.export import export_lines

PIECE_CHARACTERS = 64 * 1024


async def exported(url: str, *, private: bool) -> AsyncGenerator[str]:
    """Yield the export of a database: its first line, then pieces of whole lines.

    All of it is what stood at one moment, however long it takes: no statement has a limit, and
    the pool of those who record is left alone. Whoever stops early closes this generator; the
    connection is given back even where its task is being cancelled.
    """
    stack = AsyncExitStack()
    database = Database(url, pool_size=1, statement_timeout_ms=0)
    stack.push_async_callback(database.close)
    try:
        session = await stack.enter_async_context(database.read())
        # The server's own default may be a limit too.
        await session.execute(text("SET LOCAL statement_timeout = 0"))
        async with aclosing(export_lines(session, private=private)) as lines:
            yield await anext(lines)
            piece: list[str] = []
            characters = 0
            async for line in lines:
                piece.append(line)
                characters += len(line)
                if characters >= PIECE_CHARACTERS:
                    yield "".join(piece)
                    piece, characters = [], 0
            yield "".join(piece)
    finally:
        await asyncio.shield(stack.aclose())
