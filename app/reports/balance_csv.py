"""Balances and their parts as .csv for Excel: UTF-8 with a BOM, grams as whole numbers."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

from app.areas.scope import Reach
from app.balance.by_site import balances_by_site
from app.balance.entries import Days
from app.balance.read import Balance
from app.balance.words import KINDS, name_of
from app.csv_cells import BOM, cell_of
from app.db import Database
from app.pagination import MAX_LIMIT
from app.reports.balance_of import Asked
from app.reports.balance_page import Line, page_of

SITES = (
    "站点编码",
    "站点",
    "县",
    "期初（克）",
    "收入（克）",
    "支出（克）",
    "期末（克）",
    "损失与待查净额（克）",
)
MOVED = (
    "日期",
    "事项",
    "站点编码",
    "站点",
    "标签码",
    "重量（克）",
    "登记编号",
    "更正的登记",
    "后来改动它的登记",
)
HELD = ("标签码", "重量（克）", "站点编码", "站点", "转运单")


def balance_csv(asked: Asked, days: Days, balance: Balance) -> bytes:
    """Return a balance, a line a row; the last columns say whose it is and how much of the log."""
    made = [asked.code, asked.name, days.first, days.last, balance.log_size]
    lines: list[tuple[str, str, str, int]] = [("期初结存", "", "", balance.opening_g)]
    lines += [("收入", name_of(one), one, grams) for one, grams in balance.into.items()]
    lines += [("支出", name_of(one), one, grams) for one, grams in balance.out.items()]
    lines.append(("期末结存", "", "", balance.closing_g))
    head = (
        "项目",
        "科目",
        "科目代码",
        "重量（克）",
        "代码",
        "名称",
        "起始日",
        "截止日",
        "日志条数",
    )
    return BOM + _rows([head, *([*line, *made] for line in lines)])


async def entries_csv(database: Database, line: Line) -> AsyncIterator[bytes]:
    """Yield all parts of a figure, page by page, out of one snapshot."""
    moved = line.side in ("in", "out")
    yield BOM + _rows([MOVED if moved else HELD])
    async with database.read() as session:
        cursor = None
        while True:
            page = await page_of(session, line, cursor, MAX_LIMIT)
            yield _rows(map(_moved if moved else _held, page["items"]))
            cursor = page["next_cursor"]
            if cursor is None:
                return


async def sites_csv(
    database: Database, reach: Reach, counties: Sequence[str] | None, days: Days
) -> AsyncIterator[bytes]:
    """Yield the balances of sites, page by page, out of one snapshot."""
    yield BOM + _rows([SITES])
    after = ""
    async with database.read() as session:
        while rows := await balances_by_site(
            session, reach, counties, days.first, days.last, after=after, limit=MAX_LIMIT
        ):
            after = rows[-1].code
            yield _rows(
                [one.code, one.name, one.county, one.opening_g, one.in_g, one.out_g, one.closing_g, one.loss_g]
                for one in rows
            )  # fmt: skip


def _moved(item: dict[str, Any]) -> list[Any]:
    later = " ".join(one["event"] for one in item["rebooked_by"])
    return [
        item["occurred_on"], KINDS.get(item["kind"], item["kind"]), item["site"], item["site_name"], item["batch"],
        item["mass_g"], item["event"], item["corrects"], later,
    ]  # fmt: skip


def _held(item: dict[str, Any]) -> list[Any]:
    return [item["batch"], item["mass_g"], item["site"], item["site_name"], item["trip_number"]]


def _rows(rows: Iterable[Iterable[Any]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([cell_of(value) for value in row] for row in rows)
    return out.getvalue().encode()
