"""Enter one amendment: the declaration behind the friendlier door and the form."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.amendments.declare import SUBJECT
from app.auth.caller import Caller
from app.db import Database
from app.errors import DomainError, InvalidBody
from app.events.declare import declare
from app.events.errors import EventIdReused
from app.events.record import Outcome
from app.ids import SYSTEM, uuid7
from app.ledger.models import Event

ROW = "/rows/0"


async def enter(
    database: Database, caller: Caller, body: dict[str, Any], *, now: datetime
) -> Outcome:
    """Declare one amendment; committed when this returns. A refused body is kept.

    `body` is a row, unchecked, with an optional `id`. Sent again with the same id it is the same
    declaration: it keeps the time of the first. Pointers of a refusal lead into `body`.
    """
    row = {key: value for key, value in body.items() if key != "id"}
    event_id = body["id"] if body.get("id") is not None else str(uuid7(SYSTEM, now))
    for _ in range(2):  # the first may be committed between the look and the declaration
        at = await _first_declared(database, event_id) or now
        declaration = {
            "id": event_id,
            "kind": "declare",
            "occurred_at": at.isoformat(),
            "subject": SUBJECT,
            "rows": [row],
        }
        outcome = await declare(database, caller, declaration, now=now)
        if not isinstance(outcome.error, EventIdReused):
            break
    if outcome.error is None:
        return outcome
    return Outcome(outcome.id, outcome.outcome, error=_as_sent(outcome.error))


async def _first_declared(database: Database, event_id: Any) -> datetime | None:
    try:
        known = UUID(str(event_id))
    except ValueError:
        return None
    async with database.read() as session:
        return await session.scalar(select(Event.occurred_at).where(Event.id == known))


def _as_sent(error: DomainError) -> DomainError:
    """Return a refusal whose pointers lead into the row alone."""
    if not isinstance(error, InvalidBody):
        return error
    return InvalidBody.of(
        [
            {**one, "pointer": one["pointer"].removeprefix(ROW)}
            for one in error.extras.get("errors", [])
        ]
    )
