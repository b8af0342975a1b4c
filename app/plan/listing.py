"""The plan's plain tables as pages show them: a title, columns, cells that link. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from app.plan import linked_duties, linked_industries
from app.plan.addresses import with_pages
from app.plan.linked import Row
from app.plan.printed import Piece
from app.plan.read import Plan

Cell = list[Piece]
Column = Callable[[Row], Cell]
CITATION_KINDS = {
    "law": "法律", "plan": "规划", "catalogue": "名录", "guideline": "导则", "notice": "通知",
}  # fmt: skip


@dataclass(frozen=True)
class Listing:
    """A table as its page shows it; the first column names the row."""

    title: str
    lead: str
    rows: Callable[[Plan], list[Row]]
    columns: dict[str, Column]


@dataclass(frozen=True)
class Line:
    """One row: its code is the anchor that searches and tables lead to."""

    code: str
    cells: list[Cell]


def lines(rows: list[Row], columns: dict[str, Column]) -> list[Line]:
    """Return wire rows as lines of a table."""
    paged = with_pages(rows)
    return [Line(row["code"], [cell(row) for cell in columns.values()]) for row in paged]


def _text(text: str | None) -> Cell:
    return [Piece(text)] if text else []


def _links(rows: list[Row]) -> Cell:
    return [Piece(row["name"], page=row["page"]) for row in rows]


def _name(row: Row) -> Cell:
    return _text(row["name"])


def _quote(row: Row) -> Cell:
    """Return the very words, where they are not the name itself."""
    return _text(row["quote"] if row["quote"] != row["name"] else None)


def _place(row: Row) -> Cell:
    """Return the item and box that a row stands in, linked to its paragraph."""
    named = row.get("box") or row["section"]
    return [Piece(named["name"] if named else "正文前", page=row["paragraph"]["page"])]


def _duty(row: Row) -> Cell:
    return _links(row["responsibility"]["departments"] if row["responsibility"] else [])


def _cited(row: Row) -> Cell:
    return [Piece(f"“{one['quote']}”", page=one["paragraph"]["page"]) for one in row["cited"]]


PLACE: dict[str, Column] = {"原文": _quote, "出处": _place}

LISTINGS: dict[str, Listing] = {
    "measures": Listing(
        "任务",
        "文件要求部门做的每一件事，一事一行。责任部门按所在条末尾印出的名单，专栏随所在的条。",
        linked_duties.measures,
        {
            "任务": _name,
            "责任部门": _duty,
            "目标": lambda row: _links(row["targets"]),
            **PLACE,
        },
    ),
    "technologies": Listing(
        "技术",
        "专栏3点名的清洁生产技术，按行业和原文的动词列出。",
        linked_industries.technologies,
        {
            "技术": _name,
            "要求": lambda row: _text(row["verb"]),
            "行业": lambda row: _links([row["industry"]]),
            **PLACE,
        },
    ),
    "instruments": Listing(
        "政策工具",
        "资金、采购、信贷、电价、督查、认证等推行清洁生产的手段。",
        linked_duties.instruments,
        {"政策工具": _name, "责任部门": _duty, **PLACE},
    ),
    "areas": Listing(
        "点名地区",
        "文件点名的地方。",
        linked_industries.areas,
        {"地区": _name, "区划代码": lambda row: _text(row["area"]), **PLACE},
    ),
    "citations": Listing(
        "引用文件",
        "文件引用的法律、规划、名录、导则和通知。",
        linked_industries.citations,
        {
            "文件": _name,
            "类别": lambda row: _text(CITATION_KINDS[row["kind"]]),
            "文号": lambda row: _text(row["number"]),
            "出处": _cited,
        },
    ),
}
"""By table under /api/v1/plan, and by page under /plan."""
