"""Everything that stands beside the leaves and is determined by them: what a rebuild covers.

docs/architecture.md, Tables, says the same of every table there is; a test holds the two together.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.alerts.follow import ALERTS, pass_time
from app.alerts.journal import FindingChange, note_changes
from app.alerts.models import Finding, Threshold
from app.alerts.running import RUNNING
from app.balance.flows import FLOWS
from app.balance.models import CountyFlow, Posting, SiteFlow
from app.cases.models import Case
from app.ledger.models import Correction, Event, EventBatch, Leaf
from app.money.follow import MONEY
from app.orm import Base
from app.rebuild.declared import APPLIED, SUPPLY_DAYS, Declared
from app.rebuild.followed import Again, Followed
from app.rebuild.log import Log
from app.rebuild.records import TABLES, Records
from app.rebuild.shadow import Shadow
from app.rebuild.work import Work
from app.transparency.models import LogHead, LogTile


@dataclass(frozen=True)
class Projection:
    """Tables whose rows hang together, and the work that recomputes them."""

    name: str
    title: str
    """Its name for people."""
    tables: tuple[type[Base], ...]
    work: Callable[[AsyncEngine], Work]
    weight: int
    """How long a leaf takes beside the others: for the estimate of what remains."""


async def _judge_silence(session: AsyncSession, taken: int) -> None:
    """Let silence be judged as far as it has been: never beyond now, nor what is still to judge."""
    until = await session.scalar(text("SELECT at FROM public.alert_clock"))
    following = (
        select(Event.recorded_at)
        .join(Leaf, Leaf.event_id == Event.id)
        .where(Leaf.leaf_index == taken)
    )
    if until:
        next_ = await session.scalar(following)
        await pass_time(session, min(until, datetime.now(UTC), next_ or until))


async def _tell_findings(session: AsyncSession) -> None:
    """Journal what came to light or went by putting rows right; what was told stays told."""
    query = text("SELECT id FROM pg_temp.differs_finding")
    changed = list(await session.scalars(query))
    found = await session.execute(select(Finding.__table__).where(Finding.id.in_(changed)))
    await note_changes(session, [dict(row) for row in found.mappings()])


_FLOWS = Again(
    FLOWS,
    (Shadow(SiteFlow, sums=("in_g", "out_g")), Shadow(CountyFlow, sums=("mass_g",))),
)
_ALERTS = Again(
    ALERTS,
    (Shadow(Finding), *map(Shadow, RUNNING)),
    scratch=(Shadow(FindingChange), Shadow(Case)),
    copied=(Shadow(Threshold),),
    settle=_judge_silence,
    afterwards=_tell_findings,
)
_MONEY = Again(MONEY, tuple(map(Shadow, MONEY.tables)))

PROJECTIONS = (
    Projection(
        "alerts", "预警", tuple(s.table for s in _ALERTS.shadows), partial(Followed, again=_ALERTS), 5
    ),
    Projection("records", "批次与转运", tuple(shadow.table for shadow in TABLES), Records, 3),
    Projection("log", "日志", (Event, EventBatch, Correction, Posting, Leaf, LogTile, LogHead), Log, 2),
    Projection(
        "flows", "进出台账", tuple(s.table for s in _FLOWS.shadows), partial(Followed, again=_FLOWS), 2
    ),
    Projection(
        "money", "应付款", tuple(s.table for s in _MONEY.shadows), partial(Followed, again=_MONEY), 2
    ),
    Projection(
        "declared", "申报", tuple(s.table for s in (*APPLIED, SUPPLY_DAYS)), Declared, 1
    ),
)  # fmt: skip
"""All of them, what takes longest first."""
