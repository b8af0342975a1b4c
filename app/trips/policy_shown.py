"""The dated policies of areas as they are answered, in JSON and on their page."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Self
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import Area, County
from app.errors import NotFound
from app.orm import among
from app.trips.policy import Policy, Standing, default_policy, standing_of
from app.trips.policy_rows import list_policies, load_policies
from app.trips.schemas import Regime


class PolicyShown(BaseModel):
    """What an area asks of transport; grams, hours, thousandths.

    `standing` is as of the day asked for: `replaced` where a newer one of the same area stands
    before it. `assumed` marks what the platform takes where nobody has decided anything.
    """

    area: str
    name: str
    valid_from: date
    valid_to: date | None
    standing: Standing
    unlisted_recycler: Regime
    expired_permit: Regime
    cement_kiln: Regime
    deliver_within_h: int
    confirm_workdays: int
    difference_permille: int
    difference_g: int
    document: str | None
    assumed: bool
    event_id: UUID | None

    @classmethod
    def of(cls, policy: Policy, name: str, standing: Standing, *, assumed: bool = False) -> Self:
        """Return a policy under its area's name."""
        return cls(**asdict(policy), name=name, standing=standing, assumed=assumed)


class PolicyPage(BaseModel):
    """All policies: those of an area together, the one that begins last first."""

    items: list[PolicyShown]
    next_cursor: None = None


async def all_policies(session: AsyncSession, on: date) -> list[PolicyShown]:
    """Return every policy with its standing on a day; last what holds where none does."""
    policies = await list_policies(session)
    default = default_policy()
    names = await _names(session, [*policies, default])
    by_area: dict[str, list[Policy]] = {}
    for policy in policies:
        by_area.setdefault(policy.area, []).append(policy)
    decided = [
        PolicyShown.of(policy, names[area], standing_of(policy, own, on))
        for area, own in by_area.items()
        for policy in own
    ]
    standing = standing_of(default, [default, *by_area.get(default.area, [])], on)
    return [*decided, PolicyShown.of(default, names[default.area], standing, assumed=True)]


async def policy_of(session: AsyncSession, county: str, on: date) -> PolicyShown:
    """Return the policy that judges what leaves a county on a day; NotFound."""
    if await session.get(County, county) is None:
        raise NotFound(what=county, pointer="/query/county")
    found = (await load_policies(session, [county])).of(county, on)
    names = await _names(session, [found])
    return PolicyShown.of(found, names[found.area], "in_force", assumed=found == default_policy())


async def _names(session: AsyncSession, policies: Sequence[Policy]) -> dict[str, str]:
    codes = {policy.area for policy in policies}
    found: dict[str, str] = dict.fromkeys(codes, "")
    for table in (County, Area):
        # A county that reports by itself is called the same in both.
        rows = await session.execute(select(table.code, table.name).where(among(table.code, codes)))
        found |= dict(rows.all())
    return {code: name or code for code, name in found.items()}
