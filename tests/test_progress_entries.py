"""A year's value of a target: entered by who answers for it, in its unit, sourced, never lost."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError

from app.areas.read import today
from app.auth.models import Account
from app.db import sqlstate
from app.plan.models import PlanDocument
from app.plan.tables import PlanTarget
from app.progress.models import PlanActual
from tests.people import make_account, signed_in
from tests.world import World, make_world

RATE, MANURE, AREA = (
    "pesticide-packaging-recovery", "manure-resource-use", "low-energy-building-area",
)  # fmt: skip
PESTICIDE, FERTILISER, ENERGY = "pesticide-use", "fertiliser-use", "non-fossil-energy-share"
SYSTEMS, UPGRADED = "systems", "key-industries-upgraded"
TARGETS = "/api/v1/plan/targets"
BULLETIN = "2024 年统计公报"
THIS_YEAR = today().year


@pytest.fixture(scope="module")
async def world(database) -> AsyncIterator[World]:
    made = await make_world(database)
    for department in ("housing", "development_reform", "ecology"):
        account = await make_account(
            database, "province", area="130000", department=department, display_name="李处长"
        )
        made.accounts[department] = account
        made.clients[department] = await signed_in(made.app, account)
    yield made
    await made.close()


async def enter(
    world: World, code: str, *, by: str = "province", **fields: object
) -> httpx.Response:
    return await world.client(by).post(f"{TARGETS}/{code}/actuals", json=fields)


async def actual(world: World, code: str, by: str | None = None, **query: str) -> dict:
    return (await world.client(by).get(f"{TARGETS}/{code}", params=query)).json()["actual"]


async def latest_number(world: World, code: str, year: int) -> int:
    entries = (await world.client(None).get(f"{TARGETS}/{code}")).json()["entries"]
    return max((one["number"] for one in entries if one["year"] == year), default=0)


def pointers(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [error["pointer"] for error in answer.json()["errors"]]


async def test_a_value_is_entered_and_shown_with_year_source_and_department(world: World):
    fields = {"unit": "%", "source": BULLETIN, "url": "https://example.org/a", "note": "快报"}
    answer = await enter(world, MANURE, year=2024, value=83.5, **fields)
    assert answer.status_code == 201
    entered = answer.json()
    assert entered | fields == entered
    assert (entered["value"], entered["number"], entered["withdrawn"]) == (83.5, 1, False)
    assert entered["department"]["code"] == "agriculture"
    shown = await actual(world, MANURE)
    assert (shown["value"], shown["year"], shown["source"]) == (83.5, 2024, BULLETIN)
    assert shown["state"] == ("behind" if THIS_YEAR > 2025 else "underway")
    assert shown["gap"] == 1.5
    assert shown["share"] == pytest.approx(83.5 / 85)
    assert shown["trend"] == [{"year": 2024, "value": 83.5, "source": BULLETIN}]
    await enter(world, MANURE, year=2025, value="85%", source="2025 年统计公报")
    shown = await actual(world, MANURE)
    assert (shown["value"], shown["year"], shown["state"]) == (85, 2025, "reached")
    assert [one["year"] for one in shown["trend"]] == [2024, 2025]


async def test_the_public_is_told_the_department_and_officials_the_person(world: World):
    await enter(world, AREA, by="housing", year=2023, value=900, unit="万平方米", source=BULLETIN)
    public = (await world.client(None).get(f"{TARGETS}/{AREA}")).json()["entries"]
    official = (await world.client("county").get(f"{TARGETS}/{AREA}")).json()["entries"]
    assert "by" not in public[0]
    assert public[0]["department"]["code"] == "housing"
    assert official[0]["by"] == "李处长"
    assert str(world.accounts["housing"].id) not in str(public)


@pytest.mark.parametrize(
    ("value", "stands"),
    [
        (1340, "1340"), ("1340", "1340"), ("1340 万平方米", "1340"), ("１３４０万平方米", "1340"),
        ("1,340.25", "1340.25"), (1340.1, "1340.1"), (0, "0"),
    ],
)  # fmt: skip
async def test_one_exact_number_is_taken_in_the_unit_of_the_target(world: World, value, stands):
    number = await latest_number(world, AREA, 2022)
    answer = await enter(
        world, AREA, by="housing", year=2022, value=value, unit="万平方米",
        source=f"{BULLETIN} {value!r}", number=number,
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    async with world.database.read() as session:
        asked = select(PlanActual.value).where(
            PlanActual.target == AREA, PlanActual.year == 2022, PlanActual.number == number + 1
        )
        assert await session.scalar(asked) == Decimal(stands)


@pytest.mark.parametrize(
    ("code", "by", "fields", "wrong"),
    [
        (AREA, "housing", {"value": "1340 平方米", "unit": "万平方米"}, ["/value"]),
        (AREA, "housing", {"value": 1340, "unit": "平方米"}, ["/unit"]),
        (AREA, "housing", {"value": 1340}, ["/unit"]),
        (AREA, "housing", {"value": "1340 万平方米、2 平方米", "unit": "万平方米"}, ["/value"]),
        (FERTILISER, "province", {"value": "1200 吨、2 万吨", "unit": "万吨"}, ["/value"]),
        (FERTILISER, "province", {"value": 20_000, "unit": "吨"}, ["/unit"]),
        (PESTICIDE, "province", {"value": "5-6", "unit": "吨"}, ["/value"]),
        (PESTICIDE, "province", {"value": -1, "unit": "吨"}, ["/value"]),
        (PESTICIDE, "province", {"value": "-1", "unit": "吨"}, ["/value"]),
        (PESTICIDE, "province", {"value": "很多", "unit": "吨"}, ["/value"]),
        (PESTICIDE, "province", {"value": True, "unit": "吨"}, ["/value"]),
        (PESTICIDE, "province", {"value": [1], "unit": "吨"}, ["/value"]),
        (PESTICIDE, "province", {"value": {}, "unit": "吨"}, ["/value"]),
        (PESTICIDE, "province", {"value": "", "unit": "吨"}, ["/value"]),
        (PESTICIDE, "province", {"unit": "吨"}, ["/value"]),
        (PESTICIDE, "province", {"value": 0.12345678901234567, "unit": "吨"}, ["/value"]),
        (MANURE, "province", {"value": 100.5, "unit": "%"}, ["/value"]),
        (ENERGY, "development_reform", {"value": 101, "unit": "%"}, ["/value"]),
        (PESTICIDE, "province", {"value": 1, "unit": "吨", "year": 1999}, ["/year"]),
        (PESTICIDE, "province", {"value": 1, "unit": "吨", "year": THIS_YEAR + 1}, ["/year"]),
        (PESTICIDE, "province", {"value": 1, "unit": "吨", "year": "2024"}, ["/year"]),
        (PESTICIDE, "province", {"value": 1, "unit": "吨", "source": ""}, ["/source"]),
        (PESTICIDE, "province", {"value": 1, "unit": "吨", "source": "  "}, ["/source"]),
        (PESTICIDE, "province", {"value": 1, "unit": "吨", "source": None}, ["/source"]),
        (PESTICIDE, "province", {"value": 1, "unit": "吨", "source": "长" * 501}, ["/source"]),
        (PESTICIDE, "province", {"value": 1, "unit": "吨", "url": "javascript:x"}, ["/url"]),
        (PESTICIDE, "province", {"value": 1, "unit": "吨", "note": "长" * 2001}, ["/note"]),
        (PESTICIDE, "province", {"value": None, "unit": "吨", "note": "填错"}, ["/value"]),
        (PESTICIDE, "province", {"value": 1, "unit": "吨", "extra": 1}, ["/extra"]),
        (PESTICIDE, "province", {"value": 1, "unit": "吨", "number": "1"}, ["/number"]),
        (
            AREA, "housing", {"value": "1340 平方米", "unit": "平方米", "source": "", "year": 1900},
            ["/year", "/value", "/unit", "/source"],
        ),
        (UPGRADED, "ecology", {"value": 5, "unit": "%", "note": "已完成"}, ["/value", "/unit"]),
        (UPGRADED, "ecology", {"note": " "}, ["/note"]),
        (UPGRADED, "ecology", {"note": "已完成", "source": ""}, ["/source"]),
    ],
)  # fmt: skip
async def test_what_does_not_fit_is_refused_at_its_place(world: World, code, by, fields, wrong):
    answer = await enter(world, code, by=by, **{"year": 2019, "source": BULLETIN, **fields})
    assert pointers(answer) == wrong
    english = await world.client(by).post(
        f"{TARGETS}/{code}/actuals",
        json={"year": 2019, "source": BULLETIN, **fields},
        headers={"accept-language": "en"},
    )
    assert all(
        error["detail"].isascii() or "unit" in error["detail"] for error in english.json()["errors"]
    )
    assert await latest_number(world, code, 2019) == 0


async def test_a_correction_is_the_next_number_and_what_was_stays(world: World):
    first = {"year": 2021, "unit": "%", "source": BULLETIN}
    assert (await enter(world, MANURE, value=70, **first)).status_code == 201
    unseen = await enter(world, MANURE, value=71, **first)
    assert unseen.status_code == 409
    assert unseen.json()["type"] == "/problems/actual-changed"
    assert unseen.json()["standing"] == 1
    assert (await enter(world, MANURE, value=71, number=2, **first)).status_code == 409
    corrected = await enter(world, MANURE, value=71, number=1, **first)
    assert (corrected.status_code, corrected.json()["number"]) == (201, 2)
    entries = (await world.client(None).get(f"{TARGETS}/{MANURE}")).json()["entries"]
    assert [(e["number"], e["value"], e["standing"]) for e in entries if e["year"] == 2021] == [
        (2, 71, True), (1, 70, False),
    ]  # fmt: skip


async def test_the_same_form_sent_twice_is_entered_once(world: World):
    fields = {"year": 2018, "value": 60, "unit": "%", "source": BULLETIN}
    assert (await enter(world, MANURE, **fields)).status_code == 201
    again = await enter(world, MANURE, **fields)
    assert (again.status_code, again.json()["number"]) == (200, 1)


async def test_a_value_is_withdrawn_with_a_reason_and_can_be_entered_again(world: World):
    fields = {"year": 2017, "unit": "%"}
    await enter(world, MANURE, value=50, source=BULLETIN, **fields)
    assert pointers(await enter(world, MANURE, value=None, number=1, **fields)) == ["/note"]
    gone = await enter(world, MANURE, value=None, note="填错年份", number=1, **fields)
    assert gone.status_code == 201, gone.text
    assert gone.json()["withdrawn"] is True
    assert 2017 not in [one["year"] for one in (await actual(world, MANURE))["trend"]]
    again = await enter(world, MANURE, value=None, note="再撤", number=2, **fields)
    assert pointers(again) == ["/value"]
    back = await enter(world, MANURE, value=51, source=BULLETIN, number=2, **fields)
    assert back.status_code == 201


async def test_of_two_who_enter_at_once_one_is_told_to_look(world: World):
    answers = await asyncio.gather(
        *(
            enter(world, MANURE, year=2016, value=40 + n, unit="%", source=BULLETIN)
            for n in range(4)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert await latest_number(world, MANURE, 2016) == 1


@pytest.mark.parametrize("by", ["housing", "ecology", "development_reform"])
async def test_another_department_is_told_who_is_responsible(world: World, by):
    answer = await enter(world, MANURE, by=by, year=2024, value=1, unit="%", source=BULLETIN)
    assert answer.status_code == 403
    assert answer.json()["type"] == "/problems/target-not-yours"
    assert "省农业农村厅" in answer.json()["detail"]
    assert answer.json()["departments"] == ["agriculture"]


@pytest.mark.parametrize("by", ["county", "city", "township", "auditor", "admin", "plant"])
async def test_nobody_below_the_province_enters_a_value(world: World, by):
    answer = await enter(world, MANURE, by=by, year=2024, value=1, unit="%", source=BULLETIN)
    assert answer.status_code == 403
    assert answer.json()["type"] == "/problems/forbidden"


async def test_a_stranger_enters_nothing(world: World):
    stranger = world.client(None)
    answer = await stranger.post(f"{TARGETS}/{MANURE}/actuals", json={"year": 2024})
    assert answer.status_code == 401


async def test_where_no_department_is_printed_nobody_enters(world: World):
    answer = await enter(world, SYSTEMS, year=2024, note="已建立", source=BULLETIN)
    assert answer.status_code == 403
    assert "方案没有印出" in answer.json()["detail"]


async def test_what_the_platform_knows_itself_is_not_entered(world: World):
    fields = {"year": 2024, "value": 1, "source": BULLETIN}
    live = await enter(world, RATE, unit="%", **fields)
    assert (live.status_code, live.json()["type"]) == (409, "/problems/target-is-live")
    assert live.json()["href"] == "/api/v1/reports/recovery"
    listed = await enter(world, "pesticide-packaging-pilots", unit="个", **fields)
    assert listed.status_code == 409
    assert listed.json()["href"] == "/api/v1/plan/registers/pesticide-packaging-pilots"


async def test_a_target_that_is_none_is_not_found(world: World):
    assert (await enter(world, "no-such", year=2024, value=1)).status_code == 404
    for path in ("no-such", "目标"):
        assert (await world.client(None).get(f"{TARGETS}/{path}")).status_code == 404


async def test_a_target_without_a_number_takes_a_sourced_statement(world: World):
    before = await actual(world, UPGRADED)
    assert (before["state"], before["statement"]) == ("unquantified", None)
    assert "省应急管理厅" in before["why"]
    told = {"year": 2024, "note": "15 个行业完成改造", "source": "冀环办〔2024〕1号"}
    answer = await enter(world, UPGRADED, by="ecology", **told)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["value"], answer.json()["withdrawn"]) == (None, False)
    shown = await actual(world, UPGRADED)
    assert shown["state"] == "unquantified"
    assert shown["statement"]["text"] == "15 个行业完成改造"
    assert (shown["year"], shown["source"], shown["why"]) == (2024, "冀环办〔2024〕1号", None)


async def test_a_reduction_is_told_against_the_entered_baseline_alone(world: World):
    await enter(world, PESTICIDE, year=2024, value=58_500, unit="吨", source=BULLETIN)
    shown = await actual(world, PESTICIDE)
    assert (shown["state"], shown["value"], shown["baseline"]) == ("no_data", None, None)
    assert shown["why"] == "2020 年基数缺少，待省农业农村厅填报并注明出处"
    assert (shown["amount"], shown["year"]) == (58_500, 2024)
    await enter(world, PESTICIDE, year=2020, value=60_000, unit="吨", source="2020 年农村统计年鉴")
    shown = await actual(world, PESTICIDE)
    assert (shown["value"], shown["state"], shown["gap"]) == (1_500, "reached", 0)
    assert shown["baseline"] == {"year": 2020, "value": 60_000, "source": "2020 年农村统计年鉴"}
    assert [(one["year"], one["value"], one["amount"]) for one in shown["trend"]] == [
        (2020, 0, 60_000), (2024, 1_500, 58_500),
    ]  # fmt: skip


async def test_progress_counts_the_states_and_names_the_size_of_the_log(world: World):
    progress = (await world.client(None).get("/api/v1/plan/progress")).json()
    assert progress["on"] == today().isoformat()
    assert progress["log"]["size"] >= 0
    assert len(progress["items"]) == sum(progress["summary"].values())
    assert progress["summary"]["unquantified"] == 15
    numeric = [item for item in progress["items"] if item["quantified"]]
    assert len(numeric) == 15
    for item in progress["items"]:
        assert (item["actual"]["value"] is None) <= bool(
            item["actual"]["why"] or item["actual"]["statement"]
        )
        assert item["paragraph"]["address"]


async def test_the_list_of_targets_is_paged_and_each_stands_at_its_address(world: World):
    client, seen, cursor = world.client(None), [], {}
    while cursor is not None:
        answer = (await client.get(TARGETS, params={"limit": 7, **cursor})).json()
        seen += [item["code"] for item in answer["items"]]
        cursor = {"cursor": answer["next_cursor"]} if answer["next_cursor"] else None
    assert len(seen) == len(set(seen)) == 30
    one = (await client.get(f"{TARGETS}/{seen[0]}")).json()
    listed = (await client.get(TARGETS)).json()["items"][0]
    assert one | listed == one
    assert (await client.get(TARGETS, params={"cursor": "x"})).status_code == 422
    assert (await client.get(TARGETS, params={"on": "gestern"})).status_code == 422


async def test_the_csv_has_a_row_a_target_and_no_formula(world: World):
    answer = await world.client(None).get(f"{TARGETS}.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 30
    manure = next(row for row in rows if row["编码"] == MANURE)
    assert (manure["数值"], manure["单位"], manure["责任部门"]) == ("85", "%", "省农业农村厅")


async def test_values_up_to_the_day_count_and_so_does_the_target_of_the_day(world: World):
    early = await actual(world, MANURE, on="2024-06-30")
    assert early["year"] == 2024
    assert max(one["year"] for one in early["trend"]) == 2024
    assert early["state"] == "underway"
    assert (await world.client(None).get(f"{TARGETS}/{MANURE}?on=2021-01-01")).status_code == 404


async def test_an_amended_unit_leaves_out_what_was_entered_in_the_old_one(world: World):
    await enter(world, FERTILISER, year=2020, value=285, unit="万吨", source=BULLETIN)
    await enter(world, FERTILISER, year=2024, value=282, unit="万吨", source=BULLETIN)
    assert (await actual(world, FERTILISER))["value"] == 3
    async with world.database.write() as session:
        number = f"冀测〔2024〕{uuid4().hex[:4]}号"
        issued = date(2024, 1, 1)
        session.add(
            PlanDocument(
                number=number, title="修改", issued_on=issued, effective_on=issued,
                amends="冀发改环资〔2021〕1793号",
            )
        )  # fmt: skip
        await session.flush()
        first = await session.scalar(select(PlanTarget).where(PlanTarget.code == FERTILISER))
        copied = {
            column.name: getattr(first, column.name) for column in PlanTarget.__table__.columns
        }
        first.valid_to = date(2023, 12, 31)
        await session.execute(
            insert(PlanTarget).values(
                {**copied, "valid_from": issued, "valid_to": None, "document": number,
                 "unit": "吨", "value": 20_000}
            )
        )  # fmt: skip
    shown = (await world.client(None).get(f"{TARGETS}/{FERTILISER}")).json()
    assert [(one["value"], one["unit"]) for one in shown["versions"]] == [
        (2, "万吨"),
        (20_000, "吨"),
    ]
    assert shown["actual"]["value"] is None
    assert shown["actual"]["why"].startswith("2020 年基数缺少")
    assert "万吨" in shown["actual"]["notes"][0]
    assert (await actual(world, FERTILISER, on="2023-12-31"))["baseline"]["value"] == 285


async def test_entries_are_never_altered(world: World):
    await enter(world, MANURE, year=2015, value=30, unit="%", source=BULLETIN)
    for statement in (
        update(PlanActual).values(value=99),
        text("DELETE FROM plan_actual"),
        text("TRUNCATE plan_actual"),
    ):
        with pytest.raises(DBAPIError) as refused:
            async with world.database.write() as session:
                await session.execute(statement)
        assert sqlstate(refused.value) == "42501"


@pytest.mark.parametrize(
    "columns",
    [
        {"value": 1, "unit": None, "source": "公报"},
        {"value": 1, "unit": "%", "source": None},
        {"value": -1, "unit": "%", "source": "公报"},
        {"value": None, "unit": None, "source": None, "note": "说明"},
        {"value": None, "unit": "%", "source": None, "note": None},
    ],
)
async def test_the_database_holds_no_value_without_unit_and_source(world: World, columns):
    account: Account = world.accounts["province"]
    row = {
        "target": MANURE, "year": 2014, "number": 1, "department": "agriculture",
        "actor": account.id, "recorded_at": datetime.now(UTC), **columns,
    }  # fmt: skip
    with pytest.raises(DBAPIError) as refused:
        async with world.database.write() as session:
            await session.execute(insert(PlanActual).values(row))
    assert sqlstate(refused.value) == "23514"
