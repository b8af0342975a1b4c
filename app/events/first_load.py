"""First loading: the committed reference files into an empty platform.

Counties and vocabularies are words and go to their tables; what an office states with a date
(who reports to whom, pilots, unit weights) is declared, and so stands in the log.
"""

import csv
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.areas.models import County
from app.auth.caller import Caller
from app.config import ROOT
from app.db import Database
from app.events import declare_reference  # noqa: F401  registers its subjects
from app.events.declare import declare
from app.events.settle import Source
from app.ids import SYSTEM, uuid7
from app.packaging.models import Term, UnitWeightVersion

_AREAS = ROOT / "app" / "areas" / "data"
_PACKAGING = ROOT / "app" / "packaging" / "data"
_VOCABULARIES = {"material": "materials", "form": "forms", "size": "sizes"}


async def first_load(
    database: Database,
    caller: Caller,
    *,
    now: datetime,
    pilots: bool,
    rng: Random = SYSTEM,
    source: Source | None = None,
) -> bool:
    """Load the reference files in the caller's name; return False where that was done before.

    `pilots` adds the demonstration's designations: the province's own list is not in the files.
    Interrupted, it begins again and ends the same. `rng` gives event ids, `source` nonces.
    """
    async with database.write() as session:
        if await session.scalar(select(UnitWeightVersion.version).limit(1)):
            return False
        counties = [
            {key: row[key] for key in ("code", "name", "pinyin", "kind", "city")}
            | {"lat": float(row["lat"]), "lon": float(row["lon"])}
            for row in rows(_AREAS / "counties.csv")
        ]
        await session.execute(insert(County).on_conflict_do_nothing(), counties)
        terms = [
            {"vocabulary": name, "slug": row["slug"], "name": row["name"], "position": position}
            for name, file in _VOCABULARIES.items()
            for position, row in enumerate(rows(_PACKAGING / f"{file}.csv"))
        ]
        await session.execute(insert(Term).on_conflict_do_nothing(), terms)
    for subject, declared in (
        ("areas", area_rows()),
        *([("pilots", rows(_AREAS / "pilots.csv"))] if pilots else []),
        ("unit_weights", unit_weight_rows()),  # last: its version says that all is loaded
    ):
        body = {
            "id": str(uuid7(rng, now)),
            "kind": "declare",
            "occurred_at": now.isoformat(),
            "subject": subject,
            "rows": declared,
        }
        outcome = await declare(database, caller, body, now=now, source=source)
        if outcome.error:
            raise outcome.error
    return True


def rows(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a reference file without its empty cells."""
    with path.open(encoding="utf-8", newline="") as file:
        return [{key: value for key, value in row.items() if value} for row in csv.DictReader(file)]


def area_rows() -> list[dict[str, Any]]:
    """Return the reporting tree as declared: the areas, then each county under its area."""
    areas = rows(_AREAS / "reporting_areas.csv")
    since = {area["code"]: area["valid_from"] for area in areas}
    counties = [
        {key: row[key] for key in ("code", "name", "pinyin", "kind")}
        | {"parent": row["area"], "valid_from": since[row["area"]]}
        for row in rows(_AREAS / "counties.csv")
    ]
    return areas + counties


def unit_weight_rows() -> list[dict[str, Any]]:
    """Return the unit weights as declared, milligrams as numbers."""
    return [
        {**row, "weight_mg": int(row["weight_mg"])} for row in rows(_PACKAGING / "unit_weights.csv")
    ]
