"""What an area asks of transport on a day: dated data, decided by people. Pure.

`data/transport_policies.csv` holds what stands where no row of `transport_policy` does. Its
values are working assumptions 〔assume〕 but for the five working days, which are the law's
(危险废物转移管理办法), and for recyclers off the list and cement kilns, which 名录 900-003-04 does
not exempt.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Literal
from uuid import UUID

Standing = Literal["in_force", "to_come", "over", "replaced"]
_CSV = Path(__file__).resolve().parent / "data" / "transport_policies.csv"


@dataclass(frozen=True)
class Policy:
    """One area's rules from a day on. Each destination means `internal` or `hazardous`.

    A load is expected within `deliver_within_h` hours; the receiver of hazardous waste confirms
    its manifest within `confirm_workdays` working days. A leg is in dispute where its weighings
    differ by more than `difference_permille` of what arrived, or by more than `difference_g`.
    """

    area: str
    valid_from: date
    valid_to: date | None
    unlisted_recycler: str
    expired_permit: str
    cement_kiln: str
    deliver_within_h: int
    confirm_workdays: int
    difference_permille: int
    difference_g: int
    document: str | None = None
    event_id: UUID | None = None

    def holds(self, on: date) -> bool:
        """Tell whether a day lies in its time; a newer one may still stand before it."""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@lru_cache(maxsize=1)
def default_policy() -> Policy:
    """Return what stands where an area has decided nothing."""
    with _CSV.open(encoding="utf-8") as file:
        row = next(csv.DictReader(file))
    return Policy(
        area=row["area"],
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_to=None,
        unlisted_recycler=row["unlisted_recycler"],
        expired_permit=row["expired_permit"],
        cement_kiln=row["cement_kiln"],
        deliver_within_h=int(row["deliver_within_h"]),
        confirm_workdays=int(row["confirm_workdays"]),
        difference_permille=int(row["difference_permille"]),
        difference_g=int(row["difference_g"]),
        document=row["document"],
    )


def policy_for(policies: Iterable[Policy], areas: Iterable[str], on: date) -> Policy:
    """Return the policy in force on a day for the first of `areas` that has one.

    `areas` go from the county to the province. Two rows of one area do not hold on one day: the
    one that began last counts.
    """
    held = [policy for policy in policies if policy.holds(on)]
    for area in areas:
        own = [policy for policy in held if policy.area == area]
        if own:
            return max(own, key=lambda policy: policy.valid_from)
    return default_policy()


def standing_of(policy: Policy, of_area: Iterable[Policy], on: date) -> Standing:
    """Return how a policy stands on a day among all those of its area."""
    if on < policy.valid_from:
        return "to_come"
    if not policy.holds(on):
        return "over"
    newer = any(other.holds(on) and other.valid_from > policy.valid_from for other in of_area)
    return "replaced" if newer else "in_force"
