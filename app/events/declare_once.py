"""Declare what a form says: sent again under the same id it is the same declaration."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.auth.caller import Caller
from app.db import Database
from app.events.declare import declare
from app.events.errors import EventIdReused
from app.events.record import Outcome
from app.ledger.models import Event


async def declare_once(
    database: Database,
    caller: Caller,
    subject: str,
    rows: Sequence[dict[str, Any]],
    *,
    event_id: Any,
    now: datetime,
) -> Outcome:
    """Declare rows, unchecked, under an id; committed when this returns. A refused body is kept.

    What says no time of its own keeps the time at which it was first sent.
    """
    for _ in range(2):  # the first may be committed between the look and the declaration
        at = await _first_declared(database, event_id) or now
        declaration = {
            "id": event_id,
            "kind": "declare",
            "occurred_at": at.isoformat(),
            "subject": subject,
            "rows": list(rows),
        }
        outcome = await declare(database, caller, declaration, now=now)
        if not isinstance(outcome.error, EventIdReused):
            break
    return outcome


async def _first_declared(database: Database, event_id: Any) -> datetime | None:
    try:
        known = UUID(str(event_id))
    except ValueError:
        return None
    async with database.read() as session:
        return await session.scalar(select(Event.occurred_at).where(Event.id == known))
