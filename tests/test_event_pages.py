"""The forms of the six steps: recorded once, told kindly, kept as typed."""

import asyncio
import re

import pytest
from httpx import ASGITransport, AsyncClient

from tests.people import PASSWORD
from tests.recording import refused_so_far, written
from tests.world import PLANT, POINT, STATION, VEHICLE, make_world


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


PET = {
    "line-0-material": "pet", "line-0-form": "bottle", "line-0-size": "lt200ml",
    "line-0-pieces": "30",
}  # fmt: skip


async def opened(world, who, kind, **query):
    """Open a form; return the hidden fields that it sends back."""
    answer = await world.client(who).get(f"/record/{kind}", params=query)
    assert answer.status_code == 200, answer.text
    hidden = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', answer.text)
    ticked = re.findall(r'name="(outcome-[^"]+)"', answer.text)
    return dict(hidden) | dict.fromkeys(ticked, "arrived")


async def sent(world, who, kind, form, **fields):
    return await world.client(who).post(f"/record/{kind}", data={**form, **fields})


async def done(world, who, kind, form, **fields):
    """Send a form and return the receipt's page."""
    answer = await sent(world, who, kind, form, **fields)
    assert answer.status_code == 303, answer.text
    page = await world.client(who).get(answer.headers["location"])
    assert page.status_code == 200, page.text
    return page.text


async def test_five_users_take_a_bag_through_its_whole_life_in_their_forms(world):
    [code] = await world.issue_labels(1)
    page = await done(
        world, "collector", "hand_in", await opened(world, "collector", "hand_in"), code=code, **PET
    )
    assert "450 g" in page
    assert "30" in page
    form = await opened(world, "collector", "collect", code=code)
    assert "6.20 kg" in await done(world, "collector", "collect", form, code=code, mass_kg="6.2")
    form = await opened(world, "collector", "depart", code=code)
    page = await done(
        world, "collector", "depart", form, pick=code, destination=STATION, vehicle=VEHICLE
    )
    assert "转运交接单" in page
    form = await opened(world, "keeper", "arrive", code=code)
    assert form["trip"]
    page = await done(world, "keeper", "arrive", form, **{f"mass_kg-{code}": "6.1"})
    assert "6.10 kg" in page
    assert "请留意" not in page
    form = await opened(world, "keeper", "store", code=code)
    await done(world, "keeper", "store", form, pick=code)
    form = await opened(world, "keeper", "depart")
    await done(world, "keeper", "depart", form, pick=code, destination=PLANT, vehicle=VEHICLE)
    form = await opened(world, "plant", "arrive")
    await done(world, "plant", "arrive", form, codes=f"{code} 6.05")
    form = await opened(world, "plant", "dispose")
    page = await done(
        world, "plant", "dispose", form, pick=code, method="resource_use", certificate="证 1"
    )
    assert "已登记处理" in page
    way = await world.client("county").get(f"/api/v1/batches/{code}/custody")
    assert [step["kind"] for step in way.json()["steps"]] == [
        "hand_in", "collect", "depart", "arrive", "store", "depart", "arrive", "dispose",
    ]  # fmt: skip
    assert all(not step["flags"] for step in way.json()["steps"])


async def test_a_form_sent_twice_records_once(world, database):
    [code] = await world.issue_labels(1)
    form = await opened(world, "collector", "hand_in")
    before = await written(database), await refused_so_far(database)
    first = await sent(world, "collector", "hand_in", form, code=code, **PET)
    again = await sent(world, "collector", "hand_in", form, code=code, **PET)
    assert again.headers["location"] == first.headers["location"] + "?again=1"
    page = await world.client("collector").get(again.headers["location"])
    assert "没有重复登记" in page.text
    after = await written(database), await refused_so_far(database)
    assert after[0]["event"] == before[0]["event"] + 1
    assert after[1] == before[1]


async def test_two_taps_at_once_record_once(world, database):
    [code] = await world.issue_labels(1)
    form = await opened(world, "collector", "hand_in")
    before = await written(database)
    answers = await asyncio.gather(
        *(sent(world, "collector", "hand_in", form, code=code, **PET) for _ in range(6))
    )
    assert {a.status_code for a in answers} == {303}
    assert len({a.headers["location"].partition("?")[0] for a in answers}) == 1
    assert (await written(database))["event"] == before["event"] + 1


async def test_a_form_changed_after_it_was_recorded_asks_before_it_records_again(world):
    [code] = await world.issue_labels(1)
    form = await opened(world, "collector", "hand_in")
    await done(world, "collector", "hand_in", form, code=code, **PET)
    answer = await sent(
        world, "collector", "hand_in", form, code=code, **{**PET, "line-0-pieces": "7"}
    )
    assert answer.status_code == 409
    assert "如果这是另一次" in answer.text
    assert form["id"] not in answer.text


async def test_what_was_typed_stays_and_each_field_says_what_is_wrong(world, database):
    form = await opened(world, "collector", "hand_in")
    before = await refused_so_far(database)
    answer = await sent(
        world, "collector", "hand_in", form, code="", giver_phone="电话", note="雨天",
        **{**PET, "line-0-pieces": "三"},
    )  # fmt: skip
    assert answer.status_code == 422
    for text in ("请输入标签码", "件数应为整数", 'value="三"', 'value="雨天"', form["id"]):
        assert text in answer.text
    # Nothing was sent to be recorded, so nothing is kept as refused.
    assert await refused_so_far(database) == before


async def test_a_form_sent_after_its_session_ended_comes_back_as_it_was_typed(world):
    [code] = await world.issue_labels(1)
    form = await opened(world, "collector", "hand_in")
    visitor = AsyncClient(transport=ASGITransport(world.app), base_url="http://test")
    typed = {**form, "code": code, "note": "雨天", **PET}
    page = await visitor.post("/record/hand_in", data=typed)
    assert page.status_code == 401
    assert "您填的内容还在" in page.text
    kept = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    account = {"username": world.accounts["collector"].username, "password": "不对的密码一二三四"}
    page = await visitor.post("/sign-in", data={**kept, **account})
    assert page.status_code == 401
    assert 'name="kept-note" value="雨天"' in page.text
    page = await visitor.post("/sign-in", data={**kept, **account, "password": PASSWORD})
    assert 'action="/record/hand_in"' in page.text
    kept = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    page = await visitor.post("/record/hand_in", data=kept)
    assert page.status_code == 200
    for text in (f'value="{code}"', 'value="雨天"', 'value="30"', form["id"]):
        assert text in page.text
    await done(world, "collector", "hand_in", form, code=code, note="雨天", **PET)


async def test_a_driver_reads_where_his_load_goes_and_picks_the_place_by_name(world):
    [code] = await world.issue_labels(1)
    await world.event("collect", code, mass_g=5_000)
    page = await world.client("carrier").get("/record/depart")
    assert f'<option value="{POINT}">' in page.text
    form = await opened(world, "carrier", "depart")
    form |= {"site": POINT, "codes": code, "destination": STATION, "vehicle": VEHICLE}
    assert f"<dt>运往</dt><dd>{STATION}" in await done(world, "carrier", "depart", form)


async def test_a_rule_of_the_schema_is_told_at_its_field(world):
    [code] = await world.issue_labels(1)
    form = await opened(world, "collector", "hand_in")
    answer = await sent(world, "collector", "hand_in", form, code=code, giver_phone="电话", **PET)
    assert answer.status_code == 422
    assert 'id="giver_phone-error"' in answer.text
    assert "pointer" not in answer.text


async def test_a_mistyped_code_offers_the_nearest_and_one_button_takes_it(world):
    [code] = await world.issue_labels(1)
    wrong = code[:-1] + str((int(code[-1]) + 1) % 10)
    form = await opened(world, "collector", "hand_in")
    answer = await sent(world, "collector", "hand_in", form, code=wrong, **PET)
    assert answer.status_code == 422
    assert f'name="use_code" value="{code}"' in answer.text
    page = await done(world, "collector", "hand_in", form, code=wrong, use_code=code, **PET)
    assert code.split("-")[1] in page


async def test_a_sealed_bag_takes_no_hand_in(world):
    [code] = await world.issue_labels(1)
    await world.event("collect", code, mass_g=5_000)
    form = await opened(world, "collector", "hand_in")
    answer = await sent(world, "collector", "hand_in", form, code=code, **PET)
    assert answer.status_code == 409
    assert "袋已封" in answer.text


async def test_a_bag_before_its_papers_is_taken_in_and_flagged(world):
    [code] = await world.issue_labels(1)
    form = await opened(world, "keeper", "arrive", code=code)
    page = await done(world, "keeper", "arrive", form, codes=f"{code} 7.5")
    assert "缺少封袋记录，等待补传" in page
    assert "缺少发运记录，等待补传" in page


async def test_a_refused_bag_needs_a_reason_and_stays_on_its_way(world):
    good, bad = await world.issue_labels(2)
    for code in (good, bad):
        await world.event("collect", code, mass_g=5_000)
    await world.event("depart", good, bad, destination=STATION)
    form = await opened(world, "keeper", "arrive", code=good)
    form |= {f"outcome-{bad}": "refused"}
    answer = await sent(world, "keeper", "arrive", form)
    assert answer.status_code == 422
    assert "请写明原因" in answer.text
    page = await done(world, "keeper", "arrive", form, **{f"reason-{bad}": "不是农药包装"})
    assert "到货时被拒收" in page
    shown = await world.client("keeper").get(f"/api/v1/batches/{bad}")
    assert shown.json()["status"] == "in_transit"


async def test_yesterdays_hand_in_can_be_entered_today(world):
    [code] = await world.issue_labels(1)
    form = await opened(world, "collector", "hand_in")
    page = await done(
        world, "collector", "hand_in", form, code=code, occurred_at="2026-01-02T08:00", **PET
    )
    # The label was issued later than that, so the bag's story begins with the label.
    assert "登记时间早于标签发放" in page


@pytest.mark.parametrize(
    ("who", "kind"),
    [("county", "hand_in"), ("collector", "dispose"), ("keeper", "hand_in"), ("auditor", "store")],
)
async def test_a_form_that_is_not_ones_work_is_refused(world, who, kind):
    assert (await world.client(who).get(f"/record/{kind}")).status_code == 403
    assert (await sent(world, who, kind, {})).status_code == 403


async def test_another_sites_step_looks_absent(world):
    [code] = await world.issue_labels(1)
    form = await opened(world, "keeper", "collect")
    answer = await sent(world, "keeper", "collect", {**form, "site": POINT}, code=code, mass_kg="5")
    assert answer.status_code == 404


async def test_a_form_never_lists_what_another_site_holds(world):
    [code] = await world.issue_labels(1)
    await world.event("collect", code, mass_g=5_000)
    for who, kind in (("keeper", "store"), ("plant", "depart"), ("carrier", "depart")):
        answer = await sent(world, who, kind, {"site": POINT})
        assert answer.status_code == 422
        assert code not in answer.text


async def test_a_form_from_another_website_is_refused(world):
    form = await opened(world, "collector", "hand_in")
    answer = await world.client("collector").post(
        "/record/hand_in", data=form, headers={"origin": "https://elsewhere.test"}
    )
    assert answer.status_code == 403


async def test_a_driver_loads_at_a_point_by_its_code(world):
    [code] = await world.issue_labels(1)
    await world.event("collect", code, mass_g=5_000)
    form = await opened(world, "carrier", "depart")
    assert "site" not in form
    answer = await sent(
        world,
        "carrier",
        "depart",
        form,
        site=POINT,
        codes=code,
        destination=STATION,
        vehicle=VEHICLE,
    )
    assert answer.status_code == 303, answer.text


async def test_what_a_form_reads_does_not_grow_with_the_bags(world):
    codes = await world.issue_labels(3)
    with world.count_queries() as few:
        await opened(world, "collector", "depart")
    for code in codes:
        await world.event("collect", code, mass_g=5_000)
    with world.count_queries() as many:
        await opened(world, "collector", "depart")
    assert len(many) == len(few)
