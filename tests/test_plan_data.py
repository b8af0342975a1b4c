"""The tables of what the plan names agree with its paragraphs, word for word, and one another."""

import csv
import re
import tomllib
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from app.orm import Base
from app.plan import models, tables

APP = Path(__file__).parent.parent / "app"
DATA = APP / "plan" / "data"
Row = dict[str, str]


def rows(name: str, folder: Path = DATA) -> list[Row]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


TEXT = {row["address"]: row["text"] for row in rows("paragraphs")}
PLACE = {row["address"]: row["section"] for row in rows("paragraphs")}
ITEM_OF_BOX = {row["code"]: row["item"] for row in rows("boxes")}
REGISTERS = tomllib.loads((DATA / "registers.toml").read_text(encoding="utf-8"))

MODELS: dict[str, type[Base]] = {
    "measures": tables.PlanMeasure,
    "targets": tables.PlanTarget,
    "industries": tables.PlanIndustry,
    "industry_lists": tables.PlanIndustryList,
    "listed_industries": tables.PlanListedIndustry,
    "industry_mappings": tables.PlanIndustryMapping,
    "technologies": tables.PlanTechnology,
    "areas": tables.PlanArea,
    "citations": tables.PlanCitation,
    "cited": tables.PlanCited,
    "instruments": tables.PlanInstrument,
    "annotations": models.PlanAnnotation,
}
SET_BY_THE_LOADER = {"valid_from", "valid_to", "document"}
QUOTING = [name for name, model in MODELS.items() if "quote" in model.__table__.columns]


def unsaid(address: str, quotes: list[str]) -> str:
    """Return what is left of a paragraph when each quote is taken out once."""
    left = TEXT[address]
    for quote in sorted(quotes, key=len, reverse=True):
        assert quote in left, f"{address} does not say, or another quote has taken: {quote}"
        left = left.replace(quote, "", 1)
    return left


@pytest.mark.parametrize("name", MODELS)
def test_a_file_has_the_columns_of_its_table_and_no_key_twice(name: str) -> None:
    table = MODELS[name].__table__
    columns = [c.name for c in table.columns if c.name not in SET_BY_THE_LOADER]
    assert list(rows(name)[0]) == columns
    keys = [c.name for c in table.primary_key if c.name not in SET_BY_THE_LOADER]
    assert max(Counter(tuple(row[key] for key in keys) for row in rows(name)).values()) == 1
    for row in rows(name):
        assert all(row[c] for c in columns if not table.columns[c].nullable if c != "gbt4754"), row
        assert not any(re.search(r"\s", cell) for cell in row.values()), row


@pytest.mark.parametrize("name", sorted(set(MODELS) - {"listed_industries", "industry_mappings"}))
def test_positions_are_counted_from_one(name: str) -> None:
    if "position" in rows(name)[0]:
        assert [int(row["position"]) for row in rows(name)] == list(range(1, len(rows(name)) + 1))


@pytest.mark.parametrize("name", QUOTING)
def test_every_quote_is_a_piece_of_the_paragraph_it_cites(name: str) -> None:
    for row in rows(name):
        assert row["quote"] in TEXT[row["paragraph"]], row


# --- measures ---

HEADING = re.compile(r"^([（(][一二三四五六七八九十]+[）)])?[^，；。]*。")


@pytest.mark.parametrize(
    "address",
    [
        a
        for a, place in PLACE.items()
        if re.fullmatch(r"(item|box)-\d+-p\d+", a)
        if place not in ("item-1", "item-2")
        if a != "box-4-p3"  # figures, each a target
    ],
)
def test_the_measures_of_a_paragraph_say_all_of_it_and_nothing_twice(address: str) -> None:
    left = unsaid(address, [m["quote"] for m in rows("measures") if m["paragraph"] == address])
    headed = address.startswith("item") or address[:5] in ("box-3", "box-4")
    named = HEADING.match(left) if headed else None
    assert headed == bool(named)
    assert set(left[named.end() if named else 0 :]) <= set("，；。及"), left


def test_measures_stand_in_printed_order_under_their_item_and_box() -> None:
    order = list(TEXT)
    measures = rows("measures")
    places = [
        (order.index(m["paragraph"]), TEXT[m["paragraph"]].index(m["quote"])) for m in measures
    ]
    assert places == sorted(places)
    counted: Counter[str] = Counter()
    for measure in measures:
        place = PLACE[measure["paragraph"]]
        counted[place] += 1
        assert measure["box"] == (place if place in ITEM_OF_BOX else "")
        assert measure["section"] == ITEM_OF_BOX.get(place, place)
        short = place.removeprefix("item-").replace("box-", "b")
        assert measure["code"] == f"m-{short}-{counted[place]:02d}"
    assert set(counted) == {f"item-{n}" for n in range(3, 23)} | set(ITEM_OF_BOX)


def test_actions_read_by_themselves() -> None:
    actions = [measure["action"] for measure in rows("measures")]
    assert len(set(actions)) == len(actions)
    assert not any(action.startswith(("并", "和", "与", "同时", "其他")) for action in actions)
    assert max(map(len, actions)) <= 100


# --- targets ---

NUMERIC = {
    "pesticide-packaging-recovery": ("以上", "at_least", "85", "%", "", "2025"),
    "manure-resource-use": ("达到", "reach", "85", "%", "", "2025"),
    "urban-green-building-share": ("为", "reach", "100", "%", "", "2025"),
    "low-energy-building-area": ("以上", "at_least", "1340", "万平方米", "", "2025"),
    "benchmark-enterprises": ("至少", "range", "3-5", "家", "", ""),
    "green-design-products": ("", "reach", "60", "项", "", ""),
    "green-factories": ("", "reach", "200", "家", "", ""),
    "non-fossil-energy-share": ("提高到", "reach", "11", "%", "", "2025"),
    "pesticide-use": ("分别减少", "reduce_by", "1200", "吨", "2020", "2025"),
    "fertiliser-use": ("分别减少", "reduce_by", "2", "万吨", "2020", "2025"),
    "green-control-coverage": ("以上", "at_least", "60", "%", "", "2025"),
    "unified-control-coverage": ("以上", "at_least", "50", "%", "", "2025"),
    "fertiliser-use-efficiency": ("达到", "reach", "42", "%", "", "2025"),
    "pesticide-packaging-pilots": ("", "reach", "14", "个", "", ""),
    "pilot-parks": ("", "range", "10-20", "个", "", ""),
}


def figure(target: Row) -> str:
    return target["value"] or "-".join(filter(None, (target["low"], target["high"])))


def test_the_fifteen_numbers_are_those_printed() -> None:
    numeric = [target for target in rows("targets") if target["meaning"]]
    assert {
        t["code"]: (
            t["comparator"], t["meaning"], figure(t), t["unit"], t["base_year"], t["target_year"],
        )
        for t in numeric
    } == NUMERIC  # fmt: skip
    for target in numeric:
        assert figure(target) + target["unit"] in target["quote"]
        assert target["comparator"] in target["quote"]


def test_a_year_stands_where_the_paragraph_prints_it() -> None:
    for target in rows("targets"):
        printed = f"到{target['target_year']}年" in TEXT[target["paragraph"]]
        assert printed == bool(target["target_year"]), target
        if target["base_year"]:
            assert f"较{target['base_year']}年" in target["quote"]


def test_targets_without_a_number_say_no_number() -> None:
    goals = [target for target in rows("targets") if not target["meaning"]]
    assert len(goals) == 15
    for goal in goals:
        assert not any(goal[c] for c in ("comparator", "value", "low", "high", "unit", "base_year"))
        assert not re.search(r"\d", goal["quote"])
        assert goal["source"] in ("register", "entries")


@pytest.mark.parametrize("address", ["item-2-p1", "item-2-p2", "item-2-p3", "box-4-p3"])
def test_paragraphs_of_goals_are_said_by_targets(address: str) -> None:
    quotes = {target["quote"] for target in rows("targets") if target["paragraph"] == address}
    left = unsaid(address, sorted(quotes)).removeprefix("(二)主要目标。").replace("到2025年", "")
    if address == "item-2-p2":
        listed = [row["printed"] for row in rows("listed_industries") if row["list"] == "item-2"]
        left = left.replace("全省" + "、".join(listed) + "等", "")
    assert set(left) <= set("，。")


def test_a_target_depends_on_a_measure_and_counts_a_register_that_exist() -> None:
    items = {measure["code"]: measure["section"] for measure in rows("measures")}
    for target in rows("targets"):
        assert (target["source"] == "register") == bool(target["register"])
        assert target["register"] in {"", *REGISTERS}
        assert target["measure"] in {"", *items}
        assert target["measure"] or target["paragraph"] in ("item-2-p1", "item-2-p2"), target
        place = PLACE[target["paragraph"]]
        if target["register"]:
            assert items[target["measure"]] == ITEM_OF_BOX.get(place, place)
        if target["meaning"]:
            assert target["measure"]
    sources = {t["code"] for t in rows("targets") if t["source"] == "recovery"}
    assert sources == {"pesticide-packaging-recovery"}


# --- industries and technologies ---

SIZES = {
    "item-2": 15, "box-1": 14, "item-6": 14, "box-3": 3,
    "item-11": 6, "box-5": 5, "box-7": 14, "item-17": 5,
}  # fmt: skip


def printed(code: str) -> list[str]:
    return [row["printed"] for row in rows("listed_industries") if row["list"] == code]


def test_each_list_of_industries_is_the_printed_one() -> None:
    assert {row["code"]: len(printed(row["code"])) for row in rows("industry_lists")} == SIZES
    for one in rows("industry_lists"):
        place = PLACE[one["paragraph"]]
        assert (one["section"], one["box"]) == (
            ITEM_OF_BOX.get(place, place),
            place if place in ITEM_OF_BOX else "",
        )
        if one["code"] != "box-3":
            assert "、".join(printed(one["code"])) + "等" in TEXT[one["paragraph"]]
    for row in rows("listed_industries"):
        assert row["printed"] in TEXT[row["paragraph"]]
    assert printed("box-1") == printed("item-6") == printed("box-7")
    opening = [TEXT[f"box-3-p{n}"].split("。")[0] for n in (1, 2, 3)]
    assert printed("box-3") == opening


def test_positions_on_a_list_are_counted_from_one() -> None:
    for code, size in SIZES.items():
        positions = [row["position"] for row in rows("listed_industries") if row["list"] == code]
        assert positions == [str(n) for n in range(1, size + 1)]


def test_every_printed_name_is_found_in_the_one_classification() -> None:
    names = {row["code"]: row["name"] for row in rows("industries")}
    said = {(row["list"], row["position"]): row["printed"] for row in rows("listed_industries")}
    meant: dict[str, set[tuple[str, str]]] = {}
    for row in rows("industry_mappings"):
        assert row["industry"] in names
        place = said[row["list"], row["position"]]
        meant.setdefault(place, set()).add((row["industry"], row["relation"]))
    assert set(meant) == set(said.values())
    assert Counter((row["list"], row["position"]) for row in rows("industry_mappings")).keys() == (
        said.keys()
    )
    other = {name: found for name, found in meant.items() if names_one(found, names) != name}
    both = {("petrochemicals", "broader"), ("chemicals", "broader")}
    assert meant["石化化工"] == {("petrochemicals-and-chemicals", "same"), *both}
    assert other == {
        "有色金属开采及冶炼": {("nonferrous", "narrower")},
        "化学原料药": {("active-pharmaceuticals", "same")},
        "印刷包装": {("packaging-printing", "same")},
        "钢铁行业": {("steel", "same")},
        "建材行业": {("building-materials", "same")},
        "石化化工行业": {("petrochemicals-and-chemicals", "same"), *both},
    }


def names_one(found: set[tuple[str, str]], names: dict[str, str]) -> str | None:
    return next((names[code] for code, relation in found if relation == "same"), None)


def test_an_industry_has_codes_of_the_standard_or_says_why_not() -> None:
    codes = {row["code"] for row in rows("industries")}
    reached = {row["industry"] for row in rows("industry_mappings") + rows("technologies")}
    assert codes == reached
    for row in rows("industries"):
        assert row["parent"] in {"", *codes} - {row["code"]}
        given = row["gbt4754"].split("|") if row["gbt4754"] else []
        assert all(re.fullmatch(r"\d{2,4}", code) for code in given)
        assert given or "不列代码" in row["note"]


def test_codes_of_a_narrower_industry_lie_within_those_of_the_broader() -> None:
    by_code = {row["code"]: row for row in rows("industries")}
    for row in rows("industries"):
        broader = by_code.get(row["parent"], {}).get("gbt4754")
        if broader and row["gbt4754"]:
            assert row["gbt4754"].startswith(tuple(broader.split("|"))), row


def test_technologies_bear_their_printed_name_and_verb_and_leave_no_measure_of_box_3_out() -> None:
    technologies = rows("technologies")
    assert len(technologies) == 24
    for row in technologies:
        assert row["verb"] in row["quote"]
        assert row["name"] in row["quote"]
    named = {row["quote"] for row in technologies}
    assert named == {m["quote"] for m in rows("measures") if m["box"] == "box-3"}


# --- places, cited documents, instruments, annotations ---


def test_places_are_those_of_the_reporting_tree() -> None:
    names = {row["code"]: row["name"] for row in rows("reporting_areas", APP / "areas" / "data")}
    found = {row["printed"]: row["area"] for row in rows("areas")}
    assert found == {"石家庄": "130100", "秦皇岛": "130300", "京津冀": ""}
    assert all(names[code].startswith(name) for name, code in found.items() if code)
    assert all(row["printed"] in row["quote"] for row in rows("areas"))


def test_every_title_in_the_text_is_cited_but_the_plans_own() -> None:
    own = "《河北省“十四五”清洁生产推行方案》"
    titles = {(p, t) for p, text in TEXT.items() for t in re.findall(r"《[^》]*》", text)}
    named = {row["code"]: f"《{row['title']}》" for row in rows("citations")}
    cited = {(row["paragraph"], named[row["citation"]]) for row in rows("cited")}
    assert cited == {(p, title) for p, title in titles if title != own}
    assert {row["citation"] for row in rows("cited")} == set(named)
    for row in rows("citations"):
        assert row["number"] in "".join(c["quote"] for c in rows("cited"))


def test_the_eight_instruments() -> None:
    assert [row["name"] for row in rows("instruments")] == [
        "专项资金", "绿色采购", "绿色信贷", "差别化电价",
        "政府购买审核", "奖惩督查", "绿色产品认证", "中小企业支持",
    ]  # fmt: skip
    assert all(row["section"] == PLACE[row["paragraph"]] for row in rows("instruments"))


def test_annotations_of_a_paragraph_do_not_overlap() -> None:
    noted: dict[str, list[str]] = {}
    for row in rows("annotations"):
        noted.setdefault(row["paragraph"], []).append(row["quote"])
    for address, quotes in noted.items():
        spans = sorted((TEXT[address].index(quote), len(quote)) for quote in quotes)
        for (start, length), (following, _) in pairwise(spans):
            assert start + length <= following, address


HALF = set("(),<>-")


def test_half_width_signs_are_annotated_where_they_are_printed() -> None:
    noted: dict[str, str] = {}
    for row in rows("annotations"):
        if "半角" in row["note"]:
            noted[row["paragraph"]] = noted.get(row["paragraph"], "") + row["quote"]
    assert {a for a, text in TEXT.items() if HALF & set(text)} == set(noted)


def test_what_is_odd_is_supposed_and_never_mended() -> None:
    notes = {row["quote"]: row["note"] for row in rows("annotations")}
    for quote, right in {
        "羟基硫": "羰基硫",
        "多式运输": "多式联运",
        "印刷包装": "包装印刷",
    }.items():
        assert right in notes[quote]
        assert "疑" in notes[quote]
    signed = [row["text"] for row in rows("paragraphs") if row["kind"] == "signature"]
    assert len(signed) == 4
    assert "四个" in notes["河北省交通运输厅"]
    unusual = {row["paragraph"] for row in rows("annotations") if row["quote"] == "责任单位"}
    assert unusual == {"item-13-departments", "item-14-departments"}
