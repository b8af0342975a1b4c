"""The recorded axis: which part of the log an `as_of` means."""

from datetime import datetime

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import InvalidQuery
from app.events.fields import Instant
from app.ledger.models import Event, Leaf
from app.ledger.sequence import log_size

_INSTANT: TypeAdapter[datetime] = TypeAdapter(Instant)
_LONGEST = 18
LATEST = 1_000
"""Events among which the last leaf of an instant is looked for."""


def instant(text: str, pointer: str) -> datetime:
    """Return an RFC 3339 instant in a query; InvalidQuery otherwise.

    A plus sign that was sent unescaped arrives as a space.
    """
    try:
        return _INSTANT.validate_python(text.replace(" ", "+"))
    except ValidationError as error:
        unfit = error.errors()[0]["ctx"]["error"]
        raise InvalidQuery(
            reason=f"{pointer} {unfit}",
            reason_en=f"{pointer} {unfit.english}",
            pointer=f"/query/{pointer}",
        ) from None


def parse_as_of(text: str) -> int | datetime:
    """Return a log size or an instant; InvalidQuery where it is neither."""
    if text.isascii() and text.isdigit() and len(text) <= _LONGEST:
        return int(text)
    return instant(text, "as_of")


async def size_as_of(session: AsyncSession, as_of: int | datetime | None) -> int:
    """Return the log size that `as_of` means, None being now.

    An instant means all leaves up to the last one recorded by then, so every event recorded by
    then is in it. InvalidQuery where the log is not so large.
    """
    if isinstance(as_of, datetime):
        # Events get their places within moments, so the highest is among those recorded last.
        latest = (
            select(Leaf.leaf_index)
            .join(Event, Event.id == Leaf.event_id)
            .where(Event.recorded_at <= as_of)
            .order_by(Event.recorded_at.desc())
            .limit(LATEST)
            .subquery()
        )
        found = await session.scalar(select(func.max(latest.c.leaf_index)))
        return 0 if found is None else found + 1
    size = await log_size(session)
    if as_of is not None and as_of > size:
        raise InvalidQuery(
            reason=f"as_of 超过存证日志现有的 {size} 条",
            reason_en=f"as_of is beyond the log's {size} leaves",
            pointer="/query/as_of",
        )
    return size if as_of is None else as_of
