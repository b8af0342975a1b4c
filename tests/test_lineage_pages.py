"""Pages and papers of chains and lots: what a person reads and prints."""

from collections.abc import AsyncIterator

import pytest

from app.db import Database
from app.ledger.sequence import sequence
from tests.lineages import collected, labels, posted, repack
from tests.printed import PRINTED, words_of
from tests.world import OTHER_POINT, PLANT, POINT, STATION, World, make_world


@pytest.fixture(scope="module")
async def world(database: Database) -> AsyncIterator[World]:
    made = await make_world(database)
    yield made
    await made.close()


async def see(world: World, path: str, by: str = "province", status: int = 200) -> str:
    answer = await world.client(by).get(path)
    assert answer.status_code == status, answer.text
    return answer.text


async def told(world: World) -> dict[str, str]:
    """Two bags mixed into one that lies on a pallet, beside a third; one weight was corrected."""
    a, b, c = await collected(world, 3_000, 1_000, 500)
    wrong = await world.event("stock_count", a, site=STATION, mass_g=2_000)
    right = {key: wrong[key] for key in ("kind", "occurred_at", "site")}
    right["batches"] = [{"code": a, "mass_g": 2_900}]
    fixed = world.body("correct", corrects=wrong["id"], reason="incorrect_data", replacement=right)
    del fixed["batches"], fixed["site"]
    assert (await world.client("keeper").post("/api/v1/events", json=fixed)).status_code == 201
    [mixed] = await labels(world, 1)
    leak = [{"reason": "leak", "mass_g": 100}]
    await posted(world, repack(world, {a: 2_900, b: 1_000}, {mixed: 3_800}, removed=leak))
    [box] = await world.issue_labels(1, site=None, kind="container")
    await world.event("pack", mixed, c, site=STATION, container=box)
    return {"a": a, "b": b, "c": c, "mixed": mixed, "box": box, "fixed": fixed["id"]}


class TestBatch:
    async def test_the_picture_names_bags_weights_containers_and_what_was_removed(
        self, world: World
    ) -> None:
        known = await told(world)
        page = await see(world, f"/batches/{known['mixed']}")
        assert "来龙去脉" in page
        for code in (known["a"], known["b"], known["mixed"]):
            assert f">{code}</text>" in page
        for words in (
            "合并 20",
            "2.90 kg",
            "1.00 kg",
            "剔除渗漏 100 g",
            f"装在 …{known['box'][-12:]}",
        ):
            assert words in page
        assert f'href="/batches/{known["a"]}"' in page
        assert "来自 2 袋" in page
        assert f'href="/batches/{known["mixed"]}/sources"' in page

    async def test_a_correction_says_what_was_what_is_and_whose_role(self, world: World) -> None:
        known = await told(world)
        page = await see(world, f"/batches/{known['a']}")
        assert f'id="corrected-{known["fixed"]}"' in page
        assert f'href="#corrected-{known["fixed"]}"' in page
        assert "<s>2.00 kg</s> → <b>2.90 kg</b>" in page
        assert "保管员" in page
        assert "数据有误" in page
        other = await see(world, f"/batches/{known['b']}")
        assert "<s>" not in other

    async def test_a_bag_that_was_never_repacked_has_no_picture(self, world: World) -> None:
        [bag] = await collected(world, 700)
        page = await see(world, f"/batches/{bag}")
        assert "来龙去脉" not in page
        assert "来自" not in page

    async def test_a_moment_is_chosen_by_leaves_or_by_the_clock(self, world: World) -> None:
        a, b = await collected(world, 700, 300)
        while await sequence(world.database):
            pass
        chain = (await world.client("province").get(f"/api/v1/batches/{a}/custody")).json()
        size = chain["log"]["size"]
        [mixed] = await labels(world, 1)
        await posted(world, repack(world, {a: 700, b: 300}, {mixed: 1_000}))
        assert "已分拣" in await see(world, f"/batches/{a}")
        then = await see(world, f"/batches/{a}?leaves={size}")
        assert "来龙去脉" not in then
        assert f"这是存证前 {size} 条时平台所知道的" in then
        long_ago = await see(world, f"/batches/{a}?at=2020-11-01T08:00")
        assert "2020-11-01 08:00" in long_ago
        assert "未启用" in long_ago
        assert "as_of 超过存证日志现有的" in await see(world, f"/batches/{a}?leaves=999999999")
        assert "as_of" in await see(world, f"/batches/{a}?at=gestern")

    async def test_a_container_lists_what_is_in_it(self, world: World) -> None:
        known = await told(world)
        page = await see(world, f"/batches/{known['box']}")
        assert "2 袋" in page
        assert known["mixed"] in page
        listed = await see(world, f"/batches?container={known['box']}")
        assert listed.count('data-label="净重"') == 2
        assert "容器" in listed

    async def test_a_foreign_page_leads_only_where_the_reader_may_go(self, world: World) -> None:
        [mine] = await world.issue_labels(1, site=None)
        await world.event("collect", mine, mass_g=5_000)
        await world.event("depart", mine, destination=STATION)
        await world.event("arrive", mine, site=STATION)
        [out] = await labels(world, 1)
        await posted(world, repack(world, {mine: 5_000}, {out: 5_000}))
        page = await see(world, f"/batches/{mine}", "collector")
        assert f">{out}</text>" in page
        assert f'href="/batches/{out}"' not in page
        await see(world, f"/batches/{out}", "collector", 404)


class TestLot:
    async def lot(self, world: World, bags: int) -> tuple[str, list[str]]:
        codes = await world.issue_labels(bags, site=None)
        sites = (POINT, OTHER_POINT)
        for n, code in enumerate(codes):
            await world.event("collect", code, site=sites[n % 2], mass_g=1_000)
        for n, site in enumerate(sites):
            await world.event("depart", *codes[n::2], site=site, destination=STATION)
        await world.event("arrive", *codes, site=STATION)
        [out] = await labels(world, 1)
        await posted(world, repack(world, dict.fromkeys(codes, 1_000), {out: bags * 1_000}))
        await world.event("depart", out, site=STATION, destination=PLANT)
        await world.event("arrive", out, site=PLANT)
        done = await world.event("dispose", out, site=PLANT, certificate="处理证明 7 号")
        return done["id"], codes

    async def test_many_bags_are_drawn_by_place_and_listed_page_by_page(self, world: World) -> None:
        lot, codes = await self.lot(world, 70)
        page = await see(world, f"/lots/{lot}")
        assert "处理证明 7 号" in page
        assert f">{codes[0]}</text>" not in page
        assert page.count(">35 袋 · 35.00 kg</text>") == 2
        assert page.count('data-label="交回"') == 50
        following = page.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
        rest = await see(world, following.replace("&amp;", "&").split("#")[0])
        assert rest.count('data-label="交回"') == 20
        assert all(code in page or code in rest for code in codes)

    async def test_a_qr_in_capitals_leads_to_the_lot(self, world: World) -> None:
        lot, _ = await self.lot(world, 2)
        answer = await world.client(None).get(f"/LOTS/{lot.upper()}")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/lots/{lot}")

    @PRINTED
    async def test_the_report_of_a_lot_has_its_sources_and_what_it_rests_on(
        self, world: World
    ) -> None:
        lot, codes = await self.lot(world, 70)
        answer = await world.client("plant").get(f"/lots/{lot}.pdf")
        assert answer.headers["content-type"] == "application/pdf"
        pages = words_of(answer.content)
        text = "\n".join(pages)
        assert "农药包装废弃物处理批追溯报告" in pages[0]
        assert "处理证明 7 号" in pages[0]
        assert all(code in text for code in codes)
        assert "70 袋原始袋" in text
        assert "寺家庄镇（鹿泉区） 35 0 35.00 kg 50.0 %" in text
        assert f"共 {len(pages)} 页" in text


@PRINTED
class TestReport:
    async def pdf(self, world: World, path: str, by: str = "province") -> str:
        answer = await world.client(by).get(path)
        assert answer.status_code == 200, answer.text
        again = await world.client(by).get(path)
        assert again.content == answer.content, "the same chain gives the same paper"
        return "\n".join(words_of(answer.content))

    async def test_a_chain_is_printed_whole(self, world: World) -> None:
        known = await told(world)
        while await sequence(world.database):
            pass
        text = await self.pdf(world, f"/batches/{known['mixed']}/custody.pdf")
        for words in (
            "农药包装废弃物追溯报告",
            known["mixed"],
            known["a"],
            known["b"],
            "剔除渗漏 100 g",
        ):
            assert words in text
        assert "装箱" in text
        assert "按存证日志前" in text
        text = await self.pdf(world, f"/batches/{known['a']}/custody.pdf")
        assert "重量 2.00 kg → 2.90 kg" in text
        assert "比上一次少 100 g" in text
        assert "分拣剔除，渗漏" in text

    async def test_a_container_and_an_unused_label_are_printed_too(self, world: World) -> None:
        known = await told(world)
        assert "装箱" in await self.pdf(world, f"/batches/{known['box']}/custody.pdf")
        [unused] = await labels(world, 1)
        assert "还没有使用" in await self.pdf(world, f"/batches/{unused}/custody.pdf")

    async def test_a_report_of_then_tells_what_was_known_then(self, world: World) -> None:
        [bag] = await collected(world, 700)
        while await sequence(world.database):
            pass
        chain = (await world.client("province").get(f"/api/v1/batches/{bag}/custody")).json()
        size = chain["log"]["size"]
        await world.event("store", bag, site=STATION)
        text = await self.pdf(world, f"/batches/{bag}/custody.pdf?as_of={size}")
        assert f"按存证日志的前 {size} 条登记整理" in text
        assert "入库" not in text
