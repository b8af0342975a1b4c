"""交回 by weight alone: what kinds came in is said, how many pieces is not."""

import pytest
from sqlalchemy import func, select

from app.balance.models import Posting
from tests.world import BOTTLES, make_world

UNCOUNTED = {**BOTTLES, "pieces": 0}
POTS = {**BOTTLES, "material": "pe"}


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


async def test_the_weight_counts_and_the_kinds_are_told(world):
    [code] = await world.issue_labels(1)
    await world.event("hand_in", code)
    made = await world.event(
        "hand_in", code, mass_g=2_300, contents=[UNCOUNTED, {**POTS, "pieces": 0}]
    )
    bag = (await world.client("collector").get(f"/api/v1/batches/{code}")).json()
    assert bag["mass_g"] == 450 + 2_300
    assert {line["material"]: line["pieces"] for line in bag["contents"]} == {"pet": 30, "pe": 0}
    await world.event("collect", code, mass_g=2_750)
    custody = (await world.client("collector").get(f"/api/v1/batches/{code}/custody")).json()
    assert custody["balance"]["held_g"] == 2_750
    page = (await world.client("collector").get(f"/batches/{code}")).text
    assert "未点件" in page
    receipt = (await world.client("collector").get(f"/record/done/{made['id']}")).text
    assert "0</b> 件" not in receipt


@pytest.mark.parametrize(
    ("mass", "lines", "pointer"),
    [
        ({}, [UNCOUNTED], "/contents/0/pieces"),
        ({"mass_g": 900}, [BOTTLES, {**POTS, "pieces": 0}], "/contents/1/pieces"),
        ({"mass_g": 900}, [{**BOTTLES, "pieces": -1}], "/contents/0/pieces"),
    ],
)
async def test_pieces_are_counted_in_every_line_or_the_whole_is_weighed(
    world, mass, lines, pointer
):
    [code] = await world.issue_labels(1)
    answer = await world.post(world.body("hand_in", code, contents=lines, **mass))
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_the_whole_of_a_scope_that_was_not_counted_stays_in_it(world):
    [code] = await world.issue_labels(1)
    film = {**UNCOUNTED, "scope": "film"}
    await world.event("hand_in", code, mass_g=1_000, contents=[film])
    await world.event("collect", code, mass_g=1_200)
    async with world.database.read() as session:
        rows = await session.execute(
            select(Posting.origin, func.sum(Posting.mass_g))
            .where(Posting.batch_code == code, Posting.from_account == "field")
            .group_by(Posting.origin)
        )
        origins = dict(rows.all())
    assert [(origin.endswith("film"), grams) for origin, grams in origins.items()] == [
        (True, 1_200)
    ]
