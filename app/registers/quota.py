"""What the plan asks of a list in numbers, beside what stands on it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.plan.linked import Row
from app.plan.linked_duties import number
from app.plan.tables import PlanTarget

ENTRY_UNIT = "条"
"""What entries are counted in where no target gives a unit."""


@dataclass(frozen=True)
class Quota:
    """What is asked for and what is missing, in `unit`.

    Over all industries of a printed list, `low` is asked of each and `reached` of `industries`
    have as many; else `low` (to `high`, where a range is printed) is asked of the whole list.
    """

    unit: str
    low: int | float
    high: int | float | None
    missing: int | float
    reached: int | None = None
    industries: int | None = None


def quota_of(register: Row, targets: Iterable[PlanTarget]) -> Quota | None:
    """Return what the plan asks of a register of `look.py`; None where it sets no number."""
    numeric = [one for one in targets if one.register == register["slug"] and one.meaning]
    unit = next((one.unit for one in numeric if one.unit), ENTRY_UNIT)
    by_industry = register["by_industry"]
    if by_industry:
        return Quota(
            unit,
            register["low"],
            None,
            register["missing"],
            reached=sum(one["missing"] == 0 for one in by_industry),
            industries=len(by_industry),
        )
    for target in numeric:
        bound = number(target.value if target.low is None else target.low)
        if bound is not None:
            return Quota(unit, bound, number(target.high), max(0, bound - register["count"]))
    return None
