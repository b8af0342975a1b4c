"""Keyset pages: `?limit=&cursor=` → `{"items", "next_cursor"}`. No OFFSET, no count."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Query

from app.errors import InvalidQuery

Row = TypeVar("Row")
MAX_LIMIT = 500
MOST_SKIPPED = 100_000
"""No table that is paged by place is longer."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="至多返回多少条")]
Cursor = Annotated[str | None, Query(max_length=500, description="上一页的 next_cursor")]


def encode_cursor(key: Sequence[Any]) -> str:
    """Return an opaque cursor for the sort key of the last row shown."""
    text = json.dumps(list(key), separators=(",", ":"), default=str)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *kinds: type[str | int]) -> list[Any]:
    """Return the key in a cursor, one part a kind; InvalidQuery where it is not one of ours."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        key = json.loads(base64.urlsafe_b64decode(padded.encode()))
    except (ValueError, binascii.Error, RecursionError):
        key = None
    if not isinstance(key, list) or [type(part) for part in key] != list(kinds):
        raise InvalidQuery(reason="cursor", pointer="cursor")
    if not all(_plain(part) for part in key):
        raise InvalidQuery(reason="cursor", pointer="cursor")
    return key


def _plain(part: str | int) -> bool:
    """Tell whether a column of the part's type can hold it."""
    if isinstance(part, str):
        return "\x00" not in part and not any("\ud800" <= c <= "\udfff" for c in part)
    return abs(part) < 2**63


def micros_of(at: datetime) -> int:
    """Return an instant as it stands in a cursor: whole microseconds since 1970."""
    return (at - EPOCH) // timedelta(microseconds=1)


def after_code(cursor: str | None) -> str:
    """Return the code after which a page begins, empty for the first; InvalidQuery."""
    return str(decode_cursor(cursor, str)[0]) if cursor else ""


def after_id(cursor: str | None) -> UUID | None:
    """Return the id after which a page begins, None for the first; InvalidQuery."""
    try:
        return UUID(decode_cursor(cursor, str)[0]) if cursor else None
    except ValueError:
        raise InvalidQuery(reason="cursor", pointer="cursor") from None


def after_index(cursor: str | None) -> int:
    """Return how many rows of a small table stand before a page, 0 for the first; InvalidQuery."""
    skipped = int(decode_cursor(cursor, int)[0]) if cursor else 0
    if not 0 <= skipped <= MOST_SKIPPED:
        raise InvalidQuery(reason="cursor", pointer="cursor")
    return skipped


def after_change(cursor: str | None) -> tuple[datetime, str] | None:
    """Return the instant and the code after which a page begins, if any; InvalidQuery."""
    if not cursor:
        return None
    micros, code = decode_cursor(cursor, int, str)
    try:
        return EPOCH + timedelta(microseconds=micros), code
    except OverflowError:
        raise InvalidQuery(reason="cursor", pointer="cursor") from None


def after_row(cursor: str | None) -> tuple[datetime, UUID] | None:
    """Return the instant and the id after which a page begins, if any; InvalidQuery."""
    place = after_change(cursor)
    try:
        return (place[0], UUID(place[1])) if place else None
    except ValueError:
        raise InvalidQuery(reason="cursor", pointer="cursor") from None


def page(
    rows: Sequence[Row],
    limit: int,
    key: Callable[[Row], Sequence[Any]],
    shown: Callable[[Row], Any],
) -> dict[str, Any]:
    """Make a page of rows queried with `limit + 1`."""
    items = rows[:limit]
    more = len(rows) > limit
    return {
        "items": [shown(row) for row in items],
        "next_cursor": encode_cursor(key(items[-1])) if more else None,
    }
