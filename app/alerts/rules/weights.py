"""Rules on weights: what is lost between two scales, and digits that nobody's scale shows. Pure."""

from collections.abc import Sequence
from typing import Any

from app.alerts.rules.bounds import At, Bound, named

CLASSES = 10


def difference(before_g: int, after_g: int, at: At) -> dict[str, Any] | None:
    """Return the figures of a difference beyond a bound; None where it is within both.

    Over 5 % or over 20 kg, whichever breaks first; `broke` says which. A group of bags on one
    scale is judged as a whole: its bags' apportioned masses say nothing of their own.
    """
    bounds = at.all("weight-difference", "percent", "mass")
    if bounds is None or before_g <= 0:
        return None
    percent, mass = bounds
    off_g = abs(after_g - before_g)
    broke = []
    if off_g * 100 > percent.value * before_g:
        broke.append("percent")
    if off_g > mass.value:
        broke.append("mass")
    if not broke:
        return None
    return {
        "before_g": before_g,
        "after_g": after_g,
        "difference_g": after_g - before_g,
        "percent": round((after_g - before_g) * 100 / before_g, 1),
        "broke": broke,
        "thresholds": named(percent, mass),
    }


def chi_square(counts: Sequence[int]) -> float:
    """Return Pearson's statistic of counts against the uniform distribution."""
    expected = sum(counts) / len(counts)
    return sum((n - expected) ** 2 for n in counts) / expected if expected else 0.0


def round_weights(counts: Sequence[int], digit: Bound, at: At) -> dict[str, Any] | None:
    """Return the figures of digits that are not those of a scale; None where they may be.

    `counts` is how often each digit 0 to 9 stood in the judged place of a site's weights, `digit`
    the row that says which place that is.
    """
    bounds = at.all("round-weights", "weights", "chi_square")
    if bounds is None or sum(counts) < bounds[0].value:
        return None
    statistic = chi_square(counts)
    if statistic <= bounds[1].value:
        return None
    return {
        "weights": sum(counts),
        "digits": list(counts),
        "chi_square": round(statistic, 1),
        "thresholds": named(*bounds, digit),
    }


def digit_of(mass_g: int, digit_g: int) -> int:
    """Return the digit of a mass that stands for `digit_g` grams: of 5 430 g, 4 for 100 g."""
    return mass_g // max(digit_g, 1) % CLASSES
