"""Live values: the rate as the reports have it, year by year, and the lists as they stand."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from sqlalchemy import insert, update

from app.areas.models import Pilot
from app.areas.read import today
from app.auth.sessions import caller_from
from app.balance.models import CountyFlow
from app.registers.models import RegisterEntry
from app.reports.by_year import recovery_by_year
from app.reports.periods import parse_period
from app.reports.recovery import recovery
from app.supply.models import SupplyDay
from tests import reference as ref
from tests.world import World, make_world

RATE = "/api/v1/plan/targets/pesticide-packaging-recovery"
YEARS = range(2021, today().year + 1)
REPORTERS = ("province", "auditor", "admin", "city", "far_city", "county", "far_county")
FROM_FIELD, BACK = ("field", "site"), ("site", "field")
FLOWS = [
    (ref.LUQUAN, "2022-05-01", FROM_FIELD, 600, "pesticide"),
    (ref.LUQUAN, "2022-06-01", ("field", "transit"), 50, "pesticide"),
    (ref.LUQUAN, "2022-06-02", BACK, 25, "pesticide"),
    (ref.LUQUAN, "2022-06-03", ("site", "treated/resource_use"), 300, "pesticide"),
    (ref.LUQUAN, "2022-06-04", FROM_FIELD, 9_999, "film"),
    (ref.LUQUAN, "2024-12-31", FROM_FIELD, 900, "pesticide"),
    (ref.XINJI, "2024-01-01", FROM_FIELD, 700, "pesticide"),
    (ref.ANXIN, "2025-03-01", FROM_FIELD, 400, "pesticide"),
    (ref.ANXIN, "2020-03-01", FROM_FIELD, 400, "pesticide"),
]
DECLARED = [
    (ref.LUQUAN, "2022-01-01", "A", 1_000),
    (ref.LUQUAN, "2024-01-01", "A", 1_100),
    (ref.XINJI, "2024-01-01", "B", 5_000),
    (ref.ANXIN, "2025-01-01", "A", 500),
    (ref.XINJI, "2023-01-01", "A", -10),
    (ref.XINJI, f"{today().year}-01-01", "A", 10),
]


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    async with database.write() as session:
        await session.execute(
            insert(CountyFlow),
            [
                {
                    "origin_county": county, "scope": scope, "occurred_on": date.fromisoformat(on),
                    "from_class": source, "from_place": county, "to_class": target,
                    "to_place": county, "mass_g": grams,
                }
                for county, on, (source, target), grams, scope in FLOWS
            ],
        )  # fmt: skip
        await session.execute(
            insert(SupplyDay),
            [
                {
                    "county": county, "occurred_on": date.fromisoformat(on), "method": method,
                    "mass_g": grams,
                }
                for county, on, method, grams in DECLARED
            ],
        )  # fmt: skip
    yield made
    await made.close()


@pytest.mark.parametrize("name", REPORTERS)
async def test_each_year_is_the_total_of_its_report(world: World, name: str):
    caller, now = caller_from(world.accounts[name]), datetime.now(UTC)
    async with world.database.read() as session:
        rates = await recovery_by_year(session, caller, YEARS, now=now)
        for year in YEARS:
            report = await recovery(session, caller, parse_period(str(year)), now=now)
            assert rates[year].value == report.total["recovery_rate"], year
            assert rates[year].why == report.total["why"].get("recovery_rate"), year


async def test_years_cost_no_more_statements_than_one(world: World):
    client = world.client("province")
    with world.count_queries() as many:
        await client.get(RATE)
    with world.count_queries() as few:
        await client.get(f"{RATE}?on=2021-12-31")
    # A year more is one count of the lists more, and nothing else.
    assert len(many) - len(few) == len(YEARS) - 1


async def test_a_day_far_ahead_costs_no_more_than_one_of_this_year(world: World):
    client = world.client("province")
    with world.count_queries() as near:
        known = (await client.get(RATE)).json()["actual"]
    with world.count_queries() as far:
        ahead = (await client.get(f"{RATE}?on=9999-12-31")).json()["actual"]
    assert len(far) <= len(near) + 1
    assert [point["year"] for point in ahead["trend"]] == [one["year"] for one in known["trend"]]


async def test_the_province_sees_its_rate_with_year_source_and_trend(world: World):
    shown = (await world.client("province").get(RATE)).json()["actual"]
    assert [(one["year"], one["value"]) for one in shown["trend"]] == [
        (2022, 62.5), (2024, pytest.approx(90_000 / 1_100)), (2025, 80), (today().year, 0),
    ]  # fmt: skip
    assert [one["year"] for one in shown["trend"] if one.get("partial")] == [today().year]
    assert (shown["value"], shown["year"], shown["area"]) == (80, 2025, None)
    assert shown["state"] == ("behind" if today().year > 2025 else "underway")
    assert shown["gap"] == 5
    assert shown["source"] == shown["origin"]["name"] == "农药包装废弃物回收率报表"
    assert shown["origin"]["href"] == "/api/v1/reports/recovery"


async def test_a_county_sees_its_own_rate_named_so(world: World):
    shown = (await world.client("county").get(RATE)).json()["actual"]
    assert shown["area"] == {"code": ref.LUQUAN, "name": "鹿泉区"}
    assert (shown["year"], shown["value"]) == (2024, pytest.approx(90_000 / 1_100))
    assert "2025 年没有数据，这是 2024 年的数字" in shown["notes"]
    assert "这是鹿泉区的数字，目标是全省的" in shown["notes"]
    city = (await world.client("far_city").get(RATE)).json()["actual"]
    assert (city["area"]["name"], city["value"], city["year"]) == ("雄安新区", 80, 2025)


@pytest.mark.parametrize("name", [None, "collector", "keeper", "plant", "carrier", "township"])
async def test_who_reads_no_reports_is_told_why_there_is_no_rate(world: World, name):
    client = world.client(name)
    shown = (await client.get(RATE)).json()["actual"]
    assert (shown["value"], shown["state"], shown["trend"]) == (None, "no_data", [])
    assert shown["why"].startswith("为未公布的实时数字，")
    listed = (await client.get("/api/v1/plan/progress")).text
    page = (await client.get("/plan/progress")).text
    for told in (listed, page, (await client.get("/api/v1/plan/targets.csv")).text):
        assert "62.5" not in told
        assert "81.8" not in told


async def test_a_rate_without_any_denominator_says_so(world: World):
    shown = (await world.client("plant_county").get(f"{RATE}?on=2023-06-01")).json()["actual"]
    assert shown["value"] is None
    assert shown["why"] == "本期申报的产生量不大于零（退货多于销售），不能作分母"
    early = await world.client("province").get("/api/v1/plan/progress?on=2020-06-01")
    assert early.json()["items"] == []


async def test_a_list_that_is_kept_elsewhere_is_counted_as_it_stands(world: World):
    async with world.database.write() as session:
        session.add(
            Pilot(
                county=ref.ANXIN, valid_from=date(2023, 1, 1), valid_to=date(2024, 6, 30),
                event_id=ref.EVENT,
            )
        )  # fmt: skip
    answer = await world.client(None).get("/api/v1/plan/targets/pesticide-packaging-pilots")
    shown = answer.json()["actual"]
    assert (shown["value"], shown["gap"], shown["unit"]) == (1, 13, "个")
    assert [(one["year"], one["value"]) for one in shown["trend"]] == [
        (2021, 0), (2022, 2), (2023, 3), *((year, 1) for year in range(2024, today().year + 1)),
    ]  # fmt: skip
    assert shown["year"] == today().year
    assert shown["notes"] == ["文件没有印出目标年份，按方案期末 2025 年衡量"]
    assert shown["origin"]["href"] == "/api/v1/plan/registers/pesticide-packaging-pilots"


def entry(register: str, number: int, industry: str | None, since: date) -> dict:
    return {
        "id": uuid4(), "register": register, "version": 1, "name": f"企业{number}",
        "name_key": f"企业{number}", "identity_key": f"{register}-{number}", "industry": industry,
        "values": {}, "valid_from": since, "withdrawn": False, "changed_at": datetime.now(UTC),
    }  # fmt: skip


async def test_benchmark_enterprises_count_industries_that_have_three(world: World):
    address = "/api/v1/plan/targets/benchmark-enterprises"
    before = (await world.client(None).get(address)).json()["actual"]
    assert before["industries"] == {"of": 14, "enough": 0, "missing": 42, "entries": 0}
    register = (
        await world.client(None).get("/api/v1/plan/registers/benchmark-enterprises")
    ).json()["register"]
    [paper] = [one for one in register["by_industry"] if one["printed"] == "造纸"]
    code = paper["industries"][0]["code"]
    rows = [entry("benchmark-enterprises", n, code, date(2024, 1, 1)) for n in range(3)]
    rows.append(entry("benchmark-enterprises", 9, None, date(2025, 1, 1)))
    async with world.database.write() as session:
        await session.execute(insert(RegisterEntry), rows)
    after = (await world.client(None).get(address)).json()["actual"]
    assert (after["value"], after["unit"], after["gap"]) == (1, "个行业", 13)
    assert after["industries"] == {"of": 14, "enough": 1, "missing": 39, "entries": 4}
    assert [(one["year"], one["value"]) for one in after["trend"]] == [
        (year, int(year >= 2024)) for year in YEARS
    ]


async def test_entries_that_are_withdrawn_or_over_do_not_count(world: World):
    address = "/api/v1/plan/targets/green-factories"
    rows = [entry("green-factories", n, None, date(2023, 1, 1)) for n in range(4)]
    async with world.database.write() as session:
        await session.execute(insert(RegisterEntry), rows)
        gone = update(RegisterEntry).where(RegisterEntry.id == rows[0]["id"])
        await session.execute(gone.values(withdrawn=True))
        over = update(RegisterEntry).where(RegisterEntry.id == rows[1]["id"])
        await session.execute(over.values(valid_to=date(2024, 12, 30)))
    shown = (await world.client(None).get(address)).json()["actual"]
    assert [one["value"] for one in shown["trend"] if 2022 <= one["year"] <= 2024] == [0, 3, 2]
    assert (shown["value"], shown["gap"], shown["share"]) == (2, 198, 0.01)
