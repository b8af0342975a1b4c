"""Declaring reference data through the API: dated, checked, in the log."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from app.ids import SYSTEM, uuid7
from app.parties.models import ListedUnit
from tests.world import ANXIN, LUQUAN, PLANT, make_world


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


def declaration(subject, *rows):
    now = datetime.now(UTC)
    return {
        "id": str(uuid7(SYSTEM, now)),
        "kind": "declare",
        "occurred_at": now.isoformat(),
        "subject": subject,
        "rows": list(rows),
    }


async def declare(world, who, body):
    return await world.client(who).post("/api/v1/events", json=body)


COUNTY = {
    "code": LUQUAN,
    "name": "鹿泉区",
    "pinyin": "luquanqu",
    "kind": "district",
    "parent": "130100",
    "valid_from": "2026-01-01",
}
WEIGHT = {
    "material": "pet",
    "form": "bottle",
    "size": "lt200ml",
    "weight_mg": 15000,
    "source": "抽样",
}


@pytest.mark.parametrize(
    ("subject", "rows", "status", "pointer"),
    [
        ("areas", [{**COUNTY, "code": "139999"}], 404, "/rows/0/code"),
        ("areas", [{**COUNTY, "parent": "139900"}], 404, "/rows/0/parent"),
        ("areas", [{k: v for k, v in COUNTY.items() if k != "parent"}], 422, "/rows/0/parent"),
        ("areas", [{**COUNTY, "valid_to": "2025-01-01"}], 422, "/rows/0"),
        ("pilots", [{"county": "139999", "valid_from": "2026-01-01"}], 404, "/rows/0"),
        ("unit_weights", [WEIGHT, WEIGHT], 422, "/rows/1"),
        ("unit_weights", [{**WEIGHT, "material": "gold"}], 422, "/rows/0"),
        ("unit_weights", [{**WEIGHT, "weight_mg": 0}], 422, "/rows/0/weight_mg"),
        ("resource_units", [{"site": "130110-R9999", "valid_from": "2026-01-01"}], 404, "/rows/0"),
        ("coefficients", [{}], 422, "/subject"),
    ],
)
async def test_a_declaration_that_does_not_fit_names_the_row(world, subject, rows, status, pointer):
    answer = await declare(world, "province", declaration(subject, *rows))
    assert answer.status_code == status, answer.text
    problem = answer.json()
    assert pointer == problem.get("pointer") or pointer in [
        error["pointer"] for error in problem.get("errors", [])
    ]


async def test_a_county_reports_to_one_area_at_a_time(world):
    moved = {**COUNTY, "parent": "133100", "valid_from": "2026-07-01"}
    assert (await declare(world, "province", declaration("areas", moved))).status_code == 201
    client = world.client("province")
    areas = {}
    for on in ("2026-06-30", "2026-07-01"):
        page = (await client.get(f"/api/v1/counties?on={on}&limit=500")).json()["items"]
        areas[on] = next(c["area"] for c in page if c["code"] == LUQUAN)
    assert areas == {"2026-06-30": "130100", "2026-07-01": "133100"}


async def test_a_pilot_is_designated_from_a_day_on(world):
    body = declaration("pilots", {"county": ANXIN, "valid_from": "2026-03-01"})
    assert (await declare(world, "county", body)).status_code == 403
    answer = await declare(world, "province", body)
    assert answer.status_code == 201
    assert (await declare(world, "province", body)).status_code == 200
    client = world.client("province")
    for on, expected in (("2026-02-28", False), ("2026-03-01", True)):
        page = (await client.get(f"/api/v1/counties?on={on}&limit=500")).json()["items"]
        assert next(c["pilot"] for c in page if c["code"] == ANXIN) is expected


async def test_the_list_of_units_decides_who_may_reuse_that_day(world, database):
    async with database.read() as session:
        since = await session.scalar(select(ListedUnit.valid_from).where(ListedUnit.site == PLANT))
    [bag] = await world.issue_labels(1)
    await world.event("collect", bag, mass_g=5_000)
    await world.event("arrive", bag, site=PLANT, mass_g=5_000)
    body = world.body("dispose", bag, site=PLANT)
    listed = {"site": PLANT, "valid_from": since.isoformat()}
    struck = declaration("resource_units", {**listed, "valid_to": since.isoformat()})
    assert (await declare(world, "province", struck)).status_code == 201
    refused = await world.post(body)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/unit-not-listed")
    assert (
        await declare(world, "province", declaration("resource_units", listed))
    ).status_code == 201
    assert (await world.post(body)).status_code == 201
