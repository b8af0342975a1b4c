"""Bringing a database to the newest schema, or saying why not."""

import asyncio

import asyncpg
import pytest

from app.migrate import UnknownSchemaError, upgrade


def test_a_database_of_another_version_is_left_alone_and_told(database_urls):
    async def come_from_the_future():
        connection = await asyncpg.connect(database_urls["owner"])
        await connection.execute("UPDATE alembic_version SET version_num = '9999'")
        await connection.close()

    asyncio.run(come_from_the_future())
    with pytest.raises(UnknownSchemaError, match="另一个版本"):
        upgrade(database_urls["owner"])
