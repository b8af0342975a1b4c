"""Periods of reports: a year, a half, a quarter or a month, as first and last day. Pure."""

import calendar
import re
from dataclasses import dataclass
from datetime import date

from app.errors import InvalidQuery

_PERIOD = re.compile(r"(20[0-9]{2})(?:-(?:H([12])|Q([1-4])|(0[1-9]|1[0-2])))?")


@dataclass(frozen=True)
class Period:
    """Days from `first` to `last`, both inclusive, all within one year; `text` as asked for."""

    text: str
    first: date
    last: date

    @property
    def year(self) -> int:
        """The calendar year that holds the period."""
        return self.first.year

    @property
    def words(self) -> str:
        """The period as people say it: 2026 年第 3 季度."""
        part = self.text[5:]
        kinds = {"H1": "上半年", "H2": "下半年"}
        if part.startswith("Q"):
            said = f"第 {part[1:]} 季度"
        else:
            said = kinds.get(part) or (f" {int(part)} 月" if part else "")
        return f"{self.year} 年{said}"


def parse_period(text: str) -> Period:
    """Read `2025`, `2025-H2`, `2025-Q3` or `2025-09`; InvalidQuery for anything else."""
    found = _PERIOD.fullmatch(text)
    if found is None:
        raise InvalidQuery(
            reason="period 应如 2025、2025-H2、2025-Q3 或 2025-09", pointer="/query/period"
        )
    year, half, quarter, month = (int(part) if part else None for part in found.groups())
    assert year is not None
    if half:
        start, end = 6 * half - 5, 6 * half
    elif quarter:
        start, end = 3 * quarter - 2, 3 * quarter
    elif month:
        start = end = month
    else:
        start, end = 1, 12
    last_day = calendar.monthrange(year, end)[1]
    return Period(text, date(year, start, 1), date(year, end, last_day))
