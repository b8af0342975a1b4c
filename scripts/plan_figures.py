"""Print how much of each the plan holds, read from its data: `python -m scripts.plan_figures`.

Runs on a throw-away embedded server, or on DATABASE_URL's plan where that is set.
"""

import asyncio
import os
import tempfile
from datetime import date
from pathlib import Path

from app.db import Database
from app.embedded import EmbeddedPostgres
from app.migrate import upgrade
from app.plan.document import counts
from app.plan.load import load_plan
from app.plan.read import Plan, plan_on

NAMES = {
    "parts": "部分",
    "items": "条",
    "boxes": "专栏",
    "paragraphs": "段落",
    "issuers": "发文部门",
    "departments": "部门",
    "responsibility_lists": "责任清单",
    "responsibilities": "条与部门的对应",
    "measures": "任务",
    "targets": "目标",
    "numeric_targets": "定量目标",
    "industry_lists": "行业清单",
    "technologies": "技术",
    "citations": "引用文件",
    "instruments": "政策工具",
    "registers": "名单",
}
LISTS = {
    "item-2": "主要目标",
    "item-6": "条（六）",
    "box-1": "专栏1",
    "box-7": "专栏7",
    "box-3": "专栏3",
    "item-11": "条（十一）",
    "box-5": "专栏5",
    "item-17": "条（十七）",
}
FIGURES = (*NAMES.values(), *(f"行业清单：{name}" for name in LISTS.values()))


def figures(plan: Plan) -> list[tuple[str, int]]:
    """Return each figure with its Chinese name, in the order of FIGURES."""
    whole = counts(plan)
    sizes = [
        (f"行业清单：{name}", sum(one.list == code for one in plan.listed_industries))
        for code, name in LISTS.items()
    ]
    return [(name, whole[key]) for key, name in NAMES.items()] + sizes


async def _print(url: str) -> None:
    database = Database(url)
    try:
        await load_plan(database)
        async with database.read() as session:
            plan = await plan_on(session, date(2021, 12, 22))
        for name, figure in figures(plan):
            print(f"{name}\t{figure}")
    finally:
        await database.close()


def main() -> None:
    """Print the figures."""
    given = os.environ.get("DATABASE_URL")
    if given:
        asyncio.run(_print(given))
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedPostgres(Path(folder) / "postgres") as server,
    ):
        upgrade(server.url("owner"))
        asyncio.run(_print(server.url("app")))


if __name__ == "__main__":
    main()
