"""Values that departments entered, as they stand and with everything that was entered before."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.caller import Caller
from app.auth.models import Account
from app.plan.linked import Row, link
from app.plan.linked_duties import number
from app.plan.read import Plan
from app.progress.models import PlanActual
from app.registers.rights import is_official


async def standing_actuals(session: AsyncSession) -> dict[str, list[PlanActual]]:
    """Return the latest entry of each year by target, the first year first; one statement."""
    asked = (
        select(PlanActual)
        .ext(distinct_on(PlanActual.target, PlanActual.year))
        .order_by(PlanActual.target, PlanActual.year, PlanActual.number.desc())
    )
    found: dict[str, list[PlanActual]] = {}
    for entry in await session.scalars(asked):
        found.setdefault(entry.target, []).append(entry)
    return found


async def entries_of(
    session: AsyncSession, plan: Plan, target: str, caller: Caller | None
) -> list[Row]:
    """Return everything that was entered for a target, the latest year and number first.

    The public is told the department, officials also the person.
    """
    asked = (
        select(PlanActual, Account.display_name)
        .join(Account, Account.id == PlanActual.actor)
        .where(PlanActual.target == target)
        .order_by(PlanActual.year.desc(), PlanActual.number.desc())
    )
    found = (await session.execute(asked)).all()
    latest = {entry.year: entry.number for entry, _ in reversed(found)}
    return [
        {
            **entry_shown(plan, entry),
            "standing": entry.number == latest[entry.year],
            **({"by": person} if is_official(caller) else {}),
        }
        for entry, person in found
    ]


def entry_shown(plan: Plan, entry: PlanActual) -> dict[str, Any]:
    """Return an entry as anyone may read it."""
    names = {one.slug: one.short_name for one in plan.departments}
    return {
        "target": entry.target,
        "year": entry.year,
        "number": entry.number,
        "value": number(entry.value),
        "unit": entry.unit,
        "withdrawn": entry.unit is not None and entry.value is None,
        "source": entry.source,
        "url": entry.url,
        "note": entry.note,
        "department": link("departments", entry.department, names[entry.department]),
        "recorded_at": entry.recorded_at,
    }


def year_entry(entries: Sequence[Row], year: int | None) -> Row | None:
    """Return the entry of a year that stands, if any."""
    return next((one for one in entries if one["year"] == year and one["standing"]), None)
