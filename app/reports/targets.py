"""The targets of the recovery rate, from the plan and its amendments."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.plan.tables import PlanTarget
from app.reports.formulae import Target

RECOVERY = "pesticide-packaging-recovery"
"""农药包装废弃物回收率, in percent."""


async def recovery_targets(session: AsyncSession, on: date) -> Mapping[int, Target]:
    """Return the target of each year that has one, as known on a day, by year.

    A target belongs to its year. Of several versions for one year the one counts that took effect
    last; an amendment for another year adds that year and leaves the others. Of a range the lower
    end is the target.
    """
    versions = await session.scalars(
        select(PlanTarget)
        .where(PlanTarget.code == RECOVERY, PlanTarget.valid_from <= on)
        .order_by(PlanTarget.valid_from)
    )
    found: dict[int, Target] = {}
    for version in versions:
        percent = version.low if version.value is None else version.value
        if version.target_year is not None and percent is not None:
            found[version.target_year] = Target(float(percent / Decimal(100)), version.document)
    return found
