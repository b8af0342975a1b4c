"""Where an event happens: the caller's own site, or one that an official looks into."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.scope import reach_of
from app.auth.caller import OFFICIALS, Caller
from app.batches.codes import CodeError, parse_site_code
from app.events.as_typed import Filled
from app.events.rules import INSPECTED
from app.parties.models import Site
from app.parties.read import sites_within

MOST_SITES = 300
"""A county has as many; whoever looks after more types the code."""
OUT_OF_REACH = "没有找到这个站点，请核对编码；不在您辖区的也显示为没有找到"


@dataclass(frozen=True)
class Inspected:
    """The sites to choose from as (code, name), by township; empty where there are too many."""

    sites: list[tuple[str, str]]


async def place_of(session: AsyncSession, caller: Caller, filled: Filled) -> str:
    """Return the site that a form is about, empty where none is known or in reach."""
    if caller.site:
        return caller.site
    typed = filled.values["site"]
    if filled.kind not in INSPECTED or caller.role not in OFFICIALS or not typed:
        return ""
    try:
        code = parse_site_code(typed)
    except CodeError:
        code = ""
    reach = await reach_of(session, caller)
    found = await session.scalar(select(Site.code).where(Site.code == code, sites_within(reach)))
    if found is None:
        filled.errors["site"] = OUT_OF_REACH
        return ""
    filled.values["site"] = found
    return str(found)


async def inspected_by(session: AsyncSession, caller: Caller) -> Inspected:
    """Return the sites that an official may choose from."""
    query = (
        select(Site.code, Site.township, Site.name)
        .where(sites_within(await reach_of(session, caller)), Site.closed_on.is_(None))
        .order_by(Site.township, Site.code)
        .limit(MOST_SITES + 1)
    )
    rows = (await session.execute(query)).all()
    if len(rows) > MOST_SITES:
        return Inspected([])
    return Inspected([(code, f"{township}　{name}") for code, township, name in rows])
