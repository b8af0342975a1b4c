"""Wire shapes of the working-day calendar."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints, model_validator

from app.web import Unfit, Wire
from app.workdays.read import Day

FIRST_YEAR, LAST_YEAR = 2020, 2099
MOST_DAYS = 120
Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


def as_day(value: Any) -> date:
    """Return a day written as in 2027-01-01; Unfit."""
    try:
        day = date.fromisoformat(value) if len(value) == 10 else None  # noqa: PLR2004
    except (TypeError, ValueError):
        day = None
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Unfit(
            f"应为 {FIRST_YEAR} 至 {LAST_YEAR} 年间的日期，例如 2027-01-01",
            f"must be a date from {FIRST_YEAR} to {LAST_YEAR} such as 2027-01-01",
        )
    return day


class DayEntry(Wire):
    """A holiday, or a make-up working day."""

    day: Annotated[date, BeforeValidator(as_day)]
    kind: Literal["off", "work"]
    name: Said


class WorkdayEntry(Wire):
    """Days as a document states them; with `year`, all of that year's."""

    source: Said
    days: Annotated[list[DayEntry], Field(min_length=1, max_length=MOST_DAYS)]
    year: Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR)] | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        days = [one.day for one in self.days]
        if len(set(days)) < len(days):
            raise Unfit("同一天出现了两次", "a day stands twice", "/days")
        if self.year is not None and self.year not in {day.year for day in days}:
            raise Unfit("没有这一年的日子", "no day of this year", "/days")
        return self


class DayShown(BaseModel):
    """A day that is not what its weekday says."""

    day: date
    kind: str
    name: str
    source: str

    @classmethod
    def of(cls, day: Day) -> Self:
        """Return a day as shown."""
        return cls(**vars(day))


class YearShown(BaseModel):
    """A year's days; `assumed` where no notice is known and weekends alone are taken off."""

    year: int
    assumed: bool
    items: list[DayShown]
