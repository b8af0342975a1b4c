"""Alerts and time: what only silence shows, ticks and leaves in any mixture, and the rebuild.

Events are recorded on a clock of their own, a year long, which only goes forward.
"""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import select, text

from app.alerts.follow import ALERTS, tick
from app.alerts.models import Finding
from app.auth.sessions import caller_from
from app.db import Database
from app.events.declare import declare
from app.events.record import record
from app.ids import uuid7
from app.ledger.follow import restart
from app.supply.declare import declare_supply
from app.supply.schemas import SupplyLine
from tests.telling import naming, pass_, standing
from tests.world import AT_SITE, LUQUAN, OTHER_POINT, PLANT, POINT, STATION, World, make_world

START = datetime(2025, 3, 10, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
async def world(database: Database):
    made = await make_world(database)
    made.clock = START
    yield made
    await made.close()


async def tell(world: World, kind: str, *codes: str, late: timedelta | None = None, **fields: Any):
    """Record an event now, or one of some time ago that is told late."""
    at = world.clock - (late or timedelta())
    body = world.body(kind, *codes, at=at, **fields)
    caller = caller_from(world.accounts[AT_SITE[body["site"]]])
    [outcome] = await record(world.database, caller, [body], now=world.clock)
    assert outcome.event, outcome.error
    world.tick(minutes=5)
    return outcome.event


async def test_a_trip_that_nobody_receives_is_found_by_silence_and_closes_when_it_arrives(
    world: World,
):
    [bag] = await world.issue_labels(1)
    await tell(world, "collect", bag, mass_g=5_000)
    sent = await tell(world, "depart", bag, destination=STATION)
    await pass_(world, days=2)
    assert not await naming(world, "trip-overdue", bag)
    await pass_(world, days=2)
    [found] = await naming(world, "trip-overdue", bag)
    assert found.closed_at is None
    assert found.opened_leaf is None
    departed = datetime.fromisoformat(sent["effective_at"])
    assert found.opened_at == departed + timedelta(days=3), "the instant, not the tick's"

    await tell(world, "arrive", bag, site=STATION, mass_g=5_000)
    [closed] = await naming(world, "trip-overdue", bag)
    assert closed.closed_leaf is not None


async def test_an_arrival_told_late_closes_what_its_silence_opened(world: World):
    [bag] = await world.issue_labels(1)
    await tell(world, "collect", bag, mass_g=5_000)
    await tell(world, "depart", bag, destination=STATION)
    await pass_(world, days=5)
    [found] = await naming(world, "trip-overdue", bag)
    await tell(world, "arrive", bag, site=STATION, mass_g=5_000, late=timedelta(days=4))
    [closed] = await naming(world, "trip-overdue", bag)
    assert closed.id == found.id
    assert closed.closed_at > closed.opened_at


async def test_a_step_that_nobody_tells_is_waited_for_and_closes_when_it_comes(world: World):
    [bag] = await world.issue_labels(1)
    await tell(world, "collect", bag, mass_g=5_000)
    world.tick(hours=3)
    await tell(world, "arrive", bag, site=STATION, mass_g=5_000)
    await pass_(world, days=6)
    assert not await naming(world, "missing-depart", bag)
    await pass_(world, days=2)
    [found] = await naming(world, "missing-depart", bag)
    assert (found.subject, found.closed_at) == (STATION, None)

    late = world.clock - datetime.fromisoformat(
        (await world.client("admin").get(f"/api/v1/events/{found.events[0]}")).json()[
            "effective_at"
        ]
    )
    await tell(world, "depart", bag, destination=STATION, late=late + timedelta(hours=1))
    [closed] = await naming(world, "missing-depart", bag)
    assert closed.closed_at is not None


async def test_a_point_has_one_finding_for_its_old_bags_until_the_last_has_gone(world: World):
    bags = await world.issue_labels(2)
    for bag in bags:
        await tell(world, "collect", bag, mass_g=5_000)
        world.tick(days=1)
    await pass_(world, days=87)
    assert not await standing(world, "over-long-storage")
    await pass_(world, days=1)
    [found] = await standing(world, "over-long-storage")
    assert (found.subject, found.window, found.batches) == (POINT, "working", bags[:1])
    assert found.figures["thresholds"]["point"]["value"] == 90
    await pass_(world, days=2)
    [found] = await standing(world, "over-long-storage")
    assert found.batches == bags
    assert found.figures["count"] == 2

    await tell(world, "depart", bags[0], destination=STATION)
    [found] = await standing(world, "over-long-storage")
    assert found.closed_at is None
    await tell(world, "depart", bags[1], destination=STATION)
    [closed] = await standing(world, "over-long-storage")
    assert closed.closed_at is not None
    await tell(world, "arrive", *bags, site=STATION, mass_g=5_000)
    # Sealed ninety days ago, they have as much left at the station.
    await pass_(world, days=87)
    assert not [f for f in await standing(world, "over-long-storage") if f.closed_at is None
                and set(bags) & set(f.batches)]  # fmt: skip
    await pass_(world, days=3)
    [station] = [f for f in await standing(world, "over-long-storage") if f.subject == STATION]
    assert set(bags) <= set(station.batches)


async def test_the_months_of_a_silent_point_are_found_one_by_one_and_in_season_alone(world: World):
    silent = await standing(world, "silent-point")
    by_point = {(f.subject, f.window): f for f in silent}
    # 2025-03 had begun before the first leaf; OTHER_POINT has told nothing at all.
    assert [w for s, w in by_point if s == OTHER_POINT] == [
        f"2025-{month:02}" for month in range(4, world.clock.month if world.clock.day > 5 else 10)
    ]
    told = {f.window for f in silent if f.subject == POINT}
    assert "2025-05" in told
    assert "2025-04" not in told or "2025-03" not in told
    may = by_point[OTHER_POINT, "2025-05"]
    assert may.opened_at == datetime(2025, 6, 5, 16, tzinfo=UTC), "five days after the month"
    assert may.closed_at is None


async def test_a_nil_return_clears_a_silent_month_and_so_does_a_record_told_late(world: World):
    body = {
        "id": str(uuid7(world.rng, world.clock)), "kind": "declare", "subject": "zero_report",
        "occurred_at": world.clock.isoformat(), "site": OTHER_POINT,
        "rows": [{"month": "2025-05"}],
    }  # fmt: skip
    caller = caller_from(world.accounts["other_collector"])
    outcome = await declare(world.database, caller, body, now=world.clock)
    assert outcome.outcome == "recorded"
    world.tick()
    [bag] = await world.issue_labels(1, site=OTHER_POINT)
    async with world.database.write() as session:
        await session.execute(
            text("UPDATE label SET issued_at = '2025-03-01' WHERE code = :code"), {"code": bag}
        )
    june = world.clock - datetime(2025, 6, 20, 3, tzinfo=UTC)
    await tell(world, "collect", bag, site=OTHER_POINT, mass_g=5_000, late=june)
    closed = {
        f.window
        for f in await standing(world, "silent-point")
        if f.subject == OTHER_POINT and f.closed_at is not None
    }
    assert closed == {"2025-05", "2025-06"}


async def test_more_comes_back_than_was_sold_for_longer_than_declaring_takes(world: World):
    async def sell(id_: str, units: int, replaces: str | None = None):
        row = SupplyLine.model_validate(
            {
                "id": id_, "county": LUQUAN, "on": "2025-03-31", "units": units,
                "unit_weight_g": 15, "method": "A", "replaces": replaces,
            }
        )  # fmt: skip
        caller = caller_from(world.accounts["county"])
        await declare_supply(
            world.database, caller, [row], now=world.clock,
            new_id=lambda: uuid7(world.rng, world.clock),
        )  # fmt: skip
        world.tick()

    await sell("few", 10)
    await pass_(world, days=44)
    assert not await standing(world, "rate-over-100")
    await pass_(world, days=2)
    [found] = await standing(world, "rate-over-100")
    assert (found.subject, found.window) == (LUQUAN, "2025")
    assert found.figures["generated_g"] == 150
    await sell("more", 10_000_000, replaces="few")
    [closed] = await standing(world, "rate-over-100")
    assert closed.closed_at is not None


async def test_a_tick_waits_for_leaves_that_are_not_judged_yet(world: World):
    [bag] = await world.issue_labels(1)
    await tell(world, "collect", bag, mass_g=5_000)
    assert not await tick(world.database, world.clock)
    await standing(world)
    assert await tick(world.database, world.clock)


async def test_two_ticks_at_once_judge_once(world: World):
    async with world.database.write() as session:
        await session.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended('alerts', 6962))")
        )
        assert not await tick(world.database, world.clock)


def rows_of(found: list[Finding]) -> list[dict[str, Any]]:
    columns = [column.name for column in Finding.__table__.columns]
    return sorted(({name: getattr(f, name) for name in columns} for f in found), key=str)


async def test_a_rebuild_from_the_first_leaf_ends_with_the_same_findings(world: World):
    """Forty lives in disorder, ticks between them at random, on top of all that came before."""
    rng = Random(5)
    bags = await world.issue_labels(40)
    steps = [
        ("collect", {"mass_g": 5_000}),
        ("depart", {"destination": STATION}),
        ("arrive", {"site": STATION, "mass_g": 4_600}),
        ("depart", {"site": STATION, "destination": PLANT}),
        ("arrive", {"site": PLANT}),
    ]
    begun = world.clock
    due = []
    for bag in bags:
        at = begun + timedelta(days=rng.uniform(0, 30))
        for kind, fields in steps[: rng.randint(1, 5)]:
            at += timedelta(days=rng.expovariate(0.4))
            due.append((at + timedelta(days=rng.choice([0, 0, 0, 3, 12])), at, kind, bag, fields))
    for told_at, at, kind, bag, fields in sorted(due, key=lambda one: one[0]):
        world.clock = max(world.clock, told_at)
        body = world.body(kind, bag, at=at, **fields)
        caller = caller_from(world.accounts[AT_SITE[body["site"]]])
        await record(world.database, caller, [body], now=world.clock)
        world.tick(seconds=1)
        if rng.random() < 0.3:
            await pass_(world, seconds=1)
    await pass_(world, days=40)
    before = await standing(world)
    assert sum(f.closed_at is not None for f in before) > 10
    assert len({f.rule for f in before}) >= 6

    await restart(world.database, ALERTS)
    assert not await standing_without_following(world)
    await standing(world)
    assert await tick(world.database, world.clock)

    assert rows_of(await standing(world)) == rows_of(before)


async def standing_without_following(world: World) -> list[Finding]:
    async with world.database.read() as session:
        return list(await session.scalars(select(Finding)))
