"""Days by which something is due, counted in working days. Pure."""

from collections.abc import Callable
from datetime import date, timedelta

SATURDAY = 5
IsWorkday = Callable[[date], bool]


def monday_to_friday(day: date) -> bool:
    """Tell whether a day is a working day where no calendar of holidays is at hand."""
    return day.weekday() < SATURDAY


def workdays_after(day: date, count: int, is_workday: IsWorkday = monday_to_friday) -> date:
    """Return the last of `count` working days after a day, which itself is not counted."""
    while count > 0:
        day += timedelta(days=1)
        count -= is_workday(day)
    return day
