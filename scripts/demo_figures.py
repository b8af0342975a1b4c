"""Print what the running demonstration holds: the figures that README.md and docs/demo.md quote.

`python -m scripts.demo_figures`, while `./scripts/demo` runs.
"""

import asyncio
import sys

from sqlalchemy import text

from app.config import ROOT
from app.db import Database
from app.embedded import EmbeddedPostgresError, running_url

FIGURES = (
    ("试点县 / pilot counties", "SELECT count(*) FROM pilot"),
    ("上报区域 / reporting areas", "SELECT count(*) FROM area WHERE kind <> 'province'"),
    ("县级区划 / counties", "SELECT count(*) FROM county"),
    ("回收点 / points", "SELECT count(*) FROM site WHERE kind = 'P'"),
    ("贮存站 / stations", "SELECT count(*) FROM site WHERE kind = 'S'"),
    ("处理单位 / plants", "SELECT count(*) FROM site WHERE kind IN ('R', 'I', 'L', 'H')"),
    ("账号 / accounts", "SELECT count(*) FROM account"),
    (
        "天数 / days",
        "SELECT count(DISTINCT occurred_on) FROM event WHERE kind = 'hand_in'",
    ),
    ("已发放标签 / labels issued", "SELECT count(*) FROM label"),
    ("袋 / bags", "SELECT count(*) FROM batch WHERE kind = 'bag'"),
    ("交回 / hand-ins", "SELECT count(*) FROM event WHERE kind = 'hand_in'"),
    ("转运交接单 / trips", "SELECT count(*) FROM trip"),
    ("托盘 / pallets", "SELECT count(*) FROM batch WHERE kind = 'container'"),
    (
        "分拣、合并、换签 / repacks",
        "SELECT count(*) FROM event WHERE kind = 'repack'",
    ),
    ("盘点 / stock counts", "SELECT count(*) FROM event WHERE kind = 'stock_count'"),
    ("更正 / corrections", "SELECT count(*) FROM event WHERE kind = 'correct'"),
    ("已处理的袋 / bags treated", "SELECT count(*) FROM batch WHERE status = 'disposed'"),
    (
        "晚到一小时以上的登记 / events over an hour late",
        "SELECT count(*) FROM event WHERE recorded_at > effective_at + interval '1 hour'",
    ),
    ("日志条数 / leaves in the log", "SELECT count(*) FROM leaf"),
    ("过账 / postings", "SELECT count(*) FROM posting"),
    ("预警，未消除 / alerts that hold", "SELECT count(*) FROM finding WHERE closed_at IS NULL"),
    (
        "预警，已消除 / alerts that closed",
        "SELECT count(*) FROM finding WHERE closed_at IS NOT NULL",
    ),
    ("名单条目 / entries in registers", "SELECT count(*) FROM register_entry"),
)


async def figures(url: str) -> list[tuple[str, int]]:
    """Return each figure's name and count, from one snapshot."""
    database = Database(url)
    try:
        async with database.read() as session:
            return [(name, int(await session.scalar(text(query)) or 0)) for name, query in FIGURES]
    finally:
        await database.close()


def main() -> None:
    """Print a table of the figures, as Markdown."""
    try:
        url = running_url(ROOT / "var" / "demo" / "postgres", "app")
    except EmbeddedPostgresError as error:
        sys.exit(f"{error}\n请先运行 ./scripts/demo。 / Run ./scripts/demo first.")
    print("| 项目 | 数量 |\n|---|---|")
    for name, count in asyncio.run(figures(url)):
        print(f"| {name} | {count:,} |")


if __name__ == "__main__":
    main()
