"""Field types of the wire: times, ids, codes and masses, each refusing what it cannot mean."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints

from app.events.state import MAX_MASS_G
from app.trips.fields import ClientId, Plate, TripRef
from app.web import Unfit

__all__ = ["MAX_MASS_G", "EventId", "Plate", "TripRef"]

MAX_BATCHES = 500
MAX_GROUP_G = 60_000_000
"""Sixty tonnes: no lorry with its load weighs more."""
_RFC3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)


def _instant(value: Any) -> datetime:
    if not isinstance(value, str):
        raise Unfit("应为时间文字", "must be an RFC 3339 time")
    if not _RFC3339.fullmatch(value):
        raise Unfit(
            "应为带时区的 RFC 3339 时间，例如 2026-06-01T08:30:00+08:00",
            "must be an RFC 3339 time with an offset",
        )
    whole, _, rest = value.upper().partition(".")
    digits = re.match(r"\d*", rest)
    fraction = digits.group() if digits else ""
    offset = rest[len(fraction) :] if rest else ""
    micros = fraction[:6].ljust(6, "0")
    text = f"{whole}.{micros}{offset}" if fraction else whole
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unfit("没有这个时间", "there is no such time") from None


Instant = Annotated[datetime, BeforeValidator(_instant)]
EventId = ClientId
Grams = Annotated[int, Field(ge=1, le=MAX_MASS_G)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,32}$")]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
PHONE = r"^[0-9+\- ]{5,20}$"
Manifest = Annotated[str, StringConstraints(pattern=r"^[0-9]{14}$")]
