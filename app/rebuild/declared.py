"""What was declared, applied once more to empty tables, and the follower that adds supply up."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.amendments import declare as _amendments  # noqa: F401  registers its subject
from app.areas.models import Area, CountyArea, Pilot
from app.errors import DomainError
from app.events import (  # noqa: F401  register their subjects
    declare_keys,
    declare_reference,
    declare_tariffs,
    declare_transport,
    declare_zero_report,
)
from app.events.declare import SUBJECTS
from app.ledger.leaf import read_leaf
from app.ledger.models import Event, Leaf, Unsequenced
from app.ledger.sequence import log_size
from app.ops.installation import SYSTEM_CALLER
from app.packaging.models import UnitWeight, UnitWeightVersion
from app.parties.models import ListedUnit
from app.plan.load import DATED, load_rows
from app.plan.models import PlanDocument, PlanWording
from app.plan.tables import PlanSearchText, PlanTarget
from app.rebuild.difference import Difference, Found
from app.rebuild.followed import Again, Followed
from app.rebuild.shadow import Shadow, bring_up, hold_against, make, remove_others
from app.rebuild.work import Tell
from app.supply import declare as _supply  # noqa: F401  registers its subject
from app.supply.follow import SUPPLY
from app.supply.models import SupplyDay, SupplyRow
from app.tariffs.models import TariffRow
from app.transparency.models import LogKey
from app.trips.models import TransportPolicy

AT_ONCE = 200
APPLIED = tuple(
    Shadow(table)
    for table in (
        Area, CountyArea, Pilot, UnitWeightVersion, UnitWeight, ListedUnit, LogKey, SupplyRow,
        PlanDocument, PlanWording, PlanTarget, TransportPolicy, TariffRow,
    )
)  # fmt: skip
"""Tables that declarations keep, those that others rest on first."""
_NOT_DECLARED = text(
    "INSERT INTO transport_policy SELECT * FROM public.transport_policy WHERE event_id IS NULL"
)
"""The rules that held before anybody declared one: no leaf tells them."""
SUPPLY_DAYS = Shadow(SupplyDay, sums=("mass_g",))


class Declared(Followed):
    """Declared rows, and supply by day, which is added up from them."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine, Again(SUPPLY, (SUPPLY_DAYS,), scratch=(Shadow(PlanSearchText),)))
        self._size = 0
        self._ahead: set[UUID] = set()
        self._refused: Found | None = None

    async def recompute(self, tell: Tell) -> None:
        """Apply all declarations, then let the follower go over them."""
        async with self.turn() as session:
            await self._make(session)
            for shadow in APPLIED:
                await make(session, shadow)
            await load_rows(session, DATED)
            await session.execute(_NOT_DECLARED)
            end = await log_size(session)
        while self._size < end:
            async with self.turn() as session:
                await self._apply_leaves(session, end)
        await self._follow(tell)

    async def _go_on(self, session: AsyncSession) -> None:
        end = await log_size(session)
        while self._size < end:
            await self._apply_leaves(session, end)
        waiting = await session.execute(
            select(Event.id, Event.occurred_on, Event.leaf)
            .join(Unsequenced, Unsequenced.event_id == Event.id)
            .where(Event.kind == "declare", ~exists().where(Leaf.event_id == Event.id))
            .order_by(Unsequenced.seq)
        )
        await self._apply(session, waiting.all())
        await super()._go_on(session)

    async def _apply_leaves(self, session: AsyncSession, end: int) -> None:
        rows = (
            await session.execute(
                select(Event.id, Event.occurred_on, Event.leaf, Leaf.leaf_index)
                .join(Leaf, Leaf.event_id == Event.id)
                .where(Event.kind == "declare")
                .where(Leaf.leaf_index >= self._size, Leaf.leaf_index < end)
                .order_by(Leaf.leaf_index)
                .limit(AT_ONCE)
            )
        ).all()
        await self._apply(session, [tuple(row)[:3] for row in rows])
        self._ahead -= {row.id for row in rows}
        self._size = rows[-1].leaf_index + 1 if len(rows) == AT_ONCE else end

    async def _apply(self, session: AsyncSession, rows: Sequence[Any]) -> None:
        for id_, occurred_on, leaf in rows:
            if id_ in self._ahead:
                continue
            self._ahead.add(id_)
            event = read_leaf(leaf)["event"]
            subject = SUBJECTS[event["subject"]]
            try:
                async with session.begin_nested():
                    await subject.apply(
                        session, SYSTEM_CALLER, subject.read(event["rows"]), id_, occurred_on
                    )
            except DomainError as error:
                words = f"{type(error).__name__}: {': '.join(error.words())}"
                place = Difference("event", f"id={id_}", "leaf", leaf, words)
                self._refused = self._refused or Found(1, place, beyond_repair=True)

    async def _differences(self, session: AsyncSession) -> list[Found]:
        found = [await hold_against(session, shadow) for shadow in APPLIED]
        refused = [self._refused] if self._refused else []
        rest = await super()._differences(session)
        return [*refused, *(one for one in found if one), *rest]

    async def repair(self) -> None:
        """Put declared rows right, then the sums of the follower."""
        async with self.turn() as session:
            await self._go_on(session)
            await self._differences(session)
            for shadow in APPLIED:
                await bring_up(session, shadow)
            for shadow in reversed(APPLIED):
                try:
                    async with session.begin_nested():
                        await remove_others(session, shadow)
                except IntegrityError:
                    continue  # other rows rest on one of them; it is named once more at the end
        await super().repair()
