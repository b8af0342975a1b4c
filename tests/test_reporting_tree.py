"""Who reports to whom changes on a day: before it nothing moves, and a county is counted once."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from app.areas.models import CountyArea
from app.areas.read import list_counties, today
from app.areas.scope import counties_of
from app.ids import uuid7
from tests.world import LUQUAN, World, make_world

CITY, OTHER_CITY = "130100", "130600"
OWN = {"code": LUQUAN, "name": "鹿泉区", "pinyin": "luquanqu", "kind": "district"}


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


async def declare(world: World, *rows: dict) -> tuple[int, dict]:
    now = datetime.now(UTC)
    body = {
        "id": str(uuid7(world.rng, now)), "kind": "declare", "occurred_at": now.isoformat(),
        "subject": "areas", "rows": list(rows),
    }  # fmt: skip
    answer = await world.client("province").post("/api/v1/events", json=body)
    return answer.status_code, answer.json()


def areas_in(world: World):
    return world.client("city").get("/api/v1/sites", params={"county": LUQUAN})


async def test_the_tree_changes_on_its_day_and_not_before(world: World):
    before = (await areas_in(world)).json()
    assert before["items"]
    day = today() + timedelta(days=30)
    row = {**OWN, "parent": OTHER_CITY, "valid_from": day.isoformat()}
    assert (await declare(world, row))[0] == 201
    assert (await areas_in(world)).json() == before, "a city sees its county until that day"
    async with world.database.read() as session:
        assert LUQUAN in await counties_of(session, CITY)
        assert LUQUAN not in await counties_of(session, OTHER_CITY)
        for on, area in ((day - timedelta(days=1), CITY), (day, OTHER_CITY)):
            found = {c.county.code: c.area for c in await list_counties(session, on, limit=10)}
            assert found[LUQUAN] == area

    # Refused: these days belong to another membership already.
    inside = (today() - timedelta(days=400)).isoformat()
    for wrong in (
        {**OWN, "parent": OTHER_CITY, "valid_from": "1970-01-01"},
        {**OWN, "parent": OTHER_CITY, "valid_from": inside},
    ):
        status, problem = await declare(world, wrong)
        assert (status, problem["errors"][0]["pointer"]) == (422, "/rows/0/valid_to")

    # Within one membership a shorter one ends it, and each day has one area.
    short = {**OWN, "parent": OTHER_CITY, "valid_from": inside, "valid_to": today().isoformat()}
    assert (await declare(world, short))[0] == 201
    async with world.database.read() as session:
        spans = (
            await session.scalars(
                select(CountyArea)
                .where(CountyArea.county == LUQUAN)
                .order_by(CountyArea.valid_from)
            )
        ).all()
    ends = [span.valid_to or date.max for span in spans]
    assert all(end < later.valid_from for end, later in zip(ends, spans[1:], strict=False))


async def test_an_area_reports_to_the_province_alone(world: World):
    for code, parent in (("139901", "139902"), ("139901", "139901"), ("139901", None)):
        row = {"code": code, "name": "新区", "pinyin": "xinqu", "kind": "new_area"}
        row |= {"parent": parent, "valid_from": "2026-01-01"}
        status, problem = await declare(world, row, {**row, "code": "139902", "parent": "130000"})
        assert (status, problem["errors"][0]["pointer"]) == (422, "/rows/0/parent")
