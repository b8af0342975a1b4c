"""The report's target is the plan's: of its year, as amended, one statement a report."""

from datetime import date, timedelta

import pytest

from app.areas.read import today
from app.plan.models import NUMBER
from app.reports.targets import RECOVERY, recovery_targets
from tests import people
from tests.world import make_world

AMENDING = "冀发改环资〔2026〕88号"


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


@pytest.fixture(scope="module")
async def commission(world):
    account = await people.make_account(
        world.database, role="province", area="130000", department="development_reform"
    )
    client = await people.signed_in(world.app, account)
    yield client
    await client.aclose()


async def amend(client, number, effective_on, **target):
    row = {
        "number": number, "title": "关于调整回收率目标的通知", "issued_on": "2026-01-05",
        "effective_on": effective_on, "targets": [{"code": RECOVERY, "unit": "%", **target}],
    }  # fmt: skip
    answer = await client.post("/api/v1/plan/amendments", json=row)
    assert answer.status_code == 201, answer.text


async def told(world, year):
    answer = await world.client("province").get(f"/api/v1/reports/recovery?period={year}")
    [row] = answer.json()["rows"]
    return row["target_rate"], row["why"].get("target_rate")


async def known_on(world, day):
    async with world.database.read() as session:
        return dict(await recovery_targets(session, day))


async def test_the_target_is_that_of_the_document_for_2025_alone(world):
    assert await told(world, 2025) == (0.85, None)
    rate, why = await told(world, 2027)
    assert rate is None
    assert "2027" in why
    assert NUMBER in why
    assert "85% 属于 2025 年" in why


async def test_before_the_document_there_is_no_target(world):
    assert await known_on(world, date(2021, 12, 21)) == {}
    assert list(await known_on(world, date(2021, 12, 22))) == [2025]


async def test_an_amendment_for_another_year_leaves_2025_and_one_of_2025_replaces_it(
    world, commission
):
    await amend(commission, AMENDING, "2026-02-01", value=90, target_year=2027)
    assert await told(world, 2025) == (0.85, None)
    assert await told(world, 2027) == (0.9, None)
    assert AMENDING in (await told(world, 2026))[1]
    await amend(commission, "冀发改环资〔2026〕89号", "2026-03-01", value=87.5, target_year=2025)
    assert await told(world, 2025) == (0.875, None)
    assert await told(world, 2027) == (0.9, None)
    await amend(
        commission, "冀发改环资〔2026〕90号", "2026-04-01", low=92, high=95, target_year=2027
    )
    assert await told(world, 2027) == (0.92, None)
    assert (await known_on(world, date(2026, 2, 28)))[2025].rate == 0.85


async def test_an_amendment_that_is_still_to_take_effect_changes_no_report(world, commission):
    far = today() + timedelta(days=1_000)
    await amend(commission, "冀发改环资〔2026〕91号", f"{far}", value=99, target_year=2025)
    assert await told(world, 2025) == (0.875, None)
    assert (await known_on(world, far))[2025].rate == 0.99


async def test_a_report_asks_for_its_targets_once(world):
    with world.count_queries() as seen:
        await told(world, 2025)
    assert sum("plan_target" in statement for statement in seen) == 1
