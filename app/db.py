"""The database: two session types that the type checker tells apart, and the only commit.

A plain `yield` dependency commits after the client has its 2xx, so a failed commit would look
like success. The write dependency therefore has `scope="function"`: it ends, and commits,
before the response leaves. A test proves that a failing commit is never a 2xx.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from app.config import APP_ROLE

GRACE_S = 5
"""How much longer than the server's own limit a statement is waited for."""


class ReadSession(AsyncSession):
    """One snapshot, read only in PostgreSQL too."""


class WriteSession(AsyncSession):
    """One transaction; committed by whoever opened it, which is this file."""


class Database:
    """The engine and its two kinds of session."""

    def __init__(
        self, url: str, *, pool_size: int = 10, statement_timeout_ms: int = 30_000
    ) -> None:
        address = make_url(url).set(drivername="postgresql+asyncpg")
        server: dict[str, str] = {"timezone": "UTC", "jit": "off"}
        patience_s = None
        if statement_timeout_ms:
            server["statement_timeout"] = str(statement_timeout_ms)
            # A server that is frozen, or behind a dead line, does not keep its own limit.
            patience_s = statement_timeout_ms / 1000 + GRACE_S
        if address.username != APP_ROLE:
            # Connected as an owner or a superuser: step down to the role that can only
            # SELECT and INSERT on the append-only tables.
            server["role"] = APP_ROLE
        self.engine: AsyncEngine = create_async_engine(
            address,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_timeout=5,
            connect_args={"server_settings": server, "timeout": 5, "command_timeout": patience_s},
            hide_parameters=True,  # an error is logged with its statement, not with its values
        )
        reading = self.engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._read = async_sessionmaker(reading, class_=ReadSession, expire_on_commit=False)
        self._write = async_sessionmaker(self.engine, class_=WriteSession, expire_on_commit=False)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[ReadSession]:
        """Open a read-only snapshot."""
        async with self._read() as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[WriteSession]:
        """Open a transaction that commits when the block ends and rolls back when it raises."""
        async with self._write() as session:
            yield session
            await session.commit()

    async def close(self) -> None:
        """Give every connection back."""
        await self.engine.dispose()


def owner_engine(url: str) -> AsyncEngine:
    """Return an engine that does not step down to the app's role, which makes no tables.

    For who has the machine, at its command line: the rebuild's shadow tables are temporary ones.
    """
    address = make_url(url).set(drivername="postgresql+asyncpg")
    server = {"timezone": "UTC", "jit": "off"}
    return create_async_engine(
        address, pool_size=1, connect_args={"server_settings": server}, hide_parameters=True
    )


def is_away(error: BaseException) -> bool:
    """Tell whether the database is unreachable or overloaded, as against having refused us."""
    if isinstance(error, OSError):
        return error.filename is None  # the network's errors name no file
    if isinstance(error, PoolTimeout):
        return True
    if isinstance(error, InterfaceError | OperationalError):
        return True
    if isinstance(error, DBAPIError):
        state = sqlstate(error)
        # 08 connection, 40 rolled back for another's sake, 53 resources, 57 shut down or
        # cancelled, 55P03 lock.
        return (
            error.connection_invalidated
            or state[:2] in {"08", "40", "53", "57"}
            or state == "55P03"
        )
    return False


def sqlstate(error: DBAPIError) -> str:
    """Return PostgreSQL's five-character code, or an empty string."""
    return str(getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None) or "")


def constraint(error: DBAPIError) -> str:
    """Return the name of the constraint that objected, or an empty string."""
    cause = getattr(error.orig, "__cause__", None)
    return str(getattr(cause, "constraint_name", None) or "")


def database(request: Request) -> Database:
    """Return the application's database."""
    found: Database = request.app.state.database
    return found


async def _read_session(request: Request) -> AsyncIterator[ReadSession]:
    async with database(request).read() as session:
        yield session


async def _write_session(request: Request) -> AsyncIterator[WriteSession]:
    async with database(request).write() as session:
        yield session


Reading = Annotated[ReadSession, Depends(_read_session, scope="function")]
Writing = Annotated[WriteSession, Depends(_write_session, scope="function")]
Databases = Annotated[Database, Depends(database)]

UNSAFE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


async def unsafe_settings(session: AsyncSession) -> list[str]:
    """Name the server settings under which a 2xx could be lost in a power cut."""
    rows: Any = await session.execute(
        text("SELECT name, setting FROM pg_settings WHERE name = ANY(:names)"),
        {"names": list(UNSAFE)},
    )
    return [name for name, value in rows if UNSAFE[name] == value]
