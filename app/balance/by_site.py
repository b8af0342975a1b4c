"""The balances of many sites beside each other: set-based, by code."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.scope import Reach
from app.balance.models import SiteFlow
from app.orm import among
from app.parties.models import Site
from app.parties.read import sites_within

EXPLAINED = ("difference", "removed", "written_off", "unexplained", "opening")
"""Classes of accounts that need a word: what was lost, and what came from nowhere."""


@dataclass(frozen=True)
class SiteBalance:
    """Grams of a site; `loss_g` is net to the accounts that need a word: a part of in and out."""

    code: str
    name: str
    kind: str
    county: str
    opening_g: int
    in_g: int
    out_g: int
    loss_g: int

    @property
    def closing_g(self) -> int:
        """Grams held at the end of the last day."""
        return self.opening_g + self.in_g - self.out_g


async def balances_by_site(
    session: AsyncSession,
    reach: Reach,
    counties: Sequence[str] | None,
    start: date,
    end: date,
    *,
    after: str = "",
    limit: int,
) -> list[SiteBalance]:
    """Return the next sites in reach, of some counties or of all, each with its balance over days."""
    wanted = (
        select(Site.code, Site.name, Site.kind, Site.county)
        .where(sites_within(reach), Site.code > after)
        .order_by(Site.code)
        .limit(limit)
    )
    if counties is not None:
        wanted = wanted.where(among(Site.county, counties))
    sites = wanted.subquery()
    before = SiteFlow.occurred_on < start
    explained = func.split_part(SiteFlow.counter, "/", 1).in_(EXPLAINED)
    earlier = func.sum(case((before, SiteFlow.in_g - SiteFlow.out_g), else_=0))
    in_g = func.sum(case((before, 0), else_=SiteFlow.in_g))
    out_g = func.sum(case((before, 0), else_=SiteFlow.out_g))
    loss_g = func.sum(case((~before & explained, SiteFlow.out_g - SiteFlow.in_g), else_=0))
    rows = await session.execute(
        select(*sites.c, *(func.coalesce(one, 0) for one in (earlier, in_g, out_g, loss_g)))
        .outerjoin(SiteFlow, and_(SiteFlow.site == sites.c.code, SiteFlow.occurred_on <= end))
        .group_by(*sites.c)
        .order_by(sites.c.code)
    )
    return [SiteBalance(*row[:4], *map(int, row[4:])) for row in rows]


async def held_by_sites(session: AsyncSession, counties: Sequence[str], end: date) -> int:
    """Return what the sites of counties hold at the end of a day, added up site by site; grams."""
    held = select(func.coalesce(func.sum(SiteFlow.in_g - SiteFlow.out_g), 0)).where(
        among(func.left(SiteFlow.site, 6, type_=Site.code.type), counties),
        SiteFlow.occurred_on <= end,
    )
    return int(await session.scalar(held) or 0)
