"""The lists that the document orders are all there, cite its words, and describe legal fields."""

from __future__ import annotations

import csv
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parent.parent / "app" / "plan" / "data"

NAMED_BY_THE_DOCUMENT = {
    "清洁生产标杆企业": "benchmark-enterprises",
    "行业创新联盟": "innovation-alliances",
    "绿色设计产品": "green-design-products",
    "绿色设计示范企业": "green-design-enterprises",
    "绿色工厂": "green-factories",
    "强制性审核计划": "mandatory-audit-plans",
    "强制性审核企业": "mandatory-audits",
    "自愿协议": "voluntary-agreements",
    "审核示范": "audit-demonstrations",
    "审核指南": "audit-guides",
    "绩效核算规范": "accounting-specifications",
    "审核咨询服务机构正面清单": "audit-consultancies",
    "审核创新试点园区": "pilot-parks",
    "政府购买审核试点": "purchased-audit-pilots",
    "一行一策": "industry-plans",
    "改造工程": "retrofit-projects",
    "示范工程": "demonstration-projects",
    "技术、设备导向目录": "technology-catalogues",
    "目录内的技术和设备": "catalogue-technologies",
    "技术服务数据库": "technical-services",
    "科技攻关项目": "research-projects",
    "专家库": "experts",
    "清洁生产中心": "cleaner-production-centres",
    "服务机构": "service-agencies",
    "产业培育平台": "innovation-platforms",
    "缓释肥料推广示范": "slow-release-fertiliser-sites",
    "化肥减量示范区": "fertiliser-reduction-zones",
    "有机肥替代示范区": "organic-substitution-zones",
    "粪肥还田示范区": "manure-return-zones",
    "绿色防控示范区": "green-control-zones",
    "绿色种养循环试点": "crop-livestock-pilots",
    "秸秆综合利用示范县": "straw-counties",
    "秸秆综合利用项目": "straw-projects",
    "农膜回收": "film-recovery-sites",
    "粪污设施": "manure-facilities",
    "装配式产业基地": "prefab-bases",
    "超低能耗建筑": "low-energy-buildings",
    "服务业试点": "service-pilots",
    "服务业示范单位": "service-demonstrations",
    "标准": "standards",
    "年度推进计划": "annual-plans",
    "各市实施方案": "city-schemes",
    "各部门实施方案": "department-schemes",
    "专项培训": "trainings",
    "推广会、交流会": "promotion-meetings",
    "专项资金": "special-funds",
    "绿色产品认证机构": "green-certifiers",
    "农药包装废弃物试点县": "pesticide-packaging-pilots",
    "资源化利用单位": "resource-use-units",
}
KINDS = {
    "text",
    "integer",
    "quantity",
    "date",
    "year",
    "choice",
    "credit_code",
    "county",
    "area",
    "industry",
    "phone",
    "url",
    "entry",
}
ONE_COLUMN = ("county", "area", "industry")
OF_EVERY_ENTRY = {"id", "name", "document", "valid_from", "valid_to", "note", "withdrawn"}
HEADINGS_OF_EVERY_ENTRY = {"名称", "公布文号", "起始日期", "截止日期", "备注"}
REQUIRED_KEYS = {
    "name",
    "about",
    "section",
    "paragraph",
    "quote",
    "entry_name",
    "identity",
    "public",
}
OPTIONAL_KEYS = {"box", "industry_list", "low_per_industry", "live", "fields"}
FIELD_KEYS = {"name", "label", "kind", "required", "personal", "unit", "choices", "refers"}

REGISTERS: dict[str, dict[str, Any]] = tomllib.loads(
    (DATA / "registers.toml").read_text(encoding="utf-8")
)
of_each_register = pytest.mark.parametrize("slug", REGISTERS)


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


PARAGRAPHS = {row["address"]: row for row in rows("paragraphs.csv")}


def fields(slug: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = REGISTERS[slug].get("fields", [])
    return found


def test_every_list_that_the_document_orders_is_there_and_no_other() -> None:
    assert set(REGISTERS) == set(NAMED_BY_THE_DOCUMENT.values())


def test_slugs_are_words_joined_by_hyphens_and_names_differ() -> None:
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", slug) for slug in REGISTERS)
    names = [register["name"] for register in REGISTERS.values()]
    assert len(set(names)) == len(names)


def test_lists_stand_in_the_order_of_the_document() -> None:
    order = list(PARAGRAPHS)
    places = [
        (order.index(r["paragraph"]), PARAGRAPHS[r["paragraph"]]["text"].index(r["quote"]))
        for r in REGISTERS.values()
    ]
    assert places == sorted(places)


@of_each_register
def test_a_register_says_all_it_must_and_nothing_unknown(slug: str) -> None:
    keys = set(REGISTERS[slug])
    assert REQUIRED_KEYS <= keys <= REQUIRED_KEYS | OPTIONAL_KEYS
    assert REGISTERS[slug]["about"].endswith("。")


@of_each_register
def test_the_quote_is_in_the_paragraph_of_the_section_or_box(slug: str) -> None:
    register = REGISTERS[slug]
    paragraph = PARAGRAPHS[register["paragraph"]]
    assert register["quote"] in paragraph["text"]
    assert paragraph["section"] == register.get("box", register["section"])


@of_each_register
def test_the_section_prints_who_keeps_the_list_and_a_box_stands_under_it(slug: str) -> None:
    register = REGISTERS[slug]
    assert f"{register['section']}-departments" in PARAGRAPHS
    if "box" in register:
        item = {row["code"]: row["item"] for row in rows("boxes.csv")}
        assert item[register["box"]] == register["section"]


@of_each_register
def test_what_tells_entries_apart_is_required_of_them(slug: str) -> None:
    required = {field["name"] for field in fields(slug) if field["required"]}
    identity = REGISTERS[slug]["identity"]
    assert identity
    assert set(identity) <= required | {"name"}


@of_each_register
def test_a_list_kept_elsewhere_has_no_fields_and_every_other_has_three_to_eight(slug: str) -> None:
    if "live" in REGISTERS[slug]:
        assert REGISTERS[slug]["live"] in {"pilots", "resource_units"}
        assert not fields(slug)
    else:
        assert 3 <= len(fields(slug)) <= 8


@of_each_register
def test_names_and_labels_of_fields_are_their_own(slug: str) -> None:
    names = [field["name"] for field in fields(slug)]
    labels = [field["label"] for field in fields(slug)]
    assert len(set(names)) == len(names)
    assert len(set(labels)) == len(labels)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", name) for name in names)
    assert not set(names) & OF_EVERY_ENTRY
    assert not set(labels) & (HEADINGS_OF_EVERY_ENTRY | {REGISTERS[slug]["entry_name"]})


@of_each_register
def test_each_field_is_of_a_legal_kind_with_what_the_kind_needs(slug: str) -> None:
    for field in fields(slug):
        assert set(field) <= FIELD_KEYS
        assert isinstance(field["required"], bool)
        assert field["kind"] in KINDS
        assert (field["kind"] == "quantity") == ("unit" in field)
        assert (field["kind"] == "choice") == ("choices" in field)
        assert (field["kind"] == "entry") == ("refers" in field)


@of_each_register
def test_a_register_has_one_county_one_area_and_one_industry_at_most(slug: str) -> None:
    kinds = [field["kind"] for field in fields(slug)]
    assert all(kinds.count(kind) <= 1 for kind in ONE_COLUMN)


def test_choices_are_two_or_more_and_differ() -> None:
    for slug in REGISTERS:
        for field in fields(slug):
            choices = field.get("choices")
            assert choices is None or len(set(choices)) == len(choices) >= 2


def test_entries_refer_to_registers_that_are_there_and_take_entries() -> None:
    referred = {
        field["refers"] for slug in REGISTERS for field in fields(slug) if "refers" in field
    }
    assert referred == {
        "mandatory-audit-plans",
        "audit-consultancies",
        "technology-catalogues",
        "catalogue-technologies",
    }
    assert all(fields(slug) for slug in referred)


def test_a_list_counted_by_industry_requires_the_industry() -> None:
    counted = {
        slug: (register["industry_list"], register["low_per_industry"])
        for slug, register in REGISTERS.items()
        if "industry_list" in register or "low_per_industry" in register
    }
    assert counted == {"benchmark-enterprises": ("box-1", 3), "industry-plans": ("item-6", 1)}
    for slug in counted:
        assert [f["required"] for f in fields(slug) if f["kind"] == "industry"] == [True]


def test_experts_alone_hold_personal_data_and_are_not_public() -> None:
    personal = {
        slug: [field["name"] for field in fields(slug) if field.get("personal")]
        for slug in REGISTERS
    }
    assert {slug: names for slug, names in personal.items() if names} == {
        "experts": ["title", "phone"]
    }
    assert [slug for slug, register in REGISTERS.items() if not register["public"]] == ["experts"]


def test_what_the_document_enumerates_is_offered_as_printed() -> None:
    for slug, name, other in (
        ("research-projects", "direction", {"其他"}),
        ("innovation-platforms", "kind", {"其他"}),
        ("promotion-meetings", "kind", {"其他"}),
        ("demonstration-projects", "kind", {"其他", "非高炉炼铁"}),
        ("trainings", "kind", set()),
    ):
        text = PARAGRAPHS[REGISTERS[slug]["paragraph"]]["text"]
        choices = next(field["choices"] for field in fields(slug) if field["name"] == name)
        assert {choice for choice in choices if choice not in text} == other


def test_departments_offered_for_schemes_are_those_printed_under_the_item() -> None:
    printed = PARAGRAPHS["item-18-departments"]["text"]
    issuer = next(field for field in fields("department-schemes") if field["name"] == "issuer")
    assert printed == f"(责任部门：{'、'.join(issuer['choices'])})"


def test_the_two_lists_kept_elsewhere_are_the_pilots_and_the_resource_use_units() -> None:
    live = {slug: r["live"] for slug, r in REGISTERS.items() if "live" in r}
    assert live == {
        "resource-use-units": "resource_units",
        "pesticide-packaging-pilots": "pilots",
    }
