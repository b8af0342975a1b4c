"""Write what was decided, set-based: one statement a table."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.balance.models import Posting
from app.batches.models import Batch
from app.events.facts import Known
from app.events.settle import Decision
from app.events.state import state_to_json
from app.ledger.append import append
from app.trips.note import note_events
from app.trips.open import open_trips

_UPDATE = (
    update(Batch)
    .where(Batch.code == bindparam("key"))
    .values(
        status=bindparam("status"),
        site=bindparam("site"),
        container=bindparam("container"),
        mass_g=bindparam("mass_g"),
        state=bindparam("state"),
        seen_by=bindparam("seen_by"),
        updated_at=bindparam("updated_at"),
    )
    .execution_options(synchronize_session=False)
)


async def write(
    session: AsyncSession, decisions: Sequence[Decision], known: dict[str, Known]
) -> dict[UUID, str]:
    """Write decided events in order and return the numbers of the trips they open.

    New batches come first, by code: their primary key is what makes two first events of one
    label meet, before anything else is written.
    """
    touched = [(code, known[code]) for code in sorted(known) if known[code].touched]
    at = {code: d.entry.recorded_at for d in decisions for code, _ in d.booked}
    new = [
        _row(k, at[code]) | {"code": code, "kind": k.kind} for code, k in touched if not k.exists
    ]
    if new:
        await session.execute(insert(Batch.__table__), new)  # type: ignore[arg-type]
    changed = [_row(k, at[code]) | {"key": code} for code, k in touched if k.exists]
    if changed:
        connection = await session.connection()
        await connection.execute(_UPDATE, changed)
    numbers = await open_trips(session, _opened(decisions))
    await append(session, [d.entry for d in decisions])
    postings = [
        {
            "batch_code": code,
            "cause": d.entry.id,
            "n": n,
            "about": UUID(t.about),
            "origin": t.origin,
            "from_account": t.source,
            "to_account": t.target,
            "place": t.place,
            "mass_g": t.mass_g,
            "occurred_on": t.occurred_on,
        }
        for d in decisions
        for code, transfers in d.booked
        for n, t in enumerate(transfers)
    ]
    if postings:
        await session.execute(insert(Posting.__table__), postings)  # type: ignore[arg-type]
    await note_events(session, [d.noted for d in decisions])
    return numbers


def _opened(decisions: Sequence[Decision]) -> list[Any]:
    first = {}
    for decision in decisions:
        if decision.opens and decision.opens.id not in first:
            first[decision.opens.id] = decision.opens
    return list(first.values())


def _row(known: Known, now: datetime) -> dict[str, Any]:
    return {
        "status": known.state.status,
        "site": known.state.site,
        "container": known.state.container,
        "mass_g": known.state.mass_g,
        "state": state_to_json(known.label, known.state),
        "seen_by": sorted(known.seen_by),
        "updated_at": now,
    }
