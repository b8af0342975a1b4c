"""The 物料平衡表 on a page and in a .csv: every line leads to its events and bags."""

import csv
import io
import re
from datetime import date
from html import unescape

import pytest

from app.balance.flows import FLOWS
from app.balance.models import CountyFlow, SiteFlow
from app.ledger.follow import catch_up
from app.reports.masses import masses_of
from app.reports.periods import parse_period
from tests import reference as ref
from tests.world import World, make_world

LINK = re.compile(r'href="(/balance/entries\?[^"]+)"[^>]*>([^<]+)<')


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


@pytest.fixture(scope="module")
async def bags(world):
    """A bag that was treated, one that is on its way, one that the station told of too early."""
    world.tick(days=2)
    treated, moving, early = await world.issue_labels(3)
    await world.whole_life(treated)
    await world.event("collect", moving, mass_g=7_000)
    sent = await world.event("depart", moving, destination=ref.STATION)
    await world.event("arrive", early, site=ref.STATION, mass_g=2_000)
    await catch_up(world.database, [FLOWS])
    return {"treated": treated, "moving": moving, "early": early, "trip": sent["trip"]}


@pytest.fixture
def days(world):
    return f"from={world.clock.year - 1}-01-01&to={world.clock.year + 1}-12-31"


async def see(world, who, path, status=200):
    answer = await world.client(who).get(path, headers={"accept": "text/html"})
    assert answer.status_code == status, answer.text
    return unescape(answer.text)


async def test_a_sheet_says_that_it_balances_and_each_line_leads_to_its_bags(world, bags, days):
    page = await see(world, "county", f"/balance?area={ref.LUQUAN}&{days}")
    assert "✓ 平衡。" in page
    # What the point took back, less what went on the scales, is all there.
    for words in ("期初结存", "收入合计", "支出合计", "期末结存", "称重差异（短少）", "来源待补"):
        assert words in page
    links = LINK.findall(page)
    assert {name.strip() for _, name in links} >= {"回收", "运往 辛集市", "期末结存", "来源待补"}
    for href, _ in links:
        await see(world, "county", href)
    [closing] = {href for href, name in links if name == "期末结存"}
    held = await see(world, "county", closing)
    assert bags["moving"][:6] in held
    assert f"/batches/{bags['moving']}" in held
    assert "在途，转运单" in held


async def test_each_loss_stands_apart_with_its_words(world, bags, days):
    page = await see(world, "keeper", f"/balance?{days}")
    assert ref.STATION in page  # one's own, where nothing is asked for
    for words in ("剔除", "核销", "来源待补", "期初盘点入账", "本期没有", "净支出"):
        assert words in page
    assert page.count("<dt>") == 5


async def test_a_figure_s_page_names_events_and_bags_and_goes_on(world, bags, days):
    where = f"/balance/entries?site={ref.STATION}&side=in&account=unexplained&{days}"
    page = await see(world, "keeper", where)
    assert "2.000" in page
    assert f"/batches/{bags['early']}" in page
    assert "/record/done/" in page
    assert "下一页" not in page


async def test_a_trip_s_sheet_is_found_by_its_number(world, bags, days):
    for who in ("collector", "keeper", "carrier", "county"):
        page = await see(world, who, f"/balance?trip={bags['trip'].lower()}&{days}")
        assert "转运交接单" in page
        assert f"装自 {ref.POINT}" in page
    await see(world, "plant", f"/balance?trip={bags['trip']}&{days}", 404)


async def test_what_was_typed_wrong_is_told_beside_the_form(world, bags):
    for typed, said in (
        ("from=gestern", "日期写成"),
        ("from=2026-02-01&to=2026-01-01", "早于"),
        ("trip=47", "应是编号"),
    ):
        page = await see(world, "county", f"/balance?{typed}", 422)
        assert said in page
        assert 'role="alert"' in page


async def test_a_driver_and_a_township_choose_first(world, bags):
    for who in ("carrier", "township"):
        page = await see(world, who, "/balance")
        assert "填一个站点编码或转运单号" in page
    assert ref.STATION in await see(world, "township", "/balance/sites")


async def test_all_sites_of_a_county_stand_on_one_page(world, bags, days):
    page = await see(world, "county", f"/balance/sites?area={ref.LUQUAN}&{days}")
    for site in (ref.POINT, ref.OTHER_POINT, ref.STATION):
        assert f"/balance?site={site}" in page
    assert ref.PLANT not in page
    answer = await world.client("province").get(f"/api/v1/balance/sites?limit=2&{days}")
    sites, cursor = answer.json()["items"], answer.json()["next_cursor"]
    while cursor:
        more = await world.client("province").get(
            f"/api/v1/balance/sites?limit=2&cursor={cursor}&{days}"
        )
        sites, cursor = sites + more.json()["items"], more.json()["next_cursor"]
    assert [one["site"] for one in sites] == sorted({one["site"] for one in sites})
    for one in sites:
        whole = await world.client("province").get(f"/api/v1/balance?site={one['site']}&{days}")
        told = whole.json()
        assert one["in_g"] == sum(told["in"].values())
        assert one["out_g"] == sum(told["out"].values())
        assert (one["opening_g"], one["closing_g"]) == (told["opening_g"], told["closing_g"])
        assert one["opening_g"] + one["in_g"] == one["out_g"] + one["closing_g"]


async def rows(world: World, path: str) -> list[list[str]]:
    answer = await world.client("county").get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


async def test_the_files_hold_what_the_pages_show(world, bags, days):
    of = f"area={ref.LUQUAN}&{days}"
    head, *lines = await rows(world, f"balance.csv?{of}")
    assert head[:4] == ["项目", "科目", "科目代码", "重量（克）"]
    sums = {(line[0], line[2]): int(line[3]) for line in lines}
    total = {way: sum(g for (one, _), g in sums.items() if one == way) for way in ("收入", "支出")}
    opening, closing = sums["期初结存", ""], sums["期末结存", ""]
    assert opening + total["收入"] == total["支出"] + closing
    _, *parts = await rows(world, f"balance/entries.csv?{of}&side=in&account=field")
    assert sum(int(line[5]) for line in parts) == sums["收入", "field"]
    assert {line[1] for line in parts} <= {"交回", "封袋"}
    _, *held = await rows(world, f"balance/entries.csv?{of}&side=closing")
    assert sum(int(line[1]) for line in held) == closing
    _, *sites = await rows(world, f"balance/sites.csv?{of}")
    assert {line[0] for line in sites} == {ref.POINT, ref.OTHER_POINT, ref.STATION}


async def test_a_name_that_looks_like_a_formula_is_text_in_the_files(world, bags, days):
    async with world.database.write() as session:
        from app.parties.models import Site

        site = await session.get_one(Site, ref.OTHER_POINT)
        site.name = "=1+1"
    _, *sites = await rows(world, f"balance/sites.csv?area={ref.LUQUAN}&{days}")
    assert "'=1+1" in {line[1] for line in sites}


async def test_a_sheet_that_does_not_balance_says_by_how_much(world, bags, days):
    """Flows that somebody changed by hand do not agree with the bags."""
    async with world.database.write() as session:
        row = SiteFlow(
            site=ref.POINT, occurred_on=date(2026, 1, 1), counter="field", in_g=5, out_g=0
        )
        session.add(row)
    for who, of in (("collector", f"site={ref.POINT}"), ("county", f"area={ref.LUQUAN}")):
        page = await see(world, who, f"/balance?{of}&{days}")
        assert "✗ 不平衡，相差" in page
        assert "0.005" in page
    async with world.database.write() as session:
        await session.delete(await session.merge(row))


async def test_pages_that_lead_to_a_sheet(world, bags):
    for who, path in (("keeper", f"/sites/{ref.STATION}"), ("county", "/"), ("province", "/")):
        assert 'href="/balance' in await see(world, who, path)


FLOWS_OF_A_YEAR = (
    ("opening", "site", 1_000), ("field", "site", 500), ("site", "removed/foreign", 30),
    ("site", "difference", 20), ("difference", "site", 5), ("site", "written_off", 40),
    ("transit", "written_off", 10), ("unexplained", "site", 60), ("site", "transit", 100),
    ("site", "treated/incinerate", 700),
)  # fmt: skip


async def test_a_county_s_masses_follow_the_new_accounts(world):
    async with world.database.write() as session:
        session.add_all(
            CountyFlow(
                origin_county=ref.ANXIN, scope="pesticide", occurred_on=date(2024, 5, n + 1),
                from_class=source, from_place=ref.ANXIN, to_class=target, to_place=ref.ANXIN,
                mass_g=grams,
            )
            for n, (source, target, grams) in enumerate(FLOWS_OF_A_YEAR)
        )  # fmt: skip
    async with world.database.read() as session:
        found = (await masses_of(session, [ref.ANXIN], parse_period("2024"), "origin"))[ref.ANXIN]
        later = (await masses_of(session, [ref.ANXIN], parse_period("2025"), "origin"))[ref.ANXIN]
    # Lost: removed, difference and written off, less what came from nowhere and from before.
    assert found.loss_g == 30 + 20 - 5 + 40 + 10 - 60 - 1_000
    assert (found.collected_g, found.treated_g, found.stock_g) == (500, 700, 1_000)
    assert (found.held_g, found.in_transit_g) == (675, 90)
    assert found.balanced
    assert (later.opening_g, later.loss_g, later.stock_g) == (765, 0, 0)
    answer = await world.client("province").get("/api/v1/reports/recovery?period=2024&by=county")
    [row] = [one for one in answer.json()["rows"] if one["area"] == ref.ANXIN]
    # 1 000 g were there before, 500 came, 765 are left: 735 went, of which 700 were treated.
    assert row["treatment_rate"] == 700 / 735
