"""Thresholds as data: the defaults that come with the platform, and what the province enters."""

import csv
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.alerts.models import Threshold
from app.alerts.rules.bounds import Bound, Bounds
from app.alerts.rules.catalogue import RULES
from app.alerts.rules.openings import NAMESPACE
from app.areas.models import PROVINCE, CountyArea
from app.areas.read import held
from app.areas.scope import counties_of
from app.config import ROOT
from app.errors import NotFound
from app.ids import SYSTEM, uuid7

DEFAULTS = ROOT / "app" / "alerts" / "data" / "thresholds.csv"
FOLLOWER = "alerts"
_WAIT_FOR_THE_FOLLOWER = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 6962))")


@lru_cache(maxsize=1)
def defaults() -> tuple[dict[str, Any], ...]:
    """Return the default rows, under ids that are the same in every installation.

    They count as entered on the day from which they hold: a rebuild years later judges the first
    leaf as it was judged.
    """
    found = []
    with DEFAULTS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            since = date.fromisoformat(row["valid_from"])
            found.append(
                {
                    "id": uuid5(NAMESPACE, "\n".join(str(cell) for cell in row.values())),
                    "rule": row["rule"],
                    "key": row["key"],
                    "value": int(row["value"]),
                    "unit": RULES[row["rule"]].units[row["key"]],
                    "area": row["area"] or None,
                    "season": [int(month) for month in row["season"].split()] or None,
                    "valid_from": since,
                    "valid_to": date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
                    "source": row["source"],
                    "entered_at": datetime.combine(since, time(), UTC),
                    "entered_by": None,
                }
            )
    return tuple(found)


async def keep_defaults(session: AsyncSession) -> None:
    """Insert the default rows that are not there yet. Rows are never changed."""
    there = set(await session.scalars(select(Threshold.id).where(Threshold.entered_by.is_(None))))
    missing = [row for row in defaults() if row["id"] not in there]
    if missing:
        await session.execute(insert(Threshold).on_conflict_do_nothing(), missing)


async def bounds_of(session: AsyncSession, on: date) -> Bounds:
    """Return all thresholds, with the reporting areas as they are on a day."""
    rows = await session.scalars(select(Threshold))
    areas = await session.execute(
        select(CountyArea.county, CountyArea.area).where(held(CountyArea, on))
    )
    return Bounds([bound_of(row) for row in rows], dict(areas.all()))


def bound_of(row: Threshold) -> Bound:
    """Return a stored row as the rules read it."""
    return Bound(
        row.id, row.rule, row.key, row.value, row.unit, row.area,
        tuple(row.season) if row.season else None, row.valid_from, row.valid_to, row.source,
        row.entered_at,
    )  # fmt: skip


async def thresholds_of(session: AsyncSession) -> Sequence[Threshold]:
    """Return every row, the newest of a rule's key first."""
    order = (Threshold.rule, Threshold.key, Threshold.valid_from.desc(), Threshold.id)
    return (await session.scalars(select(Threshold).order_by(*order))).all()


def rank(row: Threshold) -> tuple[date, datetime, UUID]:
    """Return the order of rows for the same area and season: the last is used."""
    return row.valid_from, row.entered_at, row.id


async def enter_threshold(
    session: AsyncSession, row: dict[str, Any], *, id_: UUID, by: UUID, clock: Any
) -> Threshold:
    """Enter one row; `clock` tells the time once no leaf is being judged.

    What the follower has judged was recorded before that instant, so a rebuild, which judges each
    leaf by what had been entered when it was recorded, comes to the same findings.
    """
    await session.execute(_WAIT_FOR_THE_FOLLOWER, {"name": FOLLOWER})
    entered = Threshold(
        **row,
        id=id_,
        unit=RULES[row["rule"]].units[row["key"]],
        entered_at=clock(),
        entered_by=by,
    )
    session.add(entered)
    await session.flush()
    return entered


async def enter_checked(
    session: AsyncSession, row: dict[str, Any], *, by: UUID, now: datetime
) -> Threshold:
    """Enter a row as the province sends it; NotFound where its area is none."""
    area = row["area"]
    if area == PROVINCE:
        row = row | {"area": None}
    elif area and not await counties_of(session, area):
        raise NotFound(what=area, pointer="/area")
    return await enter_threshold(
        session, row, id_=uuid7(SYSTEM, now), by=by, clock=lambda: datetime.now(UTC)
    )
