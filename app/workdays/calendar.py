"""Working days: a day is one unless it is a weekend or a holiday; make-up days are. Pure.

A year whose notice is not known falls back to Monday to Friday, and whoever counts through it is
told that the count is assumed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
SATURDAY = 5
SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Calendar:
    """Days that are not what their weekday says, and the years whose notices are known."""

    days: Mapping[date, bool] = field(default_factory=dict)
    """True for a make-up working day, False for a holiday."""
    years: frozenset[int] = frozenset()

    def is_workday(self, day: date) -> bool:
        """Tell whether offices work on a day."""
        return self.days.get(day, day.weekday() < SATURDAY)

    def knows(self, year: int) -> bool:
        """Tell whether a year's holidays are known, or assumed to be the weekends alone."""
        return year in self.years


@dataclass(frozen=True)
class Due:
    """The last day of a term; `assumed` where it was counted through a year without data."""

    on: date
    assumed: bool


def add_workdays(start: date, n: int, calendar: Calendar) -> Due:
    """Return the n-th working day after a day, which itself does not count; n ≥ 0.

    With n = 0 the day itself is due, whether or not anybody works on it.
    """
    if n < 0:
        raise ValueError("a term is not negative")
    day, assumed = start, not calendar.knows(start.year)
    for day in _workdays(start, calendar, n):
        assumed = assumed or not calendar.knows(day.year)
    return Due(day, assumed)


def workdays_left(today: date, due: date, calendar: Calendar) -> int:
    """Return how many working days remain after today until a day, itself included.

    Negative beyond it: minus the working days that have begun since.
    """
    early, late = sorted((today, due))
    between = sum(calendar.is_workday(early + DAY * n) for n in range(1, (late - early).days + 1))
    return between if due >= today else -between


def begun_before(today: date, n: int, calendar: Calendar) -> date:
    """Return the day before which a term of n working days must have begun to be over today.

    For every start: `start < begun_before(today, n)` just where `add_workdays(start, n).on < today`.
    A query asks this instead of reckoning each row's due day.
    """
    day = today
    left = n
    while left > 0:
        day -= DAY
        if calendar.is_workday(day):
            left -= 1
    return day


def day_of(at: datetime) -> date:
    """Return the calendar day of an instant in the province."""
    return at.astimezone(SHANGHAI).date()


def _workdays(start: date, calendar: Calendar, n: int) -> Iterator[date]:
    day = start
    while n > 0:
        day += DAY
        if calendar.is_workday(day):
            n -= 1
            yield day
