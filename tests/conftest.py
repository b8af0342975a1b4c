"""A real PostgreSQL for every test run, one migrated database, copied for each module."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from app.db import Database
from app.migrate import upgrade
from app.plan.load import load_plan
from tests.browsing import address, chromium  # noqa: F401  fixtures for every module with a world
from tests.phones import platform  # noqa: F401  the same

LONGEST = (
    "test_tamper", "test_scan_browser", "test_demo_season", "test_looks", "test_crash",
    "test_rebuild", "test_capture_browser", "test_authorisation", "test_register_pages",
    "test_command_line", "test_verify", "test_balance", "test_bench",
)  # fmt: skip
"""Begun first, so that at the end no core waits for one of them; browsers beside what needs none."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest before the others; within a file nothing changes."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(LONGEST)))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Addresses of a server's owner and app roles; TEST_DATABASE_URL (an owner's) overrides."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield {"owner": given, "app": given}
        return
    from app.embedded import EmbeddedPostgres

    with EmbeddedPostgres(Path(tmp_path_factory.mktemp("postgres"))) as postgres:
        yield {"owner": postgres.url("owner"), "app": postgres.url("app")}


def in_database(url: str, name: str) -> str:
    """Return the same address with another database."""
    return url.rsplit("/", 1)[0] + "/" + name


async def drop(url: str, name: str) -> None:
    """Drop a database once the server's own cleaning of it, which nobody may end, has ended."""
    connection = await asyncpg.connect(url)
    try:
        for patience in (0.5, 1, 2, 4, 8):
            with suppress(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
                return
            await asyncio.sleep(patience)
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    finally:
        await connection.close()


async def _run(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def template(server: dict[str, str]) -> str:
    """The name of a migrated database that others are copied from."""
    name = f"template_{os.getpid()}"
    asyncio.run(_run(server["owner"], f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}"))
    upgrade(in_database(server["owner"], name))
    asyncio.run(_load_plan(in_database(server["app"], name)))
    return name


async def _load_plan(url: str) -> None:
    database = Database(url)
    await load_plan(database)
    await database.close()


@pytest.fixture(scope="module")
def database_urls(
    server: dict[str, str], template: str, request: pytest.FixtureRequest
) -> Iterator[dict[str, str]]:
    """Addresses (owner, app) of a fresh copy of the migrated database for this module."""
    name = f"{template}_{request.module.__name__.rsplit('.', 1)[-1]}"
    asyncio.run(drop(server["owner"], name))
    asyncio.run(_run(server["owner"], f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield {role: in_database(url, name) for role, url in server.items()}
    asyncio.run(drop(server["owner"], name))


@pytest.fixture(scope="module")
async def database(database_urls: dict[str, str]) -> AsyncIterator[Database]:
    """The application's own view of the module's database."""
    made = Database(database_urls["app"], pool_size=5)
    yield made
    await made.close()
