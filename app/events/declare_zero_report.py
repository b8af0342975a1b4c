"""The subject `zero_report` (零报告): a point says that nothing was handed in during a month.

The log itself keeps it: alerts read it there, and no table has to.
"""

from collections.abc import Sequence
from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.caller import Caller
from app.errors import InvalidBody
from app.events.declare import Subject, register
from app.events.declare_reference import plain
from app.web import Wire

FIRST_MONTH = "2020-10"
"""The 办法 came into force in it."""


class ZeroReportRow(Wire):
    """A month, such as 2026-07, in which the point took nothing back."""

    month: Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]


async def _check(
    _: AsyncSession, __: Caller, rows: Sequence[ZeroReportRow], ___: UUID, on: date
) -> None:
    """Raise where a month is named twice, has not begun, or lies before the 办法."""
    seen: set[str] = set()
    for i, row in enumerate(rows):
        pointer = f"/rows/{i}/month"
        if row.month in seen:
            raise InvalidBody.at(pointer, "同一个月写了两次", "names a month twice")
        if not FIRST_MONTH <= row.month <= f"{on:%Y-%m}":
            raise InvalidBody.at(
                pointer,
                f"应为 {FIRST_MONTH} 至本月",
                f"must be from {FIRST_MONTH} to this month",
            )
        seen.add(row.month)


register(Subject("zero_report", ZeroReportRow, plain, _check, at_site=True))
