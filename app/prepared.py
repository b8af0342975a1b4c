"""Statements that run on the driver itself: written with SQLAlchemy, compiled once.

What SQLAlchemy does around a statement takes longer than most of ours take in PostgreSQL. A read
that runs a dozen small ones, one after the other, leaves that out; it stays in its session's
transaction, and what fails is raised as SQLAlchemy would.
"""

from collections.abc import Callable, Iterable
from typing import Any

import asyncpg
from sqlalchemy import Select
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.ext.asyncio import AsyncSession

_DIALECT = dialect()  # type: ignore[no-untyped-call]

listeners: list[Callable[[str, tuple[Any, ...]], None]] = []
"""Who is told of each statement and its parameters: those who count them. SQLAlchemy's own
events do not see them."""


class Prepared:
    """One SELECT of columns; parameters are bound by name when it runs."""

    def __init__(self, statement: Select[*tuple[Any, ...]]) -> None:
        """Compile a statement. Its lists come as `= ANY(:name)`: it has one text."""
        self._statement = statement
        compiled = statement.compile(dialect=_DIALECT)
        self.text = str(compiled)
        names = compiled.positiontup or []
        self._fixed = {name: compiled.params[name] for name in names}
        self._bind = [
            (name, compiled.binds[name].type.dialect_impl(_DIALECT).bind_processor(_DIALECT))
            for name in names
        ]
        self._read = [
            column.type.dialect_impl(_DIALECT).result_processor(_DIALECT, None)
            for column in statement.selected_columns
        ]
        self._plain = not any(self._read)

    async def rows(self, session: AsyncSession, **given: Any) -> list[Any]:
        """Run it in a session's transaction; return its rows, to be unpacked or indexed.

        What the session holds unflushed is not seen. Raises what SQLAlchemy raises: DBAPIError,
        InterfaceError.
        """
        driver = await _driver(session)
        if driver is None:
            return list(await session.execute(self._statement, given))
        values = self._fixed | given
        parameters = tuple(
            values[name] if bind is None else bind(values[name]) for name, bind in self._bind
        )
        for listener in listeners:
            listener(self.text, parameters)
        try:
            found: list[Any] = await driver.fetch(self.text, *parameters)
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            if driver.is_closed():
                await (await session.connection()).invalidate(error)
            closed = isinstance(error, asyncpg.InterfaceError)
            kind = InterfaceError if closed else DBAPIError
            raise kind(self.text, None, error, hide_parameters=True) from error
        return found if self._plain else list(self._processed(found))

    def _processed(self, rows: Iterable[Any]) -> Iterable[tuple[Any, ...]]:
        for row in rows:
            yield tuple(
                value if read is None else read(value)
                for value, read in zip(row, self._read, strict=True)
            )


async def _driver(session: AsyncSession) -> asyncpg.Connection | None:
    """Return the connection beneath a session; None before the first statement of a transaction.

    SQLAlchemy tells the server that a transaction begins with the first statement in it.
    """
    if not session.in_transaction():
        return None
    beneath = (await session.connection()).sync_connection
    assert beneath is not None, "a session's connection is open"
    driver: asyncpg.Connection = beneath.connection.driver_connection
    return driver if driver.is_in_transaction() else None
