"""What areas ask of transport: declared by ecology's officials, from a day to come, and kept."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.auth.sessions import COOKIE, open_session
from app.ids import uuid7
from app.ledger.follow import catch_up
from app.main import FOLLOWERS
from tests import reference as ref
from tests.people import browser, make_account
from tests.recording import UNLISTED, make_wide_world
from tests.test_declare import declaration
from tests.test_trips import TRIPS, problem, sealed
from tests.world import World

LIST = "/api/v1/transport-policies"
PAGE = "/transport-policies"
TODAY = datetime.now(ZoneInfo("Asia/Shanghai")).date()
TOMORROW = TODAY + timedelta(days=1)
ROW = {
    "area": "130100", "valid_from": TOMORROW.isoformat(), "unlisted_recycler": "internal",
    "expired_permit": "hazardous", "cement_kiln": "hazardous", "deliver_within_h": 24,
    "confirm_workdays": 3, "difference_permille": 25, "difference_g": 10_000,
    "document": "冀环固体〔2026〕12号",
}  # fmt: skip
FORM = {
    **{k: v for k, v in ROW.items() if not k.startswith("difference")},
    "deliver_within_h": "24", "confirm_workdays": "3", "difference_percent": "2.5",
    "difference_kg": "10",
}  # fmt: skip


@pytest.fixture(scope="module")
async def world(database):
    made = await make_wide_world(database)
    for name, role, area in (("eco_city", "city", "130100"), ("eco", "province", "130000")):
        account = await make_account(database, role, area=area, department="ecology")
        async with database.write() as session:
            secret = await open_session(session, account.id, now=datetime.now(UTC), hours=12)
        made.clients[name] = browser(made.app, cookie=f"{COOKIE}={secret}")
    yield made
    await made.close()


async def declare(world: World, by: str, **changed):
    body = declaration("transport_policies", ROW | changed)
    return await world.client(by).post("/api/v1/events", json=body)


async def in_force(world: World, county: str, on: date) -> dict:
    answer = await world.client("keeper").get(LIST, params={"county": county, "on": on.isoformat()})
    assert answer.status_code == 200, answer.text
    [found] = answer.json()["items"]
    return found


async def test_where_nobody_decided_anything_the_platforms_own_stands_and_says_so(world: World):
    found = await in_force(world, ref.ANXIN, TODAY)
    assert (found["area"], found["assumed"], found["event_id"]) == ("130000", True, None)
    assert (found["deliver_within_h"], found["confirm_workdays"]) == (48, 5)


async def test_a_declared_policy_holds_from_its_day_on_and_leads_to_its_leaf(world: World):
    answer = await declare(world, "eco_city")
    assert answer.status_code == 201, answer.text
    assert (await in_force(world, ref.LUQUAN, TODAY))["assumed"] is True
    found = await in_force(world, ref.LUQUAN, TOMORROW)
    assert {key: found[key] for key in ROW} == ROW
    assert found["event_id"] == answer.json()["id"]
    assert (await in_force(world, ref.ANXIN, TOMORROW))["assumed"] is True, "of another area"
    rows = (await world.client("auditor").get(LIST)).json()["items"]
    assert [r["standing"] for r in rows if r["area"] == "130100"] == ["to_come"]


async def test_a_nearer_area_and_a_later_word_come_first_and_none_is_lost(world: World):
    week = TODAY + timedelta(days=7)
    for by, changed in (
        ("eco", {"area": "130000", "deliver_within_h": 12}),
        ("eco", {"area": ref.LUQUAN, "deliver_within_h": 6, "valid_from": week.isoformat(),
                 "valid_to": (week + timedelta(days=2)).isoformat()}),
        ("eco_city", {"deliver_within_h": 20}),  # the same day once more: the last word holds
    ):  # fmt: skip
        assert (await declare(world, by, **changed)).status_code == 201

    async def hours(county: str, on: date) -> int:
        return (await in_force(world, county, on))["deliver_within_h"]

    assert [await hours(ref.ANXIN, day) for day in (TODAY, TOMORROW)] == [48, 12]
    days = [TOMORROW, week - timedelta(days=1), week, week + timedelta(days=3)]
    assert [await hours(ref.LUQUAN, day) for day in days] == [20, 20, 6, 20]


@pytest.mark.parametrize(
    ("changed", "status", "pointer"),
    [
        ({"valid_from": TODAY.isoformat()}, 422, "/rows/0/valid_from"),
        ({"valid_from": "2020-10-01"}, 422, "/rows/0/valid_from"),
        ({"valid_to": TODAY.isoformat()}, 422, "/rows/0"),
        ({"area": "130000"}, 404, "/rows/0/area"),
        ({"area": "133100"}, 404, "/rows/0/area"),
        ({"area": "139999"}, 404, "/rows/0/area"),
        ({"confirm_workdays": 6}, 422, "/rows/0/confirm_workdays"),
        ({"deliver_within_h": 0}, 422, "/rows/0/deliver_within_h"),
        ({"cement_kiln": "maybe"}, 422, "/rows/0/cement_kiln"),
        ({"document": " "}, 422, "/rows/0/document"),
    ],
)
async def test_a_policy_that_does_not_fit_is_told_where(world: World, changed, status, pointer):
    before = (await world.client("eco").get(LIST)).json()
    told = problem(await declare(world, "eco_city", **changed), status,
                   "not-found" if status == 404 else "invalid-body")  # fmt: skip
    assert pointer in [told.get("pointer"), *(e["pointer"] for e in told.get("errors", []))]
    assert (await world.client("eco").get(LIST)).json() == before


async def test_a_backdated_clock_does_not_reach_into_the_past(world: World):
    """`occurred_at` is the client's: what counts is when the platform was told."""
    at = datetime.now(UTC) - timedelta(days=400)
    body = declaration("transport_policies", ROW | {"valid_from": "2026-01-01"})
    body["occurred_at"] = at.isoformat()
    answer = await world.client("eco_city").post("/api/v1/events", json=body)
    assert problem(answer, 422, "invalid-body")["errors"][0]["pointer"] == "/rows/0/valid_from"


async def test_what_has_left_is_judged_by_what_held_when_it_left(world: World):
    """The policy changes while the truck is on the road: its leg, its term and its flags stay."""
    [bag] = await sealed(world)
    departed = await world.event("depart", bag, destination=UNLISTED)
    path = f"{TRIPS}/{departed['trip']}"
    before = (await world.client("province").get(path)).json()
    assert before["regime"] == "hazardous"
    assert (await declare(world, "eco_city", deliver_within_h=500)).status_code == 201
    await catch_up(world.database, FOLLOWERS)
    assert (await world.client("province").get(path)).json() == before


# ---- the page


async def test_the_form_declares_once_however_often_it_is_sent(world: World):
    client = world.client("eco_city")
    form = FORM | {"id": str(uuid7(world.rng, datetime.now(UTC))), "deliver_within_h": "36"}
    for _ in range(2):
        answer = await client.post(f"{PAGE}/new", data=form)
        assert (answer.status_code, answer.headers.get("location")) == (303, f"{PAGE}?done=true")
    events = (await client.get("/api/v1/events/" + form["id"])).json()
    assert events["rows"][0]["deliver_within_h"] == 36
    page = (await client.get(f"{PAGE}?done=true")).text
    assert "已登记" in page
    assert "36 小时内" in page
    assert "2.5 %" in page


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"area": ""}, "请选择哪个地区"),
        ({"area": "133100"}, "133100"),
        ({"valid_from": ""}, "请填从哪一天起施行"),
        ({"valid_from": TODAY.isoformat()}, "最早从明天起施行"),
        ({"valid_to": "2026-01-01"}, "截止日期早于开始日期"),
        ({"cement_kiln": ""}, "请选择"),
        ({"deliver_within_h": "两天"}, "请填 1 至 720 的整数"),
        ({"confirm_workdays": "6"}, "请填 1 至 5 的整数"),
        ({"difference_percent": "2.55"}, "最多一位小数"),
        ({"difference_percent": ""}, "请填百分数"),
        ({"difference_kg": ""}, "请填千克数"),
        ({"document": ""}, "请填文号"),
    ],
)
async def test_a_form_that_does_not_fit_says_so_at_its_field_and_keeps_what_was_typed(
    world: World, changed, sentence
):
    form = FORM | {"id": str(uuid7(world.rng, datetime.now(UTC)))} | changed
    answer = await world.client("eco_city").post(f"{PAGE}/new", data=form)
    assert answer.status_code in (404, 422)
    assert sentence in answer.text
    assert form["id"] in answer.text
    if form["document"]:
        assert form["document"] in answer.text


async def test_the_form_begins_with_what_holds_and_fetches_that_of_another_area(world: World):
    page = (await world.client("eco").get(f"{PAGE}/new")).text
    assert 'value="48"' in page
    answer = await world.client("eco").post(
        f"{PAGE}/new", data={"area": "130100", "fetch": "1", "document": "冀环〔2026〕9号"}
    )
    assert answer.status_code == 200
    assert 'value="48"' in answer.text, "what is to come does not hold yet"
    assert "冀环〔2026〕9号" in answer.text


async def test_everyone_reads_what_holds_and_only_who_may_is_offered_the_form(world: World):
    for by in ("collector", "carrier", "county", "province", "auditor"):
        page = (await world.client(by).get(PAGE)).text
        assert "运输管理规定" in page
        assert "登记新规定" not in page
    assert "登记新规定" in (await world.client("eco").get(PAGE)).text
    assert "您所在的县现在适用" in (await world.client("keeper").get(PAGE)).text
