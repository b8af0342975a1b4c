"""A run is announced on a page: by whom, with which stops and times, and who then sees it."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.ids import uuid7
from tests import reference as ref
from tests.recording import FAR_STATION, HAZARDOUS, make_wide_world
from tests.test_trips import TRIPS, announce, sealed, trip_of
from tests.world import FAR_POINT, INCINERATOR, VEHICLE, World

POINT, OTHER_POINT, STATION, PLANT = ref.POINT, ref.OTHER_POINT, ref.STATION, ref.PLANT
PAGE = "/trips/new"
SHANGHAI = ZoneInfo("Asia/Shanghai")
TOMORROW = (datetime.now(SHANGHAI) + timedelta(days=1)).date()


@pytest.fixture(scope="module")
async def world(database):
    made = await make_wide_world(database)
    yield made
    await made.close()


def form_of(world: World, *stops: tuple[str, ...], **fields: str) -> dict[str, str]:
    """Return a form; a stop is (origin, destination, hour of loading, hour of delivery)."""
    rows = {}
    for n, stop in enumerate(stops):
        parts = zip(("from", "to", "at", "by"), (*stop, "", "")[:4], strict=True)
        rows |= {f"{part}-{n}": value for part, value in parts}
    return {
        "id": str(uuid7(world.rng, datetime.now(UTC))), "rows": str(len(stops)),
        "day": TOMORROW.isoformat(), "vehicle": VEHICLE, **rows, **fields,
    }  # fmt: skip


async def sent(world: World, form: dict[str, str], by: str = "keeper"):
    return await world.client(by).post(PAGE, data=form)


def chosen(page: str, name: str) -> str | None:
    """Return what a drop-down of a page begins with."""
    box = re.search(rf'<select id="{name}".*?</select>', page, re.DOTALL)
    found = re.search(r'value="([^"]*)" selected', box[0]) if box else None
    return found[1] if found else None


def at(clock: str, day=TOMORROW) -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}:00").replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("by", "name", "site"),
    [("collector", "from-0", POINT), ("keeper", "to-0", STATION), ("plant", "to-0", PLANT)],
)
async def test_the_form_begins_with_the_readers_own_end(world: World, by, name, site):
    page = (await world.client(by).get(PAGE)).text
    assert chosen(page, name) == site


async def test_a_driver_is_offered_the_own_companys_vehicles_and_no_others(world: World):
    page = (await world.client("carrier").get(PAGE)).text
    assert f'value="{VEHICLE}"' in page
    assert "冀AD12345" not in page
    refused = await sent(world, form_of(world, (POINT, STATION), vehicle="冀AD12345"), "carrier")
    assert refused.status_code == 403
    assert "车辆不属于本单位" in refused.text
    assert (await sent(world, form_of(world, (POINT, STATION)), "carrier")).status_code == 303


async def test_a_milk_run_with_three_consignees_is_announced_with_its_times(world: World):
    form = form_of(
        world,
        (POINT, STATION, "8:30", "11:00"), (OTHER_POINT, STATION, "09:15", "11:00"),
        (POINT, HAZARDOUS), (STATION, INCINERATOR, "23:00", "02:30"), (FAR_POINT, STATION),
        driver="王师傅",
    )  # fmt: skip
    answers = [await sent(world, form) for _ in range(2)]
    assert [a.status_code for a in answers] == [303, 303]
    where = answers[0].headers["location"]
    assert where == answers[1].headers["location"], "sent twice, announced once"
    page = await world.client("keeper").get(where)
    assert "已登记这一趟" in page.text
    trip = await trip_of(world, form["id"])
    assert (trip["state"], trip["regime"], trip["drivers"]) == ("open", "hazardous", ["王师傅"])
    times = [
        (leg["origin"]["code"], leg["destination"]["code"],
         *(leg[k] and datetime.fromisoformat(leg[k]) for k in ("pick_up_at", "deliver_at")))
        for leg in trip["legs"]
    ]  # fmt: skip
    assert times == [
        (POINT, STATION, at("08:30"), at("11:00")),
        (OTHER_POINT, STATION, at("09:15"), at("11:00")),
        (POINT, HAZARDOUS, None, None),
        (STATION, INCINERATOR, at("23:00"), at("02:30", TOMORROW + timedelta(days=1))),
        (FAR_POINT, STATION, None, None),
    ]
    assert "次日" not in page.text
    listed = (await world.client("keeper").get(f"{TRIPS}?state=open")).json()["items"]
    [row] = [one for one in listed if one["id"] == form["id"]]
    assert {leg["pick_up_at"] for leg in row["legs"]} == {leg["pick_up_at"] for leg in trip["legs"]}


async def test_a_form_sent_again_with_another_route_is_another_run_and_says_so(world: World):
    form = form_of(world, (POINT, STATION))
    assert (await sent(world, form)).status_code == 303
    other = await sent(world, form | {"from-0": OTHER_POINT})
    assert other.status_code == 409
    assert "这张表已经登记过" in other.text
    fresh = re.search(r'name="id" value="([^"]+)"', other.text)[1]
    assert fresh != form["id"]
    assert (await sent(world, form | {"from-0": OTHER_POINT, "id": fresh})).status_code == 303


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        ({"from-0": ""}, "from-0", "请选择装货的站点"),
        ({"to-0": ""}, "to-0", "请选择运到哪里"),
        ({"from-0": STATION}, "to-0", "目的地不能就是装货的站点"),
        ({"from-0": "130110-P0999"}, "from-0", "130110-P0999"),
        ({"from-0": "乱写"}, "from-0", ""),
        ({"to-0": PLANT}, "from-0", "这一趟里要有本站"),
        ({"vehicle": ""}, "vehicle", "请填写车牌号"),
        ({"vehicle": "拖拉机"}, "vehicle", "不是有效的车牌号"),
        ({"day": "", "at-0": "8:30"}, "day", "请填是哪一天"),
        ({"day": "2026-02-30", "at-0": "8:30"}, "day", "没有这一天"),
        ({"day": "2036-02-03", "at-0": "8:30"}, "at-0", "一年之内"),
        ({"at-0": "八点半"}, "at-0", "请填几点几分"),
        ({"by-0": "24:00"}, "by-0", "请填几点几分"),
        ({"carrier": ref.PLANT_OWNER}, "carrier", "登记在别的单位名下"),
        ({"driver": "长" * 61}, "driver", "至多 60 个字"),
    ],
)
async def test_what_does_not_fit_is_said_at_its_field_and_what_was_typed_stays(
    world: World, changed, field, sentence
):
    form = form_of(world, (POINT, STATION), driver="王师傅") | changed
    answer = await sent(world, form)
    assert answer.status_code in (404, 409, 422)
    assert f'<a href="#{field}">' in answer.text
    assert f'id="{field}-error"' in answer.text or field == "carrier"
    assert sentence in answer.text
    for typed in (form["vehicle"], form["driver"]):
        assert typed in answer.text
    assert (await world.client("province").get(f"{TRIPS}/{form['id']}")).status_code == 404


async def test_rows_are_added_and_another_countys_sites_listed_without_a_script(world: World):
    form = form_of(world, (POINT, STATION, "8:30", ""))
    more = await sent(world, form | {"do": "more"})
    assert more.status_code == 200
    assert [chosen(more.text, f"to-{n}") for n in range(4)] == [STATION] * 4
    assert chosen(more.text, "from-0") == POINT
    assert chosen(more.text, "from-1") is None
    assert 'value="8:30"' in more.text
    there = await sent(world, form | {"do": "county", "county": ref.ANXIN})
    assert FAR_POINT in there.text
    assert FAR_STATION in there.text
    assert chosen(there.text, "from-0") == POINT, "what was chosen stays, with its name"
    empty = form_of(world, (POINT, STATION), ("", STATION), ("", ""), (OTHER_POINT, STATION))
    assert (await sent(world, empty)).status_code == 303, "rows left empty are no stops"
    trip = await trip_of(world, empty["id"])
    assert [leg["origin"]["code"] for leg in trip["legs"]] == [POINT, OTHER_POINT]


@pytest.mark.parametrize("rows", ["0", "-1", "1000000", "x", "９"])
async def test_odd_numbers_of_rows_are_no_fault(world: World, rows):
    answer = await sent(world, form_of(world, (POINT, STATION), rows=rows))
    assert answer.status_code in (303, 422)


async def test_who_waits_sees_the_run_and_loads_it_with_everything_filled_in(world: World):
    form = form_of(world, (POINT, STATION, "9:00", "12:00"), driver="李师傅")
    await sent(world, form)
    number = (await trip_of(world, form["id"]))["number"]
    for by in ("collector", "keeper", "carrier"):
        home = (await world.client(by).get("/")).text
        assert f"/trips/{form['id']}" in home, by
        assert f"{TOMORROW} 09:00" in home
    for by in ("other_collector", "plant"):
        assert form["id"] not in (await world.client(by).get("/")).text, by
    home = (await world.client("collector").get("/")).text
    link = f"/record/depart?trip={number}&amp;site={POINT}&amp;to={STATION}"
    assert link in home
    assert link not in (await world.client("keeper").get("/")).text, "the station does not load"
    page = (await world.client("collector").get(link.replace("&amp;", "&"))).text
    assert chosen(page, "destination") == STATION
    for value in (VEHICLE, number, "李师傅"):
        assert f'value="{value}"' in page
    [bag] = await sealed(world)
    await world.event("depart", bag, destination=STATION, trip=number)
    home = (await world.client("collector").get("/")).text
    assert form["id"] not in home, "it has left"
    assert form["id"] in (await world.client("keeper").get("/")).text, "now it is coming"


async def test_an_announced_run_that_left_later_is_as_old_as_its_departure(world: World):
    """It was announced now; the world's clock, by which it left, is weeks behind."""
    [bag] = await sealed(world)
    trip = await announce(world)
    at_ = world.tick()
    await world.event("depart", bag, destination=STATION, trip=trip["id"], at=at_)
    home = (await world.client("keeper").get("/")).text
    said = at_.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
    assert f"{said} 发车" in home
    assert re.search(r"已 \d+ 天未签收", home)


async def test_officials_and_auditors_are_not_offered_what_they_may_not_do(world: World):
    for by in ("county", "province", "auditor"):
        assert PAGE not in (await world.client(by).get("/trips")).text
        assert (await world.client(by).get(PAGE)).status_code == 403
    for by in ("keeper", "carrier", "plant", "collector"):
        assert PAGE in (await world.client(by).get("/trips")).text
        assert PAGE in (await world.client(by).get("/")).text or by == "collector"


async def test_a_session_that_ended_keeps_what_was_typed(world: World):
    form = form_of(world, (POINT, STATION), driver="赵师傅")
    answer = await world.client("stranger").post(PAGE, data=form)
    assert answer.status_code == 401
    assert "赵师傅" in answer.text
    again = await sent(world, form | {"resumed": "1"})
    assert again.status_code == 200
    assert "赵师傅" in again.text
