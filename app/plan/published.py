"""The plan's tables as they are published: the address of each, its rows, its columns as .csv."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from app.csv_cells import BOM, cell_of
from app.plan import linked, linked_duties, linked_industries
from app.plan.linked import Row
from app.plan.read import Plan

Column = Callable[[Row], Any]


@dataclass(frozen=True)
class Published:
    """A table: its Chinese name, its rows, and what a row is in each column of the .csv."""

    name: str
    rows: Callable[[Plan], list[Row]]
    columns: dict[str, Column]


def at(*path: str) -> Column:
    """Return a column that follows keys into a row; None where one leads nowhere."""

    def value(row: Row) -> Any:
        found: Any = row
        for key in path:
            found = found.get(key) if found else None
        return found

    return value


def each(key: str, *path: str) -> Column:
    """Return a column that joins a value of every row of a list."""
    inner = at(*path)
    return lambda row: "；".join(str(inner(one)) for one in row[key])


def _duty(row: Row) -> str:
    printed = row["responsibility"]
    return "、".join(one["name"] for one in printed["departments"]) if printed else ""


PARAGRAPH = {"段落": at("paragraph", "address")}
PLACE = {
    "所在条": at("section", "name"),
    "所在专栏": at("box", "name"),
    **PARAGRAPH,
    "原文": at("quote"),
}
CODE = {"编码": at("code")}

TABLES: dict[str, Published] = {
    "sections": Published(
        "部分与条",
        linked.sections,
        {
            **CODE,
            "类别": lambda row: "部分" if row["kind"] == "part" else "条",
            "序号": at("number"),
            "标题": at("heading"),
            "所在部分": at("part", "name"),
            "段落": each("paragraphs", "address"),
            "责任名称": at("responsibility", "heading"),
            "责任部门": _duty,
            "全文": lambda row: "\n".join(one["text"] for one in row["paragraphs"]),
        },
    ),
    "boxes": Published(
        "专栏",
        linked.boxes,
        {
            **CODE,
            "序号": at("number"),
            "标题": at("heading"),
            "所在条": at("item", "name"),
            "项目": each("projects", "name"),
            "段落": each("paragraphs", "address"),
            "全文": lambda row: "\n".join(one["text"] for one in row["paragraphs"]),
        },
    ),
    "paragraphs": Published(
        "段落",
        linked.paragraphs,
        {
            "段落": at("address"),
            "类别": at("kind"),
            "所在条": at("section", "name"),
            "所在专栏": at("box", "name"),
            "文号": at("document"),
            "自": at("valid_from"),
            "文字": at("text"),
            "注": each("annotations", "note"),
        },
    ),
    "departments": Published(
        "部门",
        linked_duties.departments,
        {
            **CODE,
            "名称": at("name"),
            "全称": at("full_name"),
            "发文次序": at("issuer"),
            "印出的名称": each("printed_names", "printed"),
            **PARAGRAPH,
            "负责的条": each("responsibilities", "section", "name"),
        },
    ),
    "responsibilities": Published(
        "责任分工",
        linked_duties.responsibilities,
        {
            "条": at("section", "name"),
            "责任名称": at("heading"),
            "次序": at("position"),
            "印出的名称": at("printed"),
            "部门": at("department", "code"),
            **PARAGRAPH,
        },
    ),
    "measures": Published(
        "任务",
        linked_duties.measures,
        {**CODE, "任务": at("name"), "责任部门": _duty, **PLACE},
    ),
    "industries": Published(
        "行业分类",
        linked_industries.industries,
        {
            **CODE,
            "行业": at("name"),
            "上级": at("parent", "name"),
            "GB/T 4754—2017": lambda row: "；".join(row["gbt4754"]),
            "印出的名称": each("printed", "printed"),
            "段落": each("printed", "paragraph", "address"),
            "注": at("note"),
        },
    ),
    "industry-lists": Published(
        "行业清单",
        linked_industries.industry_lists,
        {
            **CODE,
            "清单": at("name"),
            "所在条": at("section", "name"),
            "所在专栏": at("box", "name"),
            **PARAGRAPH,
            "个数": at("size"),
            "行业": each("industries", "printed"),
        },
    ),
    "technologies": Published(
        "技术",
        linked_industries.technologies,
        {**CODE, "技术": at("name"), "动词": at("verb"), "行业": at("industry", "name"), **PLACE},
    ),
    "areas": Published(
        "点名地区",
        linked_industries.areas,
        {"地区": at("name"), "区划代码": at("area"), **PLACE},
    ),
    "citations": Published(
        "引用文件",
        linked_industries.citations,
        {
            **CODE,
            "文件": at("name"),
            "文号": at("number"),
            "类别": at("kind"),
            "段落": each("cited", "paragraph", "address"),
        },
    ),
    "instruments": Published(
        "政策工具",
        linked_duties.instruments,
        {**CODE, "政策工具": at("name"), "责任部门": _duty, **PLACE},
    ),
}
"""By address under /api/v1/plan. Targets and registers are published where their values are."""


def as_csv(rows: Sequence[Row], columns: dict[str, Column]) -> bytes:
    """Return rows as .csv for Excel: UTF-8 with a BOM, Chinese headings, no formulae."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([cell_of(value(row)) for value in columns.values()] for row in rows)
    return BOM + out.getvalue().encode()
