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
from app.rebuild.difference import Found
from app.rebuild.projections import PROJECTIONS
from tests.rebuilding import Dba, Hands, checked, follow_all, part, play_a_season, rebuilt

ROOT = Path(__file__).resolve().parent.parent
NOT_COMPARED = {"trip": {"number", "announced_by"}}
"""Columns that stand in no leaf."""
INSTEAD = {"event": {"leaf", "unsequenced"}, "log_head": {"log_tile"}}
"""What is named where a row is gone, or one is too many."""
DERIVED = [
    (one.name, table) for one in PROJECTIONS if one.name != "log" for table in one.tables
]  # fmt: skip
LOG = list(part("log").tables)


@pytest.fixture(scope="module")
async def season(database, database_urls) -> str:
    await play_a_season(database)
    return database_urls["owner"]


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


async def test_a_cursor_beyond_the_log_is_put_back(dba: Dba, hands: dict[str, Hands]):
    """The follower would pass over leaves that are still to come."""
    for name in ("flows", "alerts"):
        await dba.execute(f"UPDATE follower SET next_index = next_index + 9 WHERE name = '{name}'")
        [one] = await hands[name].compare()
        assert (one.table, one.first.key, one.first.column) == (
            "follower", f"name={name}", "next_index",
        )  # fmt: skip
        assert int(one.first.stands) == int(one.first.should) + 9
        await hands[name].repair()
        assert await hands[name].compare() == []


async def test_a_clock_that_runs_ahead_is_put_back_to_now(dba: Dba, season: str):
    """What silence shows would have been found already, and never be found again."""
    [standing] = await dba.fetch("SELECT at FROM alert_clock")
    await dba.execute("UPDATE alert_clock SET at = now() + interval '9 days'")
    async with Hands(season, "alerts") as hands:
        await hands.recompute()
        [clock] = [one for one in await hands.compare() if one.table == "alert_clock"]
        assert clock.first.column == "at"
    await dba.execute("UPDATE alert_clock SET at = $1", standing["at"])


@pytest.mark.parametrize("table", LOG, ids=lambda table: table.__tablename__)
async def test_a_change_in_the_log_itself_is_named(dba: Dba, season: str, table: type[Base]):
    """Every column; the leaf holds the hash of its postings, the tree those of the leaves."""
    name = table.__tablename__
    for column in table.__table__.columns:
        async with dba.for_a_moment(name):
            await dba.change(table, column.name)
            found = await checked(season, "log")
            assert name in {one.table for one in found}, (column, found)
            assert all(one.beyond_repair for one in found)
    async with dba.for_a_moment(name):
        await dba.delete(table)
        found = {one.table for one in await checked(season, "log")}
        assert found & {name, *INSTEAD.get(name, ())}, found
    async with dba.for_a_moment(name):
        await dba.add(table)
        found = {one.table for one in await checked(season, "log")}
        assert found & {name, *INSTEAD.get(name, ())}, found
    assert await checked(season, "log") == ()


async def test_a_posting_that_was_changed_is_told_with_its_grams(dba: Dba, season: str):
    async with dba.for_a_moment("posting"):
        [row] = await dba.fetch(
            "UPDATE posting SET mass_g = mass_g + 1 WHERE ctid = (SELECT min(ctid) FROM posting)"
            " RETURNING batch_code, mass_g"
        )
        [one] = await checked(season, "log")
    assert (one.table, one.first.column) == ("posting", "mass_g")
    assert (one.first.stands, one.first.should) == (str(row["mass_g"]), str(row["mass_g"] - 1))
    assert row["batch_code"] in one.first.key
    assert f"mass_g 现为 {row['mass_g']}，应为 {row['mass_g'] - 1}" in one.first.words()


async def test_on_a_damaged_log_nothing_is_built(dba: Dba, season: str):
    await dba.execute("UPDATE county_flow SET mass_g = mass_g + 1")
    before = await dba.fetch("SELECT sum(mass_g) FROM county_flow")
    async with dba.for_a_moment("posting"):
        await dba.execute("DELETE FROM posting WHERE ctid = (SELECT min(ctid) FROM posting)")
        outcome = await rebuilt(season)
    assert outcome.damaged
    assert {"posting", "county_flow"} <= {one.table for one in outcome.found}
    assert await dba.fetch("SELECT sum(mass_g) FROM county_flow") == before
    outcome = await rebuilt(season)
    assert (outcome.damaged, outcome.remains) == (False, ())
    # A trip's number stands in no leaf: one whose row was deleted (above) came back with the next,
    # and what names it is told anew.
    assert "county_flow" in {one.table for one in outcome.found}
    assert {one.table for one in outcome.found} <= {"county_flow", "alert_mark", "finding"}


async def test_an_event_that_waits_for_no_place_is_named(dba: Dba, season: str):
    async with dba.for_a_moment("leaf"):
        await dba.execute("DELETE FROM leaf WHERE leaf_index = (SELECT max(leaf_index) FROM leaf)")
        assert "unsequenced" in {one.table for one in await checked(season, "log")}


async def test_all_at_once_is_put_right_at_once(dba: Dba, season: str, database):
    """Everything that can be made again is gone, in one night."""
    for _, table in DERIVED:
        if table not in {shadow.table for shadow in APPLIED}:
            await dba.execute(f"DELETE FROM {table.__tablename__}")
    outcome = await rebuilt(season)
    gone = {table.__tablename__ for _, table in DERIVED} - {shadow.name for shadow in APPLIED}
    assert {one.table for one in outcome.found} == gone
    assert outcome.remains == ()
    assert await checked(season) == ()


async def test_what_came_to_light_before_is_told_once(dba: Dba, season: str):
    """A finding that was removed comes back without a second line in the journal."""
    lines = await dba.fetch("SELECT count(*) FROM finding_change")
    await dba.execute("DELETE FROM finding")
    outcome = await rebuilt(season, "alerts")
    assert outcome.remains == ()
    assert await dba.fetch("SELECT count(*) FROM finding_change") == lines


def run(owner: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "app", "rebuild", *arguments],
        cwd=ROOT, env={"DATABASE_URL": owner, "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


async def test_the_command_says_what_differs_and_what_it_put_right(dba: Dba, season: str):
    await dba.execute("UPDATE batch SET mass_g = mass_g + 1 WHERE status = 'disposed'")
    checked_ = run(season, "--check")
    out, told = await asyncio.to_thread(checked_.communicate)
    assert checked_.returncode == 1, told
    assert re.search(r"batch（code=130110-\S+） mass_g 现为 \d+，应为 \d+", out)
    assert re.search(r"批次与转运 \d+/\d+ .*已用 0:\d\d", told)
    mended = run(season)
    out, told = await asyncio.to_thread(mended.communicate)
    assert mended.returncode == 0, out + told
    assert "已改正" in out
    again = run(season, "--check")
    out, told = await asyncio.to_thread(again.communicate)
    assert (again.returncode, "一致" in out) == (0, True), out + told


async def test_killed_at_any_moment_it_leaves_rows_right_or_as_they_were(dba: Dba, season: str):
    """What it had put right stays so, the rest is as before; begun again it ends as ever."""
    rng = Random(4)
    for seconds in (rng.uniform(2, 8) for _ in range(3)):
        await dba.execute("UPDATE batch SET mass_g = mass_g + 1 WHERE kind = 'bag'")
        await dba.execute("DELETE FROM site_flow")
        killed = run(season)
        await asyncio.sleep(seconds)
        killed.kill()
        killed.communicate()
        [flows] = await dba.fetch("SELECT count(*) FROM site_flow")
        assert flows["count"] == 0 or await checked(season, "flows") == ()
    ended = run(season)
    out, told = await asyncio.to_thread(ended.communicate)
    assert ended.returncode == 0, out + told
    assert await checked(season) == ()
    left = "SELECT relname FROM pg_class WHERE relname LIKE 'differs_%' AND relpersistence = 'p'"
    assert await dba.fetch(left) == []


async def test_only_one_rebuilds_at_a_time(dba: Dba, season: str):
    await dba.execute("SELECT pg_advisory_lock(hashtextextended('rebuild', 6962))")
    second = run(season)
    out, told = await asyncio.to_thread(second.communicate)
    await dba.execute("SELECT pg_advisory_unlock(hashtextextended('rebuild', 6962))")
    assert (second.returncode, "另一个 rebuild" in told) == (1, True), out


async def test_what_is_on_its_way_is_no_difference(dba: Dba, season: str, database):
    """Followers behind the log, and trips whose legs they have still to read."""
    async with database.write() as session:
        await session.execute(text("UPDATE follower SET next_index = 300"))
    outcome = await rebuilt(season)
    assert {"site_flow", "county_flow", "alert_mark"} <= {one.table for one in outcome.found}
    assert "trip_leg" not in {one.table for one in outcome.found}
    assert outcome.remains == ()
    await follow_all(database)
    assert await checked(season) == ()
