"""What the inputs of an entry's form, and the filters of a list, can choose from."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import PROVINCE, Area, County, CountyArea
from app.plan.tables import PlanIndustry
from app.registers.fields import Field
from app.registers.models import RegisterEntry
from app.registers.register import Register
from app.registers.source import in_force

Choice = tuple[str, str]
Groups = Sequence[tuple[str, Sequence[Choice]]]
"""(heading, [(value, words)]); an empty heading stands over choices without one."""
MOST_LISTED = 500
"""Entries to choose from; of a longer list the name is typed."""


async def choices_of(session: AsyncSession, register: Register, on: date) -> dict[str, Groups]:
    """Return the choices of a register's fields by field; those that are typed are left out."""
    kinds = {field.kind for field in register.fields}
    of_kind: dict[str, Groups] = {}
    if "county" in kinds:
        of_kind["county"] = await county_choices(session, on)
    if "area" in kinds:
        of_kind["area"] = [("", await area_choices(session, on))]
    if "industry" in kinds:
        of_kind["industry"] = [("", await industry_choices(session))]
    found = {field.name: of_kind[field.kind] for field in register.fields if field.kind in of_kind}
    for field in register.fields:
        if field.choices:
            found[field.name] = [("", [(one, one) for one in field.choices])]
        elif field.kind == "entry" and (entries := await _entries(session, field)):
            found[field.name] = [("", entries)]
    return found


async def area_choices(session: AsyncSession, on: date) -> list[Choice]:
    """Return the areas that report to the province on a day, by code."""
    query = (
        select(Area.code, Area.name)
        .where(Area.code != PROVINCE, in_force(Area, on))
        .order_by(Area.code)
    )
    return [(row.code, row.name) for row in await session.execute(query)]


async def county_choices(session: AsyncSession, on: date, area: str | None = None) -> Groups:
    """Return the counties under the areas to which they report on a day, or those of one area."""
    query = (
        select(County.code, County.name, Area.name.label("area"))
        .join(CountyArea, (CountyArea.county == County.code) & in_force(CountyArea, on))
        .join(Area, Area.code == CountyArea.area)
        .order_by(Area.code, County.code)
    )
    if area:
        query = query.where(Area.code == area)
    found: dict[str, list[Choice]] = defaultdict(list)
    for row in await session.execute(query):
        found[row.area].append((row.code, row.name))
    return list(found.items())


async def industry_choices(session: AsyncSession) -> list[Choice]:
    """Return the classification in its order, each industry set in below its parent."""
    query = select(PlanIndustry.code, PlanIndustry.name, PlanIndustry.parent).order_by(
        PlanIndustry.position
    )
    depth: dict[str | None, int] = {None: -1}
    found = []
    for row in await session.execute(query):
        depth[row.code] = depth[row.parent] + 1
        found.append((row.code, "　" * depth[row.code] + row.name))
    return found


async def _entries(session: AsyncSession, field: Field) -> list[Choice]:
    """Return the standing entries that a field can refer to, by name; none of a long list."""
    query = (
        select(RegisterEntry.id, RegisterEntry.name)
        .where(RegisterEntry.register == field.refers, RegisterEntry.withdrawn.is_(False))
        .order_by(RegisterEntry.name_key, RegisterEntry.id)
        .limit(MOST_LISTED + 1)
    )
    rows = (await session.execute(query)).all()
    return [] if len(rows) > MOST_LISTED else [(str(row.id), row.name) for row in rows]
