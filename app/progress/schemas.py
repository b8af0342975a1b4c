"""Wire shape of a year's value as a department enters it."""

from typing import Any

from app.web import Wire


class ActualBody(Wire):
    """`value` is a number, or a text that may carry the unit (1340 万平方米); null withdraws.

    A target without a number takes `note` alone. `number` is that of the entry of the year which
    this one corrects, left out for the first.
    """

    year: int
    value: Any = None
    unit: str | None = None
    source: str | None = None
    url: str | None = None
    note: str | None = None
    number: int | None = None
