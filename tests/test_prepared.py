"""Statements that go to the driver itself: the same rows, the same transaction, the same errors."""

from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import BigInteger, bindparam, cast, insert, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.types import DateTime, LargeBinary, Text, Uuid

from app.areas.models import Area
from app.db import Database, is_away, sqlstate
from app.orm import among_given
from app.prepared import Prepared, listeners

AT = datetime(2026, 1, 1, tzinfo=UTC)
OF_ALL_TYPES = select(
    cast(bindparam("id"), Uuid()).label("id"),
    literal({"a": [1, None]}, JSONB()).label("state"),
    literal(["x", "y"], ARRAY(Text())).label("codes"),
    literal(b"\x00\xff", LargeBinary()).label("leaf"),
    literal(AT, DateTime(timezone=True)).label("at"),
    literal(None, BigInteger()).label("nothing"),
)
CODES = select(Area.code).where(among_given(Area.code, "codes"))


@pytest.mark.parametrize("kind", ["read", "write"])
async def test_rows_are_those_that_sqlalchemy_gives(database: Database, kind: str) -> None:
    given = {"id": UUID(int=7)}
    prepared = Prepared(OF_ALL_TYPES)
    async with getattr(database, kind)() as session:
        first = await prepared.rows(session, **given)
        straight = await prepared.rows(session, **given)
        theirs = (await session.execute(OF_ALL_TYPES, given)).all()
    assert [tuple(row) for row in first] == [tuple(row) for row in straight]
    assert [tuple(row) for row in straight] == [tuple(row) for row in theirs]
    assert list(map(type, straight[0][1:4])) == [dict, list, bytes]


async def test_they_stand_in_the_sessions_transaction(database: Database) -> None:
    prepared = Prepared(CODES)
    row = {"code": "990000", "name": "试", "pinyin": "shi", "kind": "city", "valid_from": AT.date()}
    async with database.write() as session:
        await session.execute(insert(Area).values(**row))
        [[found]] = await prepared.rows(session, codes=[row["code"]])
        assert found == row["code"]
        await session.rollback()
    async with database.read() as session:
        assert await prepared.rows(session, codes=[row["code"]]) == []
        assert await prepared.rows(session, codes=[row["code"]]) == []
        assert await session.scalar(text("SHOW transaction_read_only")) == "on"


async def test_only_what_goes_past_sqlalchemy_is_told_to_listeners(database: Database) -> None:
    prepared, told = Prepared(CODES), []

    def listen(statement: str, parameters: tuple[object, ...]) -> None:
        told.append((statement, parameters))

    listeners.append(listen)
    try:
        async with database.read() as session:
            await prepared.rows(session, codes=["a"])
            await prepared.rows(session, codes=["b"])
    finally:
        listeners.remove(listen)
    assert told == [(prepared.text, (["b"],))]


async def test_errors_are_sqlalchemys(database: Database, database_urls: dict[str, str]) -> None:
    divided = Prepared(select((1 // bindparam("by", type_=BigInteger())).label("x")))
    async with database.read() as session:
        await divided.rows(session, by=1)
        with pytest.raises(DBAPIError) as refused:
            await divided.rows(session, by=0)
    assert sqlstate(refused.value) == "22012"
    assert not is_away(refused.value)
    async with database.read() as session:
        pid = await session.scalar(text("SELECT pg_backend_pid()"))
        other = await asyncpg.connect(database_urls["owner"])
        await other.execute("SELECT pg_terminate_backend($1)", pid)
        await other.close()
        with pytest.raises((DBAPIError, InterfaceError, OSError)) as gone:
            await divided.rows(session, by=1)
    assert is_away(gone.value)
    async with database.read() as session:
        assert len(await divided.rows(session, by=1)) == 1
