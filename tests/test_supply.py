"""Declared supply: idempotent by row, replaced rather than changed, added up by a follower."""

import asyncio
import json
import uuid
from datetime import UTC, date, datetime

import pytest
from fastapi import FastAPI
from sqlalchemy import event, func, select, text

from app.db import Database
from app.ids import SYSTEM, uuid7
from app.ledger.follow import catch_up, restart
from app.ledger.models import Event
from app.main import create_app
from app.supply.follow import SUPPLY
from app.supply.models import SupplyDay, SupplyRow
from tests import people
from tests import reference as ref


@pytest.fixture(scope="module")
async def app(database: Database, database_urls: dict[str, str]) -> FastAPI:
    await ref.load(database)
    return create_app(database_urls["app"])


@pytest.fixture(scope="module")
async def county(app: FastAPI, database: Database):
    """A browser of 鹿泉区's agriculture official."""
    account = await people.make_account(database, department="agriculture")
    return await people.signed_in(app, account)


@pytest.fixture(scope="module")
async def province(app: FastAPI, database: Database):
    account = await people.make_account(
        database, role="province", area="130000", department="agriculture"
    )
    return await people.signed_in(app, account)


def line(**given):
    row = {
        "id": uuid.uuid4().hex, "county": ref.LUQUAN, "on": "2026-08-31", "units": 1000,
        "unit_weight_g": 14, "method": "A",
    }  # fmt: skip
    return {key: value for key, value in {**row, **given}.items() if value is not None}


async def post(client, *rows):
    return await client.post("/api/v1/supply", json={"rows": list(rows)})


async def stored(database, row_id):
    async with database.read() as session:
        return await session.get(SupplyRow, row_id)


async def count(database, table=SupplyRow):
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(table))


async def days(database):
    async with database.read() as session:
        rows = await session.scalars(select(SupplyDay))
        return {(r.county, r.occurred_on, r.method): r.mass_g for r in rows if r.mass_g}


async def test_rows_are_recorded_once_and_told_apart_from_duplicates(county, database):
    rows = [line(), line(units=-20, registration="PD20172225", dealer=ref.SHOP, spec="250 mL")]
    first = await post(county, *rows)
    assert first.status_code == 201, first.text
    body = first.json()
    assert (body["recorded"], body["duplicate"], len(body["events"])) == (2, 0, 1)
    again = await post(county, *rows)
    assert (again.status_code, again.json()) == (200, body | {"recorded": 0, "duplicate": 2})
    mixed = await post(county, rows[0], line(), rows[1])
    assert mixed.status_code == 201
    assert (mixed.json()["recorded"], mixed.json()["duplicate"]) == (1, 2)
    assert (await stored(database, rows[1]["id"])).mass_g == -280


async def test_a_row_sent_twice_in_one_request_is_recorded_once(county):
    row = line()
    answer = await post(county, row, row)
    assert (answer.json()["recorded"], answer.json()["duplicate"]) == (1, 1)


async def test_the_same_id_with_other_content_is_a_conflict_and_writes_nothing(county, database):
    row, other = line(), line()
    await post(county, row)
    before = await count(database), await count(database, Event)
    answer = await post(county, other, row | {"units": 999})
    assert answer.status_code == 409
    problem = answer.json()
    assert problem["type"] == "/problems/supply-row-reused"
    assert (problem["row"], problem["pointer"]) == (row["id"], "/rows/1/id")
    assert (await count(database), await count(database, Event)) == before


@pytest.mark.parametrize(
    ("units", "weight", "mass"),
    [
        (1000, 2.5, 2500),
        (1, 2.5, 3),
        (-1, 2.5, -3),
        (3, 0.5, 2),
        (7, 0.071, 0),
        (-1000, 14, -14_000),
        (10, 50_000, 500_000),
    ],
)
async def test_mass_is_units_times_unit_weight_rounded_half_up(
    county, database, units, weight, mass
):
    row = line(units=units, unit_weight_g=weight)
    assert (await post(county, row)).status_code == 201
    assert (await stored(database, row["id"])).mass_g == mass


async def test_a_leaf_holds_integers_only(county, database):
    row = line(unit_weight_g=2.5)
    event_id = (await post(county, row)).json()["events"][0]
    found = (await county.get(f"/api/v1/events/{event_id}")).json()
    leaf = json.loads(found["leaf"], parse_float=lambda _: pytest.fail("a float in a leaf"))
    told = leaf["event"]["rows"][0]
    assert (told["unit_weight_mg"], told["mass_g"]) == (2500, 2500)
    assert found["kind"] == "declare"
    assert found["subject"] == "supply"


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"unit_weight_g": 500_000}, "/rows/0/unit_weight_g"),
        ({"unit_weight_g": 50_000.001}, "/rows/0/unit_weight_g"),
        ({"unit_weight_g": 0}, "/rows/0/unit_weight_g"),
        ({"unit_weight_g": -14}, "/rows/0/unit_weight_g"),
        ({"unit_weight_g": 0.0001}, "/rows/0/unit_weight_g"),
        ({"unit_weight_g": True}, "/rows/0/unit_weight_g"),
        ({"unit_weight_g": "14"}, "/rows/0/unit_weight_g"),
        ({"unit_weight_g": None}, "/rows/0"),
        ({"units": 0}, "/rows/0"),
        ({"units": 1.5}, "/rows/0/units"),
        ({"units": True}, "/rows/0/units"),
        ({"units": 10**15}, "/rows/0/units"),
        ({"units": 10**9, "unit_weight_g": 50_000}, "/rows/0"),
        ({"unit_weight_g": None, "mass_g": -14_000}, "/rows/0"),
        ({"units": -5, "unit_weight_g": None, "mass_g": 70}, "/rows/0"),
        ({"mass_g": -14_000}, "/rows/0"),
        ({"mass_g": 15_000}, "/rows/0"),
        ({"mass_g": 14_000.5}, "/rows/0/mass_g"),
        ({"method": "D"}, "/rows/0/method"),
        ({"on": "2026-02-30"}, "/rows/0/on"),
        ({"on": "0001-01-01"}, "/rows/0/on"),
        ({"county": "鹿泉"}, "/rows/0/county"),
        ({"id": ""}, "/rows/0/id"),
        ({"colour": "red"}, "/rows/0/colour"),
    ],
)
async def test_a_row_that_cannot_be_true_is_refused_with_its_place(
    county, database, given, pointer
):
    before = await count(database)
    answer = await post(county, line(**given))
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert await count(database) == before


async def test_mass_may_be_stated_instead_of_a_unit_weight(county, database):
    used = line(unit_weight_g=None, mass_g=7_000, method="B")
    both = line(mass_g=14_000)
    assert (await post(county, used, both)).status_code == 201
    assert (await stored(database, used["id"])).mass_g == 7_000


@pytest.mark.parametrize("rows", [[], [{}] * 5_001, "x", None])
async def test_a_request_holds_one_to_5000_rows(county, rows):
    answer = await county.post("/api/v1/supply", json={"rows": rows})
    assert answer.status_code == 422


async def test_a_county_out_of_reach_looks_absent(county):
    for code in (ref.XINJI, "139999"):
        answer = await post(county, line(), line(county=code))
        assert answer.status_code == 404
        assert answer.json()["pointer"] == "/rows/1/county"


@pytest.mark.parametrize(
    "who",
    [
        {"role": "county", "department": "ecology"},
        {"role": "county"},
        {"role": "collector"},
        {"role": "auditor", "area": "130000"},
        {"role": "township", "department": "agriculture"},
    ],
)
async def test_agriculture_declares_and_nobody_else(app, database, who):
    client = await people.signed_in(app, await people.make_account(database, **who))
    assert (await post(client, line())).status_code == 403


async def test_strangers_must_sign_in(app):
    assert (await post(people.browser(app), line())).status_code == 401


async def test_a_replaced_row_gives_its_mass_back(province, database):
    wrong = line(county=ref.XINJI, on="2026-07-01", units=100_000)
    right = line(county=ref.XINJI, on="2026-07-31", units=100, replaces=wrong["id"])
    void = line(
        county=ref.XINJI, units=0, unit_weight_g=None, replaces=right["id"], on="2026-07-31"
    )
    july = (ref.XINJI, date(2026, 7, 1), "A"), (ref.XINJI, date(2026, 7, 31), "A")
    for row, expected in ((wrong, (1_400_000, 0)), (right, (0, 1_400)), (void, (0, 0))):
        assert (await post(province, row)).status_code == 201
        await catch_up(database, [SUPPLY])
        sums = await days(database)
        assert tuple(sums.get(day, 0) for day in july) == expected


async def test_a_row_and_its_replacement_may_come_together(county):
    wrong = line()
    right = line(replaces=wrong["id"])
    assert (await post(county, wrong, right)).json()["recorded"] == 2
    assert (await post(county, wrong, right)).status_code == 200


async def test_a_row_is_replaced_once(county):
    wrong = line()
    right = line(replaces=wrong["id"])
    await post(county, wrong, right)
    answer = await post(county, line(replaces=wrong["id"]))
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/supply-row-replaced"
    assert answer.json()["replaced_by"] == right["id"]


async def test_only_a_row_of_the_same_county_that_stands_can_be_replaced(county, province):
    elsewhere = line(county=ref.XINJI)
    await post(province, elsewhere)
    unseen = await post(county, line(replaces=elsewhere["id"]))
    assert unseen.status_code == 404
    assert unseen.json()["pointer"] == "/rows/0/replaces"
    assert (await post(province, line(replaces=elsewhere["id"]))).status_code == 422
    assert (await post(county, line(replaces="nothing"))).status_code == 404
    assert (await post(county, line(id="own", replaces="own"))).status_code == 404


async def test_many_rows_become_several_events_in_one_transaction(province, database):
    rows = [
        line(registration="PD20172225", spec="聚酯瓶 250 mL", dealer=ref.SHOP) for _ in range(5_000)
    ]
    answer = await post(province, *rows)
    assert answer.status_code == 201, answer.text
    events = answer.json()["events"]
    assert answer.json()["recorded"] == 5_000
    assert len(events) > 10
    async with database.read() as session:
        longest = await session.scalar(
            select(func.max(func.octet_length(Event.leaf))).where(Event.id.in_(events))
        )
    assert 60_000 < longest <= 65_535
    before = await count(database), await count(database, Event)
    assert (await post(province, *rows[:4_999], line(county="139999"))).status_code == 404
    assert (await post(province, *rows)).status_code == 200
    assert (await count(database), await count(database, Event)) == before


async def test_rows_that_fit_one_leaf_cost_the_same_queries_however_many(app, county):
    engine = app.state.database.engine.sync_engine
    costs = []
    for rows in ([line()], [line() for _ in range(200)]):
        seen = []

        def note(*about, seen=seen):
            seen.append(about[2])

        event.listen(engine, "before_cursor_execute", note)
        try:
            assert len((await post(county, *rows)).json()["events"]) == 1
        finally:
            event.remove(engine, "before_cursor_execute", note)
        costs.append(len(seen))
    # session, counties, standing rows; event, unsequenced, rows
    assert costs == [6, 6]


async def test_a_declare_event_takes_the_same_rows_and_counts_each_once(county, database):
    rows = [line(unit_weight_g=2.5), line()]

    def declared(*rows):
        now = datetime.now(UTC)
        return {
            "id": str(uuid7(SYSTEM, now)), "kind": "declare", "occurred_at": now.isoformat(),
            "subject": "supply", "rows": list(rows),
        }  # fmt: skip

    body = declared(*rows)
    assert (await county.post("/api/v1/events", json=body)).status_code == 201
    assert (await county.post("/api/v1/events", json=body)).status_code == 200
    sent_again = (await post(county, *rows)).json()
    assert sent_again == {"recorded": 0, "duplicate": 2, "events": [body["id"]]}
    again = await county.post("/api/v1/events", json=declared(line(), rows[0]))
    assert again.status_code == 409
    assert again.json()["pointer"] == "/rows/1/id"
    elsewhere = await county.post("/api/v1/events", json=declared(line(county=ref.XINJI)))
    assert elsewhere.status_code == 404
    heavy = await county.post("/api/v1/events", json=declared(line(unit_weight_g=500_000)))
    assert heavy.status_code == 422
    assert heavy.json()["errors"][0]["pointer"] == "/rows/0/unit_weight_g"


async def test_offices_that_send_one_file_at_once_record_it_once(county, database):
    rows = [line() for _ in range(20)]
    answers = await asyncio.gather(*(post(county, *rows) for _ in range(8)))
    assert sorted(a.status_code for a in answers) == [200] * 7 + [201]
    assert sum(a.json()["recorded"] for a in answers) == 20


async def test_two_replacements_at_once_leave_one(county):
    wrong = line()
    await post(county, wrong)
    answers = await asyncio.gather(*(post(county, line(replaces=wrong["id"])) for _ in range(6)))
    assert sorted(a.status_code for a in answers) == [201] + [409] * 5


async def test_the_list_pages_by_day_within_reach(county, province):
    mine = [line(on=f"2019-03-{day:02}") for day in (3, 1, 2)]
    await post(province, *mine, line(county=ref.XINJI, on="2019-03-02"))
    path = f"/api/v1/supply?from=2019-03-01&to=2019-03-31&county={ref.LUQUAN}&limit=2"
    first = (await county.get(path)).json()
    rest = (await county.get(f"{path}&cursor={first['next_cursor']}")).json()
    shown = first["items"] + rest["items"]
    assert [item["on"] for item in shown] == ["2019-03-01", "2019-03-02", "2019-03-03"]
    assert rest["next_cursor"] is None
    assert (shown[0]["unit_weight_g"], shown[0]["mass_g"]) == (14, 14_000)
    everywhere = "/api/v1/supply?from=2019-03-01&to=2019-03-31"
    assert len((await county.get(everywhere)).json()["items"]) == 3
    assert len((await province.get(everywhere)).json()["items"]) == 4
    assert (await county.get(f"{everywhere}&cursor=x")).status_code == 422


async def test_a_replaced_row_names_its_replacement(county):
    wrong = line(on="2018-05-05")
    right = line(on="2018-05-06", replaces=wrong["id"])
    await post(county, wrong, right)
    items = (await county.get("/api/v1/supply?from=2018-05-05&to=2018-05-06")).json()["items"]
    assert [(i["replaces"], i["replaced_by"]) for i in items] == [
        (None, right["id"]), (wrong["id"], None),
    ]  # fmt: skip


async def test_the_follower_restarted_ends_where_it_was_and_where_the_rows_are(database):
    await catch_up(database, [SUPPLY])
    before = await days(database)
    await restart(database, SUPPLY)
    assert await days(database) == {}
    await catch_up(database, [SUPPLY])
    assert await days(database) == before
    async with database.read() as session:
        standing = await session.execute(
            text(
                "SELECT county, on_day, method, sum(mass_g) FROM supply_row AS r WHERE NOT EXISTS"
                " (SELECT FROM supply_row AS l WHERE l.replaces = r.id) GROUP BY 1, 2, 3"
            )
        )
        assert {tuple(key): int(mass) for *key, mass in standing if mass} == before
