"""Weighings that many bags shared: their masses added up, for the weighing is judged as a whole."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.alerts.keep import upsert
from app.alerts.rules.trail import Share
from app.alerts.running import AlertGroup
from app.alerts.told import Told
from app.orm import among


@dataclass
class Group:
    """Grams before and after a weighing, and whom it concerns: whoever one of its bags concerned."""

    before_g: int = 0
    after_g: int = 0
    seen_by: set[str] = field(default_factory=set)

    def add(self, share: Share, sign: int) -> None:
        """Add a bag's share, or take it out again."""
        self.before_g += sign * share[0]
        self.after_g += sign * share[1]
        self.seen_by.update(share[2])


async def load_groups(session: AsyncSession, told: Iterable[Told]) -> dict[str, Group]:
    """Return what is known of the weighings that events stand for, by weighing."""
    names = {
        name
        for one in told
        if one.happening and one.happening.ties
        for name in (one.id, *(f"{one.id}/{box}" for box in one.happening.containers))
    }
    if not names:
        return {}
    columns = (AlertGroup.event, AlertGroup.before_g, AlertGroup.after_g, AlertGroup.seen_by)
    rows = await session.execute(select(*columns).where(among(AlertGroup.event, names)))
    return {name: Group(before_g, after_g, set(codes)) for name, before_g, after_g, codes in rows}


async def save_groups(session: AsyncSession, groups: Mapping[str, Group]) -> None:
    """Write weighings as they are now."""
    rows = [
        {
            "event": name,
            "before_g": group.before_g,
            "after_g": group.after_g,
            "seen_by": sorted(group.seen_by),
        }
        for name, group in sorted(groups.items())
    ]
    await upsert(session, AlertGroup, rows)
