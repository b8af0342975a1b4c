"""押金: taken at sale, given back once at any shop, and what that makes a county owe."""

import pytest
from sqlalchemy import select

from app.alerts.running import AlertMonth
from app.ledger.follow import restart
from app.money.follow import MONEY
from app.money.models import DepositSold, Payable, UnitReturn
from tests.moneying import BOTTLE, DEPOSIT, caught_up, sale, unit, with_tariffs
from tests.test_trips import problem
from tests.world import FAR_POINT, OTHER_POINT, POINT, STATION, World, make_world


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    await with_tariffs(made, BOTTLE, DEPOSIT)
    yield made
    await made.close()


async def rows(world: World, table):
    async with world.database.read() as session:
        found = await session.execute(select(table.__table__))
        return sorted((dict(row) for row in found.mappings()), key=repr)


async def returned(world: World, code: str, **fields):
    [bag] = await world.issue_labels(1, site=fields.get("site", POINT))
    return await world.event("hand_in", bag, unit_codes=[code], **fields)


async def given_back(world: World, code: str):
    await caught_up(world)
    async with world.database.read() as session:
        found = await session.scalars(
            select(UnitReturn).where(UnitReturn.code == code).order_by(UnitReturn.leaf_index)
        )
        return [(str(one.event), one.fen, one.why) for one in found]


async def due(world: World, event: str):
    await caught_up(world)
    async with world.database.read() as session:
        found = await session.scalars(select(Payable).where(Payable.event == event))
        return {(one.scheme, one.payee): one.fen for one in found}


async def test_a_deposit_is_owed_by_who_took_it_and_due_to_who_gave_it_back(world: World):
    code = unit(world)
    sold = await sale(world, code, 150)
    assert await due(world, sold["id"]) == {("deposit_taken", POINT): -150}
    back = await returned(world, f"http://zhuisu.example/c?c={code}", site=OTHER_POINT)
    assert await due(world, back["id"]) == {("deposit_refund", OTHER_POINT): 150}


async def test_a_unit_that_comes_back_twice_is_recorded_flagged_and_not_paid(world: World):
    code = unit(world)
    await sale(world, code)
    first = await returned(world, code)
    again = await returned(world, code, site=OTHER_POINT)
    assert await given_back(world, code) == [
        (first["id"], 100, None),
        (again["id"], 0, "returned-before"),
    ]
    assert await due(world, again["id"]) == {}
    alerts = (await world.client("county").get("/api/v1/alerts?rule=repeated-unit-code")).json()
    assert code in [one["subject"] for one in alerts["items"]]  # fmt: skip


async def test_the_till_that_was_late_makes_it_payable_and_a_sale_that_was_none_takes_it_back(
    world: World,
):
    code = unit(world)
    on = world.tick()
    back = await returned(world, code)
    assert await given_back(world, code) == [(back["id"], 0, "no-deposit")]
    sold = await sale(world, code, at=on)
    assert await given_back(world, code) == [(back["id"], 100, None)]
    undo = {
        "id": world.body("hand_in")["id"], "kind": "correct", "corrects": sold["id"],
        "reason": "did_not_occur", "note": "退货了",
    }  # fmt: skip
    answer = await world.client("county").post("/api/v1/events", json=undo)
    assert answer.status_code == 201, answer.text
    assert await given_back(world, code) == [(back["id"], 0, "no-deposit")]
    assert await due(world, sold["id"]) == {}  # fmt: skip


async def test_a_hand_in_that_was_none_lets_the_next_one_be_paid(world: World):
    code = unit(world)
    await sale(world, code)
    first = await returned(world, code)
    second = await returned(world, code, site=OTHER_POINT)
    assert [fen for _, fen, _ in await given_back(world, code)] == [100, 0]
    undo = {
        "id": world.body("hand_in")["id"], "kind": "correct", "corrects": first["id"],
        "reason": "did_not_occur", "note": "登错了",
    }  # fmt: skip
    answer = await world.client("county").post("/api/v1/events", json=undo)
    assert answer.status_code == 201, answer.text
    assert await given_back(world, code) == [(second["id"], 100, None)]
    assert await due(world, first["id"]) == {}
    assert await due(world, second["id"]) == {("deposit_refund", OTHER_POINT): 100}


async def test_two_sales_under_one_code_are_both_owed_and_one_is_given_back(world: World):
    """Some makers print one code a batch."""
    code = unit(world)
    one, other = await sale(world, code), await sale(world, code, 120)
    back = await returned(world, code)
    assert await given_back(world, code) == [(back["id"], 100, None)]
    assert await due(world, one["id"]) | await due(world, other["id"]) == {
        ("deposit_taken", POINT): -120
    }
    assert (await due(world, one["id"]))["deposit_taken", POINT] == -100


async def test_what_came_back_before_the_day_of_the_sale_was_another_bottle(world: World):
    code = unit(world)
    back = await returned(world, code)
    await sale(world, code, at=world.tick(days=1))
    assert await given_back(world, code) == [(back["id"], 0, "before-sale")]


@pytest.mark.parametrize(
    ("changed", "status", "name", "pointer"),
    [
        ({"unit_code": "12345"}, 422, "invalid-body", "/unit_code"),
        ({"unit_code": "9" * 32}, 422, "invalid-body", "/unit_code"),
        ({"unit_code": f"{'12208841' * 4} {'12208841' * 4}"}, 422, "invalid-body", "/unit_code"),
        (
            {"unit_code": f"郑单958\n种业\n{'12208841' * 4}\na.cn"},
            422,
            "invalid-body",
            "/unit_code",
        ),
        ({"fen": 0}, 422, "invalid-body", "/fen"),
        ({"fen": 1.5}, 422, "invalid-body", "/fen"),
        ({"fen": "100"}, 422, "invalid-body", "/fen"),
        ({"site": FAR_POINT}, 404, "not-found", "/site"),
        ({"batches": []}, 422, "invalid-body", "/batches"),
        ({"occurred_at": "2099-01-01T00:00:00+08:00"}, 422, "time-out-of-range", "/occurred_at"),
    ],
)
async def test_a_sale_that_does_not_fit_is_told_where(world: World, changed, status, name, pointer):
    body = world.body("deposit_sale", unit_code=unit(world), fen=100)
    del body["batches"]
    answer = await world.post(body | changed, by="collector")
    told = problem(answer, status, name)
    assert pointer in [told.get("pointer"), *(e["pointer"] for e in told.get("errors", []))]


async def test_two_codes_in_one_field_are_no_unit_that_was_not_handed_back_yet(world: World):
    one, other = unit(world), unit(world)
    for code in (one, other):
        await sale(world, code)
        await returned(world, code)
    for both in (f"{one} {other}", one + other, f"{one}\n{other}"):
        back = await returned(world, both)
        assert back["unit_codes"] == [both.strip()]
        assert await due(world, back["id"]) == {}
        asked = await world.client("keeper").get("/api/v1/deposits", params={"unit_code": both})
        problem(asked, 422, "invalid-query")
        body = world.body("deposit_sale", unit_code=both, fen=100)
        del body["batches"]
        told = problem(await world.post(body), 422, "invalid-body")
        assert "像是两个码连在一起" in told["errors"][0]["detail"]
    async with world.database.read() as session:
        codes = set(await session.scalars(select(UnitReturn.code)))
    assert not {code for code in codes if len(code) > len(one)}


async def test_a_station_takes_no_deposits(world: World):
    body = world.body("deposit_sale", unit_code=unit(world), fen=100, site=STATION)
    del body["batches"]
    problem(await world.post(body, by="keeper"), 403, "forbidden")


async def test_a_till_sends_its_day_at_once_and_again(world: World):
    codes = [unit(world) for _ in range(30)]
    bodies = [world.body("deposit_sale", unit_code=code, fen=100) for code in codes]
    for body in bodies:
        del body["batches"]
    for outcome in ("recorded", "duplicate"):
        queue = {"device": {"id": "till"}, "events": bodies}
        answer = (await world.client("collector").post("/api/v1/capture", json=queue)).json()
        assert {item["outcome"] for item in answer["items"]} == {outcome}
    changed = bodies[0] | {"fen": 200}
    problem(await world.post(changed), 409, "event-id-reused")
    await caught_up(world)
    async with world.database.read() as session:
        kept = await session.scalars(select(DepositSold.code).where(DepositSold.code.in_(codes)))
        assert sorted(kept) == sorted(codes)


async def test_begun_again_from_the_first_leaf_the_follower_ends_where_it_was(world: World):
    await caught_up(world)
    before = [await rows(world, table) for table in MONEY.tables]
    assert all(before)
    await restart(world.database, MONEY)
    assert not await rows(world, Payable)
    await caught_up(world)
    assert [await rows(world, table) for table in MONEY.tables] == before


async def test_a_sale_has_a_page_and_none_of_the_forms_for_bags(world: World):
    sold = await sale(world, unit(world))
    for by in ("collector", "county"):
        client = world.client(by)
        page = await client.get(f"/events/{sold['id']}", headers={"accept": "text/html"})
        assert page.status_code == 200, page.text
        assert "押金销售" in page.text
        for path in (f"/record/correct/{sold['id']}", "/record/deposit_sale"):
            answer = await client.get(path, headers={"accept": "text/html"})
            assert answer.status_code == 404, (path, answer.status_code)
    await caught_up(world)
    asked = {"unit_code": f"http://zhuisu.example/c?c={sold['unit_code']}"}
    found = (await world.client("keeper").get("/api/v1/deposits", params=asked)).json()
    assert found == {"unit_code": sold["unit_code"], "fen": 100, "returned": 0, "refundable": True}
    wrong = await world.client("keeper").get("/api/v1/deposits", params={"unit_code": "1"})
    assert wrong.status_code == 422


async def test_what_a_till_sells_is_no_sign_that_a_point_takes_anything_back(world: World):
    await returned(world, unit(world))
    for _ in range(12):
        await sale(world, unit(world))
    home = (await world.client("collector").get("/", headers={"accept": "text/html"})).text
    latest = home.split('id="latest"')[1]
    assert "交回" in latest
    assert "押金销售" not in latest
    await caught_up(world)
    await sale(world, unit(world), site=FAR_POINT)
    await caught_up(world)
    async with world.database.read() as session:
        far = select(AlertMonth.told).where(AlertMonth.site == FAR_POINT)
        assert not list(await session.scalars(far))
