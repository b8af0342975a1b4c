"""Pages through the door a user uses: every role's home, lists, a bag's way, the public page."""

import pytest

from app.balance.flows import FLOWS
from app.batches.codes import make_code
from app.ledger.follow import catch_up
from app.supply.follow import SUPPLY
from tests.world import ACCOUNTS, OTHER_POINT, PLANT, POINT, STATION, make_world


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


@pytest.fixture(scope="module")
async def bags(world, database):
    """A bag that was treated, one on its way to the station, one that is being filled."""
    world.tick(days=2)
    treated, moving, filling, unused = await world.issue_labels(4)
    await world.whole_life(treated)
    await world.event("collect", moving, mass_g=7_000)
    await world.event("depart", moving, destination=STATION)
    await world.event("hand_in", filling)
    await catch_up(database, [FLOWS, SUPPLY])
    return {"treated": treated, "moving": moving, "filling": filling, "unused": unused}


async def see(world, who, path, status=200):
    answer = await world.client(who).get(path, headers={"accept": "text/html"})
    assert answer.status_code == status, answer.text
    return answer.text


async def test_a_stranger_is_led_to_the_sign_in_page(world):
    answer = await world.client(None).get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


@pytest.mark.parametrize("who", sorted(ACCOUNTS))
async def test_everyone_has_a_home(world, bags, who):
    assert "退出" in await see(world, who, "/")


async def test_a_collector_sees_the_open_bag_and_one_large_button(world, bags):
    page = await see(world, "collector", "/")
    assert f'href="/record/hand_in?code={bags["filling"]}"' in page
    assert "登记交回" in page


async def test_a_keeper_sees_what_is_on_its_way(world, bags):
    page = await see(world, "keeper", "/")
    assert "7.00 kg" in page
    assert "/record/arrive?trip=" in page


async def test_an_official_sees_why_there_is_no_rate(world, bags):
    page = await see(world, "province", "/")
    assert "本期没有申报产生量" in page
    assert bags["treated"].split("-")[1] in page


async def test_the_way_of_a_bag_names_every_step_and_the_loss(world, bags):
    page = await see(world, "county", f"/batches/{bags['treated']}")
    for word in ("交回", "封袋", "发运", "签收", "入库", "处理", "资源化利用", "比上一次少"):
        assert word in page
    assert "150 g" in page


async def test_a_foreign_step_shows_no_role(world, bags):
    page = await see(world, "plant", f"/batches/{bags['treated']}")
    assert "处理单位人员" in page
    assert "保管员" not in page


async def test_a_batch_out_of_reach_looks_absent(world, bags):
    await see(world, "far_county", f"/batches/{bags['treated']}", 404)
    await see(world, "county", "/batches/130110-0000-0000-00", 422)


async def test_the_list_of_batches_narrows_by_status_and_turns_the_page(world, bags):
    page = await see(world, "county", "/batches?status=disposed")
    assert f"/batches/{bags['treated']}" in page
    assert f"/batches/{bags['moving']}" not in page
    await see(world, "county", "/batches?status=lost", 422)


async def test_a_typed_code_leads_to_its_bag(world, bags):
    typed = bags["treated"].lower().replace("-", "")
    answer = await world.client("county").get(f"/batches/find?code={typed}")
    assert answer.headers["location"] == f"/batches/{bags['treated']}"


async def test_a_code_that_cannot_be_one_is_told_where_it_was_typed(world):
    answer = await world.client("county").get("/batches/find", params={"code": "hello"})
    page = await see(world, "county", answer.headers["location"])
    assert 'value="hello"' in page
    assert "格式不对" in page
    empty = await world.client("county").get("/batches/find")
    assert "请输入标签码" in await see(world, "county", empty.headers["location"])


@pytest.mark.parametrize(
    ("who", "absent"), [("township", "/reports/recovery"), ("carrier", "/sites")]
)
async def test_the_menu_leads_nowhere_that_is_empty_or_refused(world, bags, who, absent):
    assert f'<li><a href="{absent}"' not in await see(world, who, "/")


async def test_a_township_reads_its_own_name_and_links_only_what_it_may_open(world, bags):
    page = await see(world, "township", "/")
    assert "<h1>铜冶镇</h1>" in page
    assert f'href="/batches/{bags["treated"]}"' in page
    assert PLANT in page
    assert f'href="/sites/{PLANT}"' not in page


async def test_anybody_sees_stage_county_and_days_and_nothing_personal(world, bags):
    for path in (f"/B/{bags['treated']}", f"/b/{bags['treated']}"):
        page = await see(world, None, path)
        assert "已处理" in page
        assert "鹿泉区" in page
        for secret in (POINT, STATION, PLANT, "kg", "某人"):
            assert secret not in page


async def test_an_unused_label_says_so_and_an_unknown_one_too(world, bags):
    assert "还没有使用" in await see(world, None, f"/B/{bags['unused']}")
    mistyped = bags["unused"][:-2] + f"{(int(bags['unused'][-2:]) + 1) % 97:02d}"
    assert "校验不符" in await see(world, None, f"/B/{mistyped}", 404)
    assert "格式不对" in await see(world, None, "/B/hello", 404)
    assert "没有发放过" in await see(world, None, f"/B/{make_code('130110', 12345)}", 404)


@pytest.mark.parametrize(
    ("who", "bag", "onward"),
    [
        ("collector", "filling", "/record/hand_in?code="),
        ("collector", "unused", "/record/hand_in?code="),
        ("keeper", "moving", "/record/arrive?code="),
        ("county", "moving", "/batches/"),
        ("plant", "treated", "/batches/"),
    ],
)
async def test_the_label_opens_the_form_that_fits_the_next_step(world, bags, who, bag, onward):
    answer = await world.client(who).get(f"/B/{bags[bag]}")
    assert answer.headers["location"] == f"{onward}{bags[bag]}"


async def test_sites_are_listed_and_one_shows_its_permits_and_balance(world, bags):
    assert f"/sites/{STATION}" in await see(world, "county", "/sites?kind=S")
    page = await see(world, "county", f"/sites/{STATION}")
    assert "期末结存" in page
    assert "称重差异" in page
    assert "认定" in await see(world, "plant", f"/sites/{PLANT}")
    await see(world, "far_county", f"/sites/{STATION}", 404)
    await see(world, "collector", f"/sites/{OTHER_POINT}", 404)


async def test_the_report_shows_each_county_a_total_and_how_it_is_made(world, bags):
    page = await see(world, "province", "/reports/recovery?by=county")
    for word in ("鹿泉区", "安新县", "合计", "方法 A", "没有产生量数据"):
        assert word in page
    assert "不是期间" in await see(world, "province", "/reports/recovery?period=soon", 422)
    assert "2026 年第 3 季度" in await see(
        world, "province", "/reports/recovery?period=２０２６-q3"
    )
    await see(world, "collector", "/reports/recovery", 403)


async def test_a_label_form_sent_twice_issues_once(world, bags):
    page = await see(world, "county", "/labels")
    sheet = page.split('name="id" value="')[1][:36]
    form = {"id": sheet, "county": "130110", "kind": "bag", "count": "30", "site": ""}
    client = world.client("county")
    first = await client.post("/labels", data=form)
    again = await client.post("/labels", data=form)
    assert first.headers["location"] == again.headers["location"] == f"/labels/{sheet}"
    assert "袋标签 30 张" in await see(world, "county", f"/labels/{sheet}")


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [("count", "many", "请填整数"), ("count", "9999", "不得大于"), ("site", "P1", "格式不对")],
)
async def test_a_label_form_says_what_does_not_fit(world, field, value, sentence):
    page = await see(world, "county", "/labels")
    sheet = page.split('name="id" value="')[1][:36]
    form = {"id": sheet, "county": "130110", "kind": "bag", "count": "5", "site": "", field: value}
    answer = await world.client("county").post("/labels", data=form)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{value}"' in answer.text


async def test_those_who_issue_no_labels_see_no_form(world):
    assert "发放新标签" not in await see(world, "auditor", "/labels")
