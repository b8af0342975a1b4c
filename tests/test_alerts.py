"""Alerts by the door that people use: what is recorded opens findings, what comes late closes them."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.alerts.follow import ALERTS, tick
from app.alerts.models import Finding
from app.db import Database
from app.ledger.follow import catch_up
from tests.world import POINT, STATION, World, make_world


@pytest.fixture(scope="module")
async def world(database: Database):
    made = await make_world(database)
    yield made
    await made.close()


async def found(world: World, rule: str | None = None) -> list[Finding]:
    """What stands after the follower has come to the end of the log."""
    await catch_up(world.database, (ALERTS,))
    async with world.database.read() as session:
        rows = await session.scalars(
            select(Finding).order_by(Finding.opened_at, Finding.rule, Finding.subject)
        )
        return [row for row in rows if rule is None or row.rule == rule]


async def after(world: World, now: datetime, rule: str) -> list[Finding]:
    """What stands once silence has been judged up to an instant."""
    await catch_up(world.database, (ALERTS,))
    assert await tick(world.database, now)
    return await found(world, rule)


async def test_a_bag_that_lost_too_much_on_the_way_opens_one_finding(world: World):
    [bag] = await world.issue_labels(1)
    await world.event("collect", bag, mass_g=5_000)
    sent = await world.event("depart", bag, destination=STATION)
    await world.event("arrive", bag, site=STATION, mass_g=4_000)

    [finding] = [f for f in await found(world, "weight-difference") if bag in f.batches]

    assert finding.closed_at is None
    assert finding.figures["broke"] == ["percent"]
    assert finding.figures["difference_g"] == -1_000
    assert finding.figures["thresholds"]["percent"]["value"] == 5
    assert sent["trip"] == finding.figures["trip"]
    assert {STATION, POINT, "130110"} <= set(finding.seen_by)


async def test_a_trip_that_nobody_receives_is_found_by_silence_and_closes_when_it_arrives(
    world: World,
):
    [bag] = await world.issue_labels(1)
    await world.event("collect", bag, mass_g=5_000, at=datetime.now(UTC) - timedelta(hours=3))
    await world.event("depart", bag, destination=STATION, at=datetime.now(UTC) - timedelta(hours=2))
    due = datetime.now(UTC) + timedelta(days=3)

    assert not [f for f in await found(world, "trip-overdue") if bag in f.batches]
    [finding] = [f for f in await after(world, due, "trip-overdue") if bag in f.batches]
    assert finding.closed_at is None
    assert finding.opened_leaf is None
    assert finding.opened_at < due

    await world.event(
        "arrive", bag, site=STATION, mass_g=5_000, at=datetime.now(UTC) - timedelta(hours=1)
    )
    [finding] = [f for f in await found(world, "trip-overdue") if bag in f.batches]
    assert finding.closed_at is not None
    assert finding.closed_leaf is not None
