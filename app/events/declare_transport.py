"""The subject `transport_policies` (运输管理规定): what an area asks of transport from a day on.

A row begins after the day on which it is declared: what has left was judged, and printed, by what
held then, and no late phone can tell of a departure that the new row should have judged.
"""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.areas.models import PROVINCE
from app.areas.scope import counties_of, reach_of
from app.auth.caller import Caller
from app.errors import InvalidBody, NotFound
from app.events.declare import Subject, register
from app.events.declare_reference import AreaCode, Dated, plain
from app.events.fields import Words
from app.events.happening import day_of
from app.ledger.models import Event
from app.trips.models import TransportPolicy

Regime = Literal["internal", "hazardous"]
MOST_HOURS, MOST_WORKDAYS, MOST_PERMILLE, MOST_G = 30 * 24, 5, 1_000, 10_000_000


class TransportPolicyRow(Dated):
    """One area's rules; see `app/trips/policy.py` for what each decides."""

    area: AreaCode
    unlisted_recycler: Regime
    expired_permit: Regime
    cement_kiln: Regime
    deliver_within_h: Annotated[int, Field(ge=1, le=MOST_HOURS)]
    confirm_workdays: Annotated[int, Field(ge=1, le=MOST_WORKDAYS)]
    difference_permille: Annotated[int, Field(ge=1, le=MOST_PERMILLE)]
    difference_g: Annotated[int, Field(ge=1, le=MOST_G)]
    document: Words


async def _apply(
    session: AsyncSession,
    caller: Caller,
    rows: Sequence[TransportPolicyRow],
    event_id: UUID,
    _: date,
) -> None:
    today = await _recorded_on(session, event_id)
    seen: set[tuple[str, date]] = set()
    for i, row in enumerate(rows):
        await _check_area(session, caller, row.area, f"/rows/{i}/area")
        if row.valid_from <= today:
            raise InvalidBody.at(
                f"/rows/{i}/valid_from",
                "最早从明天起施行：已经发出的运输，按发出那天的规定",
                "must be after today: what has left is judged by what held then",
            )
        if (row.area, row.valid_from) in seen:
            raise InvalidBody.at(
                f"/rows/{i}", "同一地区同一天写了两次", "names an area's day twice"
            )
        seen.add((row.area, row.valid_from))
    fresh = insert(TransportPolicy)
    changed = {
        column: fresh.excluded[column]
        for column in (*TransportPolicyRow.model_fields, "event_id")
        if column not in ("area", "valid_from")
    }
    await session.execute(
        # The latest word on a day that has not come holds; the log keeps them all.
        fresh.on_conflict_do_update(index_elements=["area", "valid_from"], set_=changed),
        [{**row.model_dump(), "event_id": event_id} for row in rows],
    )


async def _recorded_on(session: AsyncSession, event_id: UUID) -> date:
    query = select(Event.recorded_at).where(Event.id == event_id)
    return day_of((await session.scalars(query)).one())


async def _check_area(session: AsyncSession, caller: Caller, area: str, pointer: str) -> None:
    """Raise NotFound for what is no area, or one beyond the caller's."""
    reach = await reach_of(session, caller)
    counties = await counties_of(session, area)
    own = reach.everything or (area != PROVINCE and counties <= reach.counties)
    if not counties or not own:
        raise NotFound(what=area, pointer=pointer)


register(Subject("transport_policies", TransportPolicyRow, plain, _apply))
