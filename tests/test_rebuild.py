"""`rebuild`: all that stands beside the leaves is what they say; what is not is named and put right.

A season of one county, whose database belongs to somebody who changes, deletes and adds rows in
every table that leaves determine, one column after the other.
"""

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import text

from app.orm import Base
from app.rebuild.declared import APPLIED
from app.rebuild.difference import Found, difference
from app.rebuild.projections import PROJECTIONS
from app.rebuild.shadow import Shadow
from tests.rebuilding import Dba, Hands, checked, follow_all, part, play_a_season, rebuilt

ROOT = Path(__file__).resolve().parent.parent
NOT_COMPARED = {"trip": {"number", "announced_by"}}
"""Columns that stand in no leaf."""
SAID = {"event": {"leaf", "postings"}}
"""Columns whose change is said of another: of the leaf's hash, of what the leaf says."""
DERIVED = [
    (one.name, table) for one in PROJECTIONS if one.name != "log" for table in one.tables
]  # fmt: skip
LOG = list(part("log").tables)


@pytest.fixture(scope="module")
async def season(database, database_urls) -> AsyncIterator[str]:
    await play_a_season(database)
    yield database_urls["owner"]


@pytest.fixture(scope="module")
async def dba(season: str) -> AsyncIterator[Dba]:
    made = await Dba.of(season, [table for one in PROJECTIONS for table in one.tables])
    yield made
    await made.close()


@pytest.fixture(scope="module")
async def hands(season: str) -> AsyncIterator[dict[str, Hands]]:
    """Each part, recomputed once: a compare after that looks at what stands, whatever it is."""
    made = {one.name: Hands(season, one.name) for one in PROJECTIONS}
    for some in made.values():
        await some.recompute()
    yield made
    for some in made.values():
        await some.__aexit__(None, None, None)


def columns_of(table: type[Base]) -> list[str]:
    keys = {column.name for column in table.__table__.primary_key}
    left_out = NOT_COMPARED.get(table.__tablename__, set())
    return [c.name for c in table.__table__.columns if c.name not in keys | left_out]


def of(found: list[Found], table: type[Base]) -> Found:
    [one] = [one for one in found if one.table == table.__tablename__]
    return one


async def test_everything_is_as_the_leaves_say(season: str, hands: dict[str, Hands]):
    for name, some in hands.items():
        assert await some.compare() == [], name
        assert some.told[-1][0] == some.told[-1][1] > 500, "it says how far it is"


@pytest.mark.parametrize(("name", "table"), DERIVED, ids=lambda v: getattr(v, "__tablename__", ""))
async def test_what_was_changed_is_named_by_its_column_and_put_right(
    dba: Dba, hands: dict[str, Hands], name: str, table: type[Base]
):
    """From the last column to the first, in the same row: the first that differs is what is said."""
    some = hands[name]
    for column in reversed(columns_of(table)):
        row = await dba.change(table, column)
        one = of(await some.compare(), table)
        assert one.first.column is not None, one
        assert one.first.column.split(".")[0] == column, one
        assert one.first.key.split("=", 1)[1].split(",")[0] in row
        assert one.first.stands != one.first.should
        assert not one.beyond_repair
    await some.repair()
    assert await some.compare() == []


@pytest.mark.parametrize(("name", "table"), DERIVED, ids=lambda v: getattr(v, "__tablename__", ""))
async def test_a_row_that_was_deleted_comes_back(
    dba: Dba, hands: dict[str, Hands], name: str, table: type[Base]
):
    await dba.delete(table)
    one = of(await hands[name].compare(), table)
    assert (one.rows, one.first.column, one.first.stands) == (1, None, None)
    assert one.first.should
    await hands[name].repair()
    assert await hands[name].compare() == []


@pytest.mark.parametrize(("name", "table"), DERIVED, ids=lambda v: getattr(v, "__tablename__", ""))
async def test_a_row_that_was_added_goes(
    dba: Dba, hands: dict[str, Hands], name: str, table: type[Base]
):
    await dba.add(table)
    one = of(await hands[name].compare(), table)
    assert (one.rows, one.first.column, one.first.should) == (1, None, None)
    assert one.first.stands
    await hands[name].repair()
    assert await hands[name].compare() == []
