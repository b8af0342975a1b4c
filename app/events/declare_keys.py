"""The subject `keys`: a leaf introduces each key of the log, and says when one ends and why.

No account declares keys: only who has the machine does, at its command line. Whoever trusts a
checkpoint thereby trusts the keys that the leaves under it introduce.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.caller import Caller
from app.db import WriteSession
from app.events.declare import Statement, Subject, append_statement, register
from app.events.fields import Instant, Words
from app.events.record import Random
from app.ids import SYSTEM, uuid7
from app.ledger.leaf import utc
from app.transparency.keys import MalformedKey, parse_verifier
from app.transparency.models import LogKey
from app.web import Unfit, Wire

MOST_NOTE = 20_000


def _vkey(text: str) -> str:
    try:
        return str(parse_verifier(text))
    except MalformedKey as error:
        raise Unfit("不是验证公钥", str(error)) from None


class KeyRow(Wire):
    """A key: what it signs, since when, until when if that is known, and why this is said now.

    `succeeds` is the last checkpoint (a signed note) of the log that this key's log succeeds.
    """

    purpose: Literal["checkpoint", "receipt"]
    vkey: Annotated[str, AfterValidator(_vkey)]
    valid_from: Instant
    valid_to: Instant | None = None
    succeeds: Annotated[str | None, Field(max_length=MOST_NOTE)] = None
    reason: Words


def in_leaf(row: KeyRow) -> dict[str, Any]:
    """Return a row as it stands in a leaf: times in UTC microseconds."""
    times = {"valid_from": utc(row.valid_from)}
    if row.valid_to:
        times["valid_to"] = utc(row.valid_to)
    return row.model_dump(mode="json", exclude_none=True) | times


async def _apply(
    session: AsyncSession, _: Caller, rows: Sequence[KeyRow], event_id: UUID, __: date
) -> None:
    fresh = insert(LogKey)
    changed = {name: fresh.excluded[name] for name in ("valid_from", "valid_to", "event_id")}
    await session.execute(
        fresh.on_conflict_do_update(index_elements=["vkey"], set_=changed),
        [{**row.model_dump(exclude={"succeeds", "reason"}), "event_id": event_id} for row in rows],
    )


async def introduce(
    session: WriteSession, caller: Caller, rows: Sequence[KeyRow], now: datetime
) -> UUID:
    """Put keys into the log with their reasons; return the event. The caller commits.

    `caller` is the system: the right `declare.keys` is nobody's.
    """
    statement = Statement(uuid7(SYSTEM, now), "keys", now, [in_leaf(row) for row in rows])
    await append_statement(session, caller, statement, now=now, source=Random())
    await _apply(session, caller, rows, statement.id, now.date())
    return statement.id


register(Subject("keys", KeyRow, in_leaf, _apply))
