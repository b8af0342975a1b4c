"""Field types of the wire: UUIDs made by clients, times, plates, numbers of trips."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator

from app.batches.codes import CodeError, parse_trip_number
from app.parties.plates import PlateError, normalise_plate
from app.web import Unfit

_RFC3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
_UUID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def parse_uuid(value: Any) -> UUID:
    """Return a UUID; Unfit for anything else."""
    if isinstance(value, UUID):
        return value
    # UUID() by itself also takes braces, underscores and digits of other scripts.
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise Unfit("应为 UUID", "must be a UUID")
    return UUID(value)


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


def _plate(value: Any) -> str:
    if not isinstance(value, str):
        raise Unfit("应为车牌号", "must be a plate")
    try:
        return normalise_plate(value)
    except PlateError as error:
        raise Unfit(str(error), "is not a Chinese vehicle plate") from None


def parse_trip(value: Any) -> UUID | str:
    """Return a trip's UUID or its number as printed; Unfit for anything else."""
    if isinstance(value, str) and value[:2].upper() == "ZY":
        try:
            return str(parse_trip_number(value))
        except CodeError:
            raise Unfit("转运交接单号格式不对", "is not a trip number") from None
    return parse_uuid(value)


ClientId = Annotated[UUID, BeforeValidator(parse_uuid)]
Instant = Annotated[datetime, BeforeValidator(_instant)]
Plate = Annotated[str, BeforeValidator(_plate)]
TripRef = Annotated[UUID | str, BeforeValidator(parse_trip)]
