"""Print how many findings a database holds, open and closed, by rule: what docs/demo.md quotes.

`python -m scripts.alert_figures`, while `./scripts/demo` runs, or on `DATABASE_URL`.
"""

import asyncio
import os
import sys

from sqlalchemy import func, select

from app.alerts.models import Finding
from app.alerts.read import judged_size
from app.alerts.rules.catalogue import RULES
from app.config import ROOT
from app.db import Database
from app.embedded import EmbeddedPostgresError, running_url

Counts = dict[str, tuple[int, int]]
"""Open and closed findings by rule; a rule without any is there with none."""


async def figures(url: str) -> tuple[Counts, int]:
    """Return the counts and the size of the log that they are of, from one snapshot."""
    database = Database(url)
    try:
        async with database.read() as session:
            rows = await session.execute(
                select(
                    Finding.rule,
                    func.count().filter(Finding.closed_at.is_(None)),
                    func.count().filter(Finding.closed_at.is_not(None)),
                ).group_by(Finding.rule)
            )
            found = {rule: (opened, closed) for rule, opened, closed in rows}
            return {rule: found.get(rule, (0, 0)) for rule in RULES}, await judged_size(session)
    finally:
        await database.close()


def table(counts: Counts, size: int) -> str:
    """Return the counts as Markdown, their total last."""
    lines = ["| 规则 | 预警 | 未消除 | 已消除 |", "|---|---|---:|---:|"]
    lines += [
        f"| `{rule}` | {RULES[rule].title} | {opened:,} | {closed:,} |"
        for rule, (opened, closed) in counts.items()
    ]
    opened, closed = (sum(pair[n] for pair in counts.values()) for n in (0, 1))
    lines.append(f"| | 合计 | {opened:,} | {closed:,} |")
    return "\n".join([*lines, "", f"日志 / log: {size:,}"])


def main() -> None:
    """Print the table."""
    try:
        url = os.environ.get("DATABASE_URL") or running_url(
            ROOT / "var" / "demo" / "postgres", "app"
        )
    except EmbeddedPostgresError as error:
        sys.exit(f"{error}\n请先运行 ./scripts/demo。 / Run ./scripts/demo first.")
    print(table(*asyncio.run(figures(url))))


if __name__ == "__main__":
    main()
