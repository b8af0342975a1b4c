"""Enter one amendment: the declaration behind the friendlier door and the form."""

from datetime import datetime
from typing import Any

from app.amendments.declare import SUBJECT
from app.auth.caller import Caller
from app.db import Database
from app.errors import DomainError, InvalidBody
from app.events.declare_once import declare_once
from app.events.record import Outcome
from app.ids import SYSTEM, uuid7

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
    outcome = await declare_once(database, caller, SUBJECT, [row], event_id=event_id, now=now)
    if outcome.error is None:
        return outcome
    return Outcome(outcome.id, outcome.outcome, error=_as_sent(outcome.error))


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
