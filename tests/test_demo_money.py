"""Money of the demonstration: tariffs, deposits, settlements in each state, each fen tied to an event."""

from datetime import date

import pytest
from sqlalchemy import func, select

from app.demo.load import load
from app.demo.money import settle_season
from app.demo.settle import build_world
from app.ledger.follow import catch_up, restart
from app.main import FOLLOWERS
from app.money.follow import MONEY
from app.money.models import DepositSold, Payable, Settlement, SettlementLine, UnitReturn
from app.money.owed import owed_by
from app.money.settle import changed_lines

LAST_DAY, DAYS, SEED = date(2025, 9, 5), 40, "test"


@pytest.fixture(scope="module")
async def world(database):
    await load(database, SEED, LAST_DAY, days=DAYS, counties=1)
    await catch_up(database, FOLLOWERS)
    made = build_world(SEED, LAST_DAY, 1)
    await settle_season(database, made)
    return made


async def test_every_state_and_every_scheme_is_there_to_look_at(database, world):
    async with database.read() as session:
        states = set(await session.scalars(select(Settlement.status).distinct()))
        kinds = set(await session.scalars(select(Settlement.payee_kind).distinct()))
        schemes = set(await session.scalars(select(Payable.scheme).distinct()))
        whys = set(await session.scalars(select(UnitReturn.why).distinct()))
        sold = await session.scalar(select(func.count()).select_from(DepositSold))
    assert states == {"draft", "approved", "paid", "discarded"}
    assert kinds == {"shop", "hauler", "plant"}
    assert schemes == {"deposit_taken", "deposit_refund", "buyback", "subsidy"}
    assert {None, "no-deposit", "returned-before"} <= whys
    assert sold


async def test_settled_and_not_settled_are_all_that_is_due(database, world):
    """To the fen: what stands in lines, and what is left, is what the events say."""
    [county] = world.pilots
    async with database.read() as session:
        due = await session.scalar(select(func.sum(Payable.fen)).where(Payable.county == county))
        settled = await session.scalar(
            select(func.sum(SettlementLine.fen)).where(SettlementLine.county == county)
        )
        left = sum(one.total_fen for one in await owed_by(session, county))
        found = select(Settlement).where(Settlement.status != "discarded")
        for one in await session.scalars(found):
            lines = select(func.sum(SettlementLine.fen)).where(SettlementLine.settlement == one.id)
            assert await session.scalar(lines) == one.total_fen
            assert await changed_lines(session, one.id) == 0
    assert due == settled + left


async def test_begun_again_the_follower_says_the_same_of_a_season_with_all_its_corrections(
    database, world
):
    async def rows():
        async with database.read() as session:
            found = [
                (
                    await session.execute(
                        select(table.__table__).order_by(*table.__table__.primary_key)
                    )
                ).all()
                for table in MONEY.tables
            ]
        return [[tuple(row) for row in one] for one in found]

    before = await rows()
    await restart(database, MONEY)
    await catch_up(database, [MONEY])
    assert await rows() == before
    assert all(before)
