"""Rules on sums: of a store, of a point's quarter, of a county's year. Pure."""

from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from app.alerts.rules.bounds import At, Bound, named

QUARTER_MONTHS = 3


def full_store(held_g: int, capacity_g: int | None, at: At) -> dict[str, Any] | None:
    """Return the figures of a store that is as good as full; None where there is room.

    A site without a capacity in the register is not judged.
    """
    bound = at.bound("full-store", "percent")
    if bound is None or not capacity_g or held_g * 100 <= capacity_g * bound.value:
        return None
    return {
        "held_g": held_g,
        "capacity_g": capacity_g,
        "percent": round(held_g * 100 / capacity_g, 1),
        "thresholds": named(bound),
    }


@lru_cache(maxsize=1_000)
def quarter_of(day: date) -> tuple[date, date]:
    """Return the first and last day of the quarter that holds a day."""
    month = (day.month - 1) // QUARTER_MONTHS * QUARTER_MONTHS + 1
    first = date(day.year, month, 1)
    after = date(day.year + (month == 10), (month + 3 - 1) % 12 + 1, 1)  # noqa: PLR2004
    return first, after - timedelta(days=1)


def quarter_name(day: date) -> str:
    """Return a quarter as reports name it, such as 2026-Q3."""
    return f"{day.year}-Q{(day.month - 1) // QUARTER_MONTHS + 1}"


def burst(
    before_g: int, last_g: int, first: date, last: date, days: Bound | None, at: At
) -> dict[str, Any] | None:
    """Return the figures of a point whose quarter ends in a burst; None where it does not.

    `before_g` was taken back before the quarter's last `days`, `last_g` in them; compared are
    grams a day. A point that took nothing back before bursts by its mass alone.
    """
    bounds = at.all("quarter-end-burst", "percent", "mass")
    if bounds is None or days is None:
        return None
    percent, mass = bounds
    earlier_days = (last - first).days + 1 - days.value
    if last_g <= mass.value or earlier_days <= 0:
        return None
    # last_g / days > percent / 100 × before_g / earlier_days, in integers
    if last_g * earlier_days * 100 <= percent.value * max(before_g, 0) * days.value:
        return None
    return {
        "last_g": last_g,
        "before_g": before_g,
        "last_days": days.value,
        "earlier_days": earlier_days,
        "thresholds": named(days, percent, mass),
    }


def over(rule: str, part: int, whole: int, names: tuple[str, str], at: At) -> dict[str, Any] | None:
    """Return the figures of a ratio beyond its bound; None within it, or without a whole.

    Early in a year nothing is declared yet: no denominator, no finding.
    """
    bound = at.bound(rule, "percent")
    if bound is None or whole <= 0 or part * 100 <= whole * bound.value:
        return None
    return {
        names[0]: part,
        names[1]: whole,
        "percent": round(part * 100 / whole, 1),
        "thresholds": named(bound),
    }
