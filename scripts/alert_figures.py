"""Print what the alerts of a database tell, by rule; of a demonstration, what was planted and found.

`python -m scripts.alert_figures` while `./scripts/demo` runs, or on `DATABASE_URL`. With `--plain` a
small season without anything planted is played into a database of its own, to see how calm it is.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from app.alerts.follow import ALERTS, tick
from app.alerts.models import Finding
from app.alerts.read import judged_size
from app.alerts.rules.catalogue import RULES
from app.config import ROOT
from app.db import Database, ReadSession
from app.demo.found import Alert, compare, missed, unexplained
from app.demo.load import load
from app.demo.planted import Planted
from app.demo.season import DAYS, live, midnight
from app.demo.settle import build_world
from app.demo.start import SEED
from app.demo.world import SHANGHAI
from app.embedded import EmbeddedPostgres, EmbeddedPostgresError, running_url
from app.ledger.follow import catch_up
from app.migrate import upgrade
from app.ops.installation import installation_of
from app.plan.load import load_plan

Counts = dict[str, tuple[int, int]]
"""Open and closed findings by rule; a rule without any is there with none."""
SMALL_COUNTIES = 5
SMALL_DAYS = 70


async def figures(url: str) -> tuple[Counts, int]:
    """Return the counts and the size of the log that they are of, from one snapshot."""
    database = Database(url)
    try:
        async with database.read() as session:
            return await _counts(session), await judged_size(session)
    finally:
        await database.close()


async def _counts(session: ReadSession) -> Counts:
    rows = await session.execute(
        select(
            Finding.rule,
            func.count().filter(Finding.closed_at.is_(None)),
            func.count().filter(Finding.closed_at.is_not(None)),
        ).group_by(Finding.rule)
    )
    found = {rule: (opened, closed) for rule, opened, closed in rows}
    return {rule: found.get(rule, (0, 0)) for rule in RULES}


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


async def alerts_of(database: Database) -> list[Alert]:
    """Return all findings, open and closed, in the order in which they were opened."""
    async with database.read() as session:
        rows = await session.scalars(select(Finding).order_by(Finding.opened_at, Finding.id))
        return [
            Alert(
                row.rule,
                row.subject,
                frozenset(str(event) for event in row.events),
                frozenset(row.batches),
            )
            for row in rows
        ]


def planted_table(planted: Sequence[Planted], alerts: Sequence[Alert]) -> str:
    """Return as Markdown what was planted and found by each rule, and what each tells besides."""
    lines = ["| 规则 | 预警 | 埋设 | 找到 | 连带 | 其他 |", "|---|---|---:|---:|---:|---:|"]
    rows = compare(RULES, planted, alerts)
    lines += [
        f"| `{row.rule}` | {RULES[row.rule].title}"
        f" | {row.planted} | {row.found} | {row.beside} | {row.others} |"
        for row in rows
    ]
    sums = [
        sum(getattr(row, name) for row in rows) for name in ("planted", "found", "beside", "others")
    ]
    lines.append("| | 合计 | " + " | ".join(str(one) for one in sums) + " |")
    lines += ["", "埋设之处 / planted:"]
    lines += [f"- {_told(one)}" for one in planted]
    lines += [f"没有找到 / missed: {_told(one)}" for one in missed(planted, alerts)]
    lines += [
        f"其他 / besides: {one.rule} {one.subject} {' '.join(sorted(one.bags))}"
        for one in unexplained(planted, alerts)
    ]
    return "\n".join(lines)


def _told(one: Planted) -> str:
    what = one.bags or one.subjects
    return f"{one.on} {one.county} {RULES[one.rule].title} ({one.rule}): {' '.join(what[:4])}"


async def _running(url: str) -> str:
    """Return the table of a running database: the planted one where it is a demonstration's."""
    database = Database(url)
    try:
        installation = await installation_of(database)
        if installation is None or not installation.demo:
            return table(*await figures(url))
        day = installation.created_at.astimezone(SHANGHAI).date() - timedelta(days=1)
        season = live(build_world(SEED, day))
        return planted_table(season.planted, await alerts_of(database))
    finally:
        await database.close()


async def play_into(
    database: Database, last_day: date, *, counties: int, days: int, plain: bool
) -> list[Planted]:
    """Load a small season, let the alerts follow it to its end, and return what was planted."""
    await load(database, SEED, last_day, days=days, counties=counties, plain=plain, show=_progress)
    await catch_up(database, (ALERTS,))
    await tick(database, midnight(last_day + timedelta(days=1)))
    return live(build_world(SEED, last_day, counties), days, plain=plain).planted


async def _plain(url: str, counties: int, days: int) -> str:
    database = Database(url, statement_timeout_ms=0)
    try:
        await load_plan(database)
        yesterday = datetime.now(UTC).astimezone(SHANGHAI).date() - timedelta(days=1)
        await play_into(database, yesterday, counties=counties, days=days, plain=True)
    finally:
        await database.close()
    return table(*await figures(url))


def _progress(line: str) -> None:
    print(f"  {line}", file=sys.stderr, flush=True)


def main() -> None:
    """Print the table that is asked for."""
    parser = argparse.ArgumentParser(prog="python -m scripts.alert_figures", description=__doc__)
    parser.add_argument("--plain", action="store_true", help="a small season without plants")
    parser.add_argument("--counties", type=int, default=SMALL_COUNTIES, help="of a plain season")
    parser.add_argument("--days", type=int, default=SMALL_DAYS, help=f"the demo's has {DAYS}")
    given = parser.parse_args()
    if given.plain:
        (ROOT / "var").mkdir(exist_ok=True)
        with (
            tempfile.TemporaryDirectory(prefix="alerts-", dir=ROOT / "var") as folder,
            EmbeddedPostgres(Path(folder) / "postgres") as server,
        ):
            upgrade(server.url("owner"))
            print(asyncio.run(_plain(server.url("app"), given.counties, given.days)))
        return
    try:
        url = os.environ.get("DATABASE_URL") or running_url(
            ROOT / "var" / "demo" / "postgres", "app"
        )
    except EmbeddedPostgresError as error:
        sys.exit(f"{error}\n请先运行 ./scripts/demo。 / Run ./scripts/demo first.")
    print(asyncio.run(_running(url)))


if __name__ == "__main__":
    main()
