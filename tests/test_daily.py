"""The day's work: words that come into force are found, what refused files held is forgotten."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from app.db import Database
from app.ops.daily import AFTER_MIDNIGHT, do_daily, pause_s
from app.plan.models import NUMBER, PlanWording
from app.plan.search import search
from app.registers.models import RegisterImport
from app.templating import SHANGHAI
from tests.offices import make_offices, send
from tests.world import World


@pytest.fixture
async def world(database: Database):
    made = await make_offices(database)
    yield made
    await made.close()


async def test_words_that_come_into_force_are_found(database: Database):
    async with database.write() as session:
        await session.execute(
            update(PlanWording)
            .where(PlanWording.address == "item-8-p1")
            .values(valid_to=date(2025, 12, 31))
        )
        session.add(
            PlanWording(
                address="item-8-p1", valid_from=date(2026, 1, 1), document=NUMBER,
                text="从今天起生效的罕见文字。",
            )
        )  # fmt: skip
    await do_daily(database, datetime.now(UTC))
    async with database.read() as session:
        found = await search(session, "罕见文字", public=True, limit=5)
    assert [one.key for one in found] == ["item-8-p1"]


async def test_what_refused_files_held_is_forgotten_after_thirty_days(world: World):
    answer = await send(world, "green-factories", "工厂名称\n一厂".encode(), "industry")
    assert answer.status_code == 422
    for days, held in ((29, True), (31, False)):
        await do_daily(world.database, datetime.now(UTC) + timedelta(days=days))
        async with world.database.read() as session:
            cells = await session.scalar(select(RegisterImport.cells))
        assert (cells is not None) == held


@given(st.datetimes(timezones=st.just(UTC)).filter(lambda at: 1970 < at.year < 9999))
def test_the_next_turn_is_just_after_the_next_midnight(now):
    then = (now + timedelta(seconds=pause_s(now))).astimezone(SHANGHAI)
    assert then.time() == AFTER_MIDNIGHT
    assert timedelta(0) < then - now <= timedelta(days=1, minutes=1)
