"""Chains of odd shapes, from outside: ten deep, parted and joined again, thousands of hand-ins."""

from collections import Counter, defaultdict
from fractions import Fraction
from urllib.parse import quote

import pytest
import zxingcpp

from app.ledger.sequence import log_size as size_of_log
from app.ledger.sequence import sequence
from tests.custody import custody
from tests.lineages import collected, every, labels, posted, repack
from tests.printed import PRINTED, fonts_of, pictures_of, words_of
from tests.recording import capture
from tests.test_lineage_pages import see
from tests.world import OTHER_POINT, PLANT, POINT, STATION, make_world


@pytest.fixture(scope="module")
async def world(database):
    made = await make_world(database)
    yield made
    await made.close()


async def log_size(world):
    while await sequence(world.database):
        pass
    async with world.database.read() as session:
        return await size_of_log(session)


async def ten_deep(world):
    """Merge a bag with a new one, ten times over; return all that were merged, and what came of it."""
    first, *others = await collected(world, 10_000, *[1_000] * 10)
    made = await labels(world, 10)
    held, grams = first, 10_000
    for other, new in zip(others, made, strict=True):
        await posted(world, repack(world, {held: grams, other: 1_000}, {new: grams + 1_000}))
        held, grams = new, grams + 1_000
    return [first, *others], held


async def treated(world, *codes, **fields):
    await world.event("depart", *codes, site=STATION, destination=PLANT)
    await world.event("arrive", *codes, site=PLANT)
    return (await world.event("dispose", *codes, site=PLANT, **fields))["id"]


def shares_by_output(chain):
    """Add up the exact shares of a lineage's edges by what came out."""
    sums = defaultdict(Fraction)
    for edge in chain["lineage"]["edges"]:
        sums[edge["output"]] += Fraction(edge["fraction"])
        assert edge["share"] == float(Fraction(edge["fraction"]))
    return sums


class TestTenDeep:
    async def test_every_output_is_wholly_explained_and_the_first_bag_is_half_of_the_last(
        self, world
    ):
        merged, last = await ten_deep(world)
        chain = await custody(world, last)
        sums = shares_by_output(chain)
        assert (len(sums), set(sums.values())) == (10, {1})
        assert min(one["level"] for one in chain["lineage"]["batches"]) == -10
        sources = {s["code"]: s for s in await every(world, f"/api/v1/batches/{last}/sources")}
        assert set(sources) == set(merged)
        assert Fraction(sources[merged[0]]["fraction"]) == Fraction(1, 2)
        assert sum(Fraction(one["fraction"]) for one in sources.values()) == 1
        [end] = await every(world, f"/api/v1/batches/{merged[0]}/destinations")
        assert (end["batch"], end["fraction"], end["mass_g"]) == (last, "1", 10_000)

    async def test_the_page_tells_each_of_them_in_words_in_their_order(self, world):
        merged, last = await ten_deep(world)
        page = await see(world, f"/batches/{last}")
        said = page.split("用文字看")[1].split("</details>")[0]
        places = [said.index(f'href="/batches/{code}"') for code in merged]
        assert places[1:] == sorted(places[1:])
        assert said.count("<h3>合并 ") == 10
        assert "投入 2 项" in said

    @PRINTED
    async def test_what_is_too_wide_for_paper_stands_there_in_words(self, world):
        merged, last = await ten_deep(world)
        text = "\n".join(words_of(await pdf(world, f"/batches/{last}/custody.pdf")))
        assert "印出来看不清" in text
        assert "分拣、合并与处理" in text
        assert all(text.count(code) == 2 for code in merged), "in its merger, and as a source"


class TestDiamond:
    async def diamond(self, world):
        """Merge two bags into two, and those into one again."""
        a, b = await collected(world, 3_001, 1_000)
        left, right, end = await labels(world, 3)
        await posted(world, repack(world, {a: 3_001, b: 1_000}, {left: 2_000, right: 2_001}))
        await posted(world, repack(world, {left: 2_000, right: 2_001}, {end: 4_001}))
        return a, b, left, right, end

    async def test_a_bag_reached_by_two_ways_is_one_source_with_its_whole_share(self, world):
        a, b, left, right, end = await self.diamond(world)
        chain = await custody(world, end)
        assert Counter(chain["lineage"]["nodes"]) == Counter([end, left, right, a, b])
        assert set(shares_by_output(chain).values()) == {1}
        sources = await every(world, f"/api/v1/batches/{end}/sources")
        assert {s["code"]: (Fraction(s["fraction"]), s["mass_g"]) for s in sources} == {
            a: (Fraction(3_001, 4_001), 3_001), b: (Fraction(1_000, 4_001), 1_000),
        }  # fmt: skip
        [there] = await every(world, f"/api/v1/batches/{a}/destinations")
        assert (there["batch"], there["fraction"], there["mass_g"]) == (end, "1", 3_001)

    async def test_its_page_draws_it_once_and_counts_two_bags(self, world):
        a, *_, end = await self.diamond(world)
        page = await see(world, f"/batches/{end}")
        assert page.count(f">{a}</text>") == 1
        assert "来自 2 袋" in page


class TestManyInputs:
    async def test_they_are_drawn_by_point_and_told_one_by_one(self, world):
        bags = await collected(world, *[1_000] * 14)
        await world.event("stock_count", bags[3], site=STATION, mass_g=800)
        [early] = await world.issue_labels(1)
        await world.event("arrive", early, site=STATION, mass_g=500)
        from_points = await world.issue_labels(2, site=None)
        await world.event("collect", *from_points[:1], mass_g=1_000)
        await world.event("collect", *from_points[1:], site=OTHER_POINT, mass_g=1_000)
        for bag, site in zip(from_points, (POINT, OTHER_POINT), strict=True):
            await world.event("depart", bag, site=site, destination=STATION)
        await world.event("arrive", *from_points, site=STATION)
        inputs = dict.fromkeys([*bags, *from_points], 1_000) | {bags[3]: 800, early: 500}
        [out] = await labels(world, 1)
        await posted(world, repack(world, inputs, {out: sum(inputs.values())}))
        page = await see(world, f"/batches/{out}")
        drawn, said = page.split("</svg>")[0], page.split("用文字看")[1].split("</details>")[0]
        assert drawn.count('<rect class="box') == 5, "three points, the merger, what came of it"
        assert ">15 袋 · 14.30 kg</text>" in drawn
        for words in ("1 袋称重相差大", "1 袋缺少封袋记录"):
            assert f">{words}</text>" in drawn
        assert all(f'href="/batches/{code}"' in said for code in inputs)
        assert "投入 17 项" in said

    async def test_joints_side_by_side_are_drawn_together_where_they_are_many(self, world):
        made = await labels(world, 10)
        for one, new in zip(await collected(world, *[500] * 10), made, strict=True):
            await posted(world, repack(world, {one: 500}, {new: 500}))
        [out] = await labels(world, 1)
        await posted(world, repack(world, dict.fromkeys(made, 500), {out: 5_000}))
        drawn = (await see(world, f"/batches/{out}")).split("</svg>")[0]
        assert ">合并 10 次</text>" in drawn
        assert drawn.count(">10 袋 · 5.00 kg</text>") == 2


class TestManyHandIns:
    async def test_they_are_one_step_each_with_a_way_to_it_and_the_page_stays_short(self, world):
        [bag] = await world.issue_labels(1)
        handed = [world.body("hand_in", bag, at=world.tick(minutes=1)) for _ in range(320)]
        await capture(world, "collector", handed)
        page = await see(world, f"/batches/{bag}", "county")
        assert "交回 320 次" in page
        assert page.count('<a href="/events/') == 100
        assert f'href="/events/{handed[0]["id"]}"' in page
        assert f'href="/record/correct/{handed[1]["id"]}"' in page
        assert "其余 220 次见" in page
        assert len(page) < 60_000
        assert len((await custody(world, bag))["steps"]) == 320

    @PRINTED
    async def test_they_are_one_row_on_paper(self, world):
        [bag] = await world.issue_labels(1)
        handed = [world.body("hand_in", bag, at=world.tick(minutes=1)) for _ in range(40)]
        await capture(world, "collector", handed)
        pages = words_of(await pdf(world, f"/batches/{bag}/custody.pdf"))
        assert "交回 40 次" in pages[0]
        assert "1200 件" in pages[0]
        assert len(pages) == 1


class TestLargeLot:
    async def test_its_page_is_no_longer_for_six_hundred_bags_than_for_sixty(self, world):
        few, many = [await self.lot(world, bags) for bags in (60, 600)]
        short, long = [await see(world, f"/lots/{lot}") for lot in (few, many)]
        assert "600 袋原始袋" in long
        assert len(long) < len(short) * 1.2
        assert ">0.2 %<" in long

    async def lot(self, world, bags):
        codes = await world.issue_labels(bags, site=None)
        sealed = [
            world.body("collect", code, site=STATION, mass_g=1_000, at=world.tick(minutes=1))
            for code in codes
        ]
        for n in range(0, bags, 300):
            await capture(world, "keeper", sealed[n : n + 300])
        parts = [codes[n : n + 300] for n in range(0, bags, 300)]
        made = await labels(world, len(parts))
        for some, new in zip(parts, made, strict=True):
            await posted(world, repack(world, dict.fromkeys(some, 1_000), {new: 1_000 * len(some)}))
        return await treated(world, *made)


class TestThen:
    async def test_before_it_was_there_a_bag_is_an_unused_label_and_a_lot_is_not_there(self, world):
        before = await log_size(world)
        [bag] = await collected(world, 700)
        lot = await treated(world, bag)
        for then in (0, before):
            chain = await custody(world, bag, as_of=then)
            assert (chain["batch"]["status"], chain["steps"]) == ("unused", [])
            assert chain["log"] == {"size": then}
            for path in ("sources", "destinations"):
                assert await every(world, f"/api/v1/batches/{bag}/{path}", as_of=then) == []
            answer = await world.client("province").get(f"/api/v1/lots/{lot}?as_of={then}")
            assert answer.status_code == 404
        page = await see(world, f"/lots/{lot}?leaves={before}")
        assert "那时平台还不知道这批处理" in page
        assert f'value="{before}"' in page
        assert "处理证明 1 号" in page

    async def test_what_came_late_or_was_put_right_since_is_told_as_it_was_known_then(self, world):
        [bag] = await world.issue_labels(1)
        sealed = await world.event("collect", bag, mass_g=26_000)
        early = world.tick()
        await world.event("arrive", bag, site=STATION, mass_g=6_100)
        then = await log_size(world)
        await world.event("depart", bag, destination=STATION, at=early)
        right = {key: sealed[key] for key in ("kind", "occurred_at", "site")}
        right["batches"] = [{"code": bag, "mass_g": 6_200}]
        fixed = world.body(
            "correct", corrects=sealed["id"], reason="incorrect_data", replacement=right
        )
        del fixed["batches"], fixed["site"]
        answer = await world.client("county").post("/api/v1/events", json=fixed)
        assert answer.status_code == 201, answer.text

        def told(chain):
            return [(s["kind"], s["mass_g"], s["difference_g"], s["flags"]) for s in chain["steps"]]

        assert told(await custody(world, bag, as_of=then)) == [
            ("collect", 26_000, 0, []), ("arrive", 6_100, -19_900, ["missing-depart"]),
        ]  # fmt: skip
        assert told(await custody(world, bag)) == [
            ("collect", 6_200, 0, []), ("depart", 6_200, 0, []), ("arrive", 6_100, -100, []),
        ]  # fmt: skip
        page = await see(world, f"/batches/{bag}?as_of={then}", "county")
        assert "比上一次少 19.90 kg" in page
        assert "缺少发运步骤，等待补传" in page
        assert "<s>" not in page, "what was not corrected yet is not told as corrected"
        for link in (
            f"/api/v1/batches/{bag}/custody?as_of={then}",
            f"/batches/{bag}/custody.pdf?as_of={then}",
        ):
            assert f'href="{link}"' in page

    async def test_a_moment_that_cannot_be_is_told_of_on_every_page(self, world):
        [bag] = await collected(world, 700)
        [mixed] = await labels(world, 1)
        await posted(world, repack(world, {bag: 700}, {mixed: 700}))
        lot = await treated(world, mixed)
        for path in (f"/batches/{mixed}", f"/batches/{mixed}/sources", f"/lots/{lot}"):
            for wrong in ("gestern", "10000000"):
                page = await see(world, f"{path}?as_of={quote(wrong)}")
                assert 'class="error"' in page, (path, wrong)

    async def test_a_container_of_then_says_nothing_of_now(self, world):
        one, two = await collected(world, 700, 300)
        [box] = await world.issue_labels(1, site=None, kind="container")
        await world.event("pack", one, two, site=STATION, container=box)
        then = await log_size(world)
        await world.event("unpack", one, site=STATION, container=box)
        page = await see(world, f"/batches/{box}?leaves={then}")
        assert "合计 2 袋" in page
        assert "过秤" not in page
        assert "过秤" in await see(world, f"/batches/{box}")


class TestWords:
    async def test_a_treated_bag_names_its_certificate_and_leads_to_its_lot(self, world):
        [bag] = await collected(world, 700)
        lot = await treated(world, bag, certificate="冀处理 2026-0815")
        page = await see(world, f"/batches/{bag}", "county")
        assert f'处理证明 <a href="/lots/{lot}">冀处理 2026-0815</a>' in page
        assert (await custody(world, bag))["steps"][-1]["certificate"] == "冀处理 2026-0815"

    async def test_a_part_that_is_there_is_never_shown_as_nothing(self, world):
        a, b = await collected(world, 1_000_000, 300)
        [out] = await labels(world, 1)
        await posted(world, repack(world, {a: 1_000_000, b: 300}, {out: 1_000_300}))
        page = await see(world, f"/batches/{out}/sources")
        assert "不足 0.1 %" in page
        assert "超过 99.9 %" in page

    async def test_gaps_and_differences_are_told_in_words(self, world):
        [early] = await world.issue_labels(1)
        await world.event("arrive", early, site=STATION, mass_g=2_000)
        [late] = await collected(world, 3_000)
        await world.event("stock_count", late, site=STATION, mass_g=2_700)
        [out] = await labels(world, 1)
        await posted(world, repack(world, {early: 2_000, late: 2_700}, {out: 4_700}))
        page = await see(world, f"/batches/{out}")
        said = page.split("用文字看")[1].split("</details>")[0]
        for words in ("缺少封袋记录", "称重少 300 g"):
            assert 'warm" x=' in page.split(words)[0].rsplit("<text", 1)[1]
            assert f'<span class="warm">{words}</span>' in said


async def pdf(world, path, by="province"):
    answer = await world.client(by).get(path)
    assert answer.status_code == 200, answer.text
    return answer.content


@PRINTED
class TestPaper:
    async def test_the_first_page_has_a_code_for_phones_and_what_it_rests_on(self, world, tmp_path):
        [bag] = await collected(world, 700)
        lot = await treated(world, bag, certificate="冀处理 9")
        size = await log_size(world)
        for path, link in (
            (f"/batches/{bag}/custody.pdf", f"/B/{bag}"), (f"/lots/{lot}.pdf", f"/LOTS/{lot.upper()}"),
        ):  # fmt: skip
            file = await pdf(world, path)
            first, *_ = words_of(file)
            assert f"按存证日志的前 {size} 条登记整理" in first
            assert "第 1 页" in first
            page, *_ = pictures_of(file, tmp_path, 150)
            [found] = zxingcpp.read_barcodes(page)
            assert found.text.startswith("HTTPS://")
            assert found.text.endswith(link)
            for name, kind, *_, embedded, _subset, _unicode, _, _ in fonts_of(file, tmp_path):
                assert (kind, embedded) == ("TrueType", "yes"), name

    async def test_materials_stand_beside_what_was_sorted(self, world):
        a, b = await collected(world, 2_000, 1_000)
        p, q = await labels(world, 2)
        body = repack(
            world,
            {a: 2_000, b: 1_000},
            {p: 2_000, q: 1_000},
            mode="sort",
            materials={p: "pet", q: "pe"},
        )
        await posted(world, body)
        lot = await treated(world, p, q)
        [page, *_] = words_of(await pdf(world, f"/lots/{lot}.pdf"))
        assert "聚酯（PET） 2.00 kg" in page.replace("\n", " ")
